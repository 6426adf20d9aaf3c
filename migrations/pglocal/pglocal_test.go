package pglocal_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"batsignal/migrations/pglocal"

	"github.com/jackc/pgx/v5"
)

// childEnv makes this test binary play the program that is about to be killed.
const childEnv = "BATSIGNAL_TEST_PGLOCAL_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		playParent(dir)
		return
	}
	os.Exit(m.Run())
}

// playParent starts a server, tells its pid, and waits to be killed.
func playParent(dir string) {
	s, err := pglocal.Start(context.Background(), pglocal.Options{Dir: dir, Fast: true})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.PID())
	select {}
}

// limit is how long a test waits for something that must happen.
const limit = time.Minute

func ctxFor(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*limit)
	t.Cleanup(cancel)
	return ctx
}

// newDir is a short name that the account of the server can walk to, which
// t.TempDir is not when the tests run as root.
func newDir(t *testing.T) string {
	t.Helper()
	base, err := os.MkdirTemp("", "bspg")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	return filepath.Join(base, "pg")
}

func need(t *testing.T) {
	t.Helper()
	if _, err := pglocal.FindBinaries(""); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

func start(t *testing.T, o pglocal.Options) *pglocal.Server {
	t.Helper()
	need(t)
	s, err := pglocal.Start(ctxFor(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop(context.Background()) })
	return s
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(ctxFor(t), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func ask[T any](t *testing.T, dsn, sql string) T {
	t.Helper()
	conn := connect(t, dsn)
	defer conn.Close(context.Background())
	var v T
	if err := conn.QueryRow(ctxFor(t), sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func do(t *testing.T, dsn, sql string) {
	t.Helper()
	conn := connect(t, dsn)
	defer conn.Close(context.Background())
	if _, err := conn.Exec(ctxFor(t), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// servers are the living processes that were started on a directory.
func servers(t *testing.T, dir string) (pids []int) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		cmdline, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		cwd, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		if strings.Contains(string(cmdline), dir) || strings.HasPrefix(cwd, dir) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestStartUseStopAndStartAgain(t *testing.T) {
	dir := newDir(t)
	begun := time.Now()
	s := start(t, pglocal.Options{Dir: dir})
	t.Logf("first start: %v", time.Since(begun))

	do(t, s.OwnerDSN(), "create table kept (n int); insert into kept values (7)")
	if got := ask[bool](t, s.BotDSN(), "select rolsuper or rolcreaterole or rolcreatedb or rolbypassrls from pg_roles where rolname = current_user"); got {
		t.Error("the bot has powers")
	}
	if got := ask[string](t, s.OwnerDSN(), "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"); got != pglocal.OwnerRole {
		t.Errorf("the database belongs to %s", got)
	}
	if got := ask[string](t, s.OwnerDSN(), "select string_agg(type || ' ' || auth_method || ' ' || options[1], ',') from pg_hba_file_rules"); got != "local peer map=batsignal" {
		t.Errorf("pg_hba: %s", got)
	}
	for name, want := range map[string]string{
		"jit": "off", "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
		"listen_addresses": "", "shared_buffers": "32MB", "data_checksums": "on",
	} {
		if got := ask[string](t, s.OwnerDSN(), "show "+name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, d := range []string{dir, filepath.Join(dir, "run"), filepath.Join(dir, "data")} {
		if st, err := os.Stat(d); err != nil || st.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v", d, st.Mode(), err)
		}
	}
	if st, err := os.Stat(filepath.Join("/proc", strconv.Itoa(s.PID()))); err != nil || st.Sys().(*syscall.Stat_t).Uid == 0 {
		t.Errorf("the server runs as root, or not at all: %v", err)
	}

	begun = time.Now()
	if err := s.Stop(ctxFor(t)); err != nil {
		t.Fatal(err)
	}
	t.Logf("stop: %v", time.Since(begun))
	if err := s.Wait(ctxFor(t)); err != nil {
		t.Errorf("Wait after Stop: %v", err)
	}
	if left := servers(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	begun = time.Now()
	again := start(t, pglocal.Options{Dir: dir})
	t.Logf("restart: %v", time.Since(begun))
	if got := ask[int](t, again.OwnerDSN(), "select n from kept"); got != 7 {
		t.Errorf("kept %d", got)
	}
}

func TestNoPortIsOpened(t *testing.T) {
	s := start(t, pglocal.Options{Dir: newDir(t), Fast: true})
	listening := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"} {
		b, err := os.ReadFile(table)
		if err != nil {
			continue // no IPv6 here
		}
		for _, line := range strings.Split(string(b), "\n")[1:] {
			if f := strings.Fields(line); len(f) > 9 {
				listening["socket:["+f[9]+"]"] = true
			}
		}
	}
	fds := filepath.Join("/proc", strconv.Itoa(s.PID()), "fd")
	entries, err := os.ReadDir(fds)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if target, _ := os.Readlink(filepath.Join(fds, e.Name())); listening[target] {
			t.Errorf("the server has an internet socket: %s", target)
		}
	}
}

func TestRecoversWhenThePostmasterIsKilled(t *testing.T) {
	dir := newDir(t)
	s := start(t, pglocal.Options{Dir: dir})
	do(t, s.OwnerDSN(), "create table kept (n int); insert into kept values (7)")
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(ctxFor(t)); err == nil || !strings.Contains(err.Error(), "postgres.log") {
		t.Errorf("Wait: %v", err)
	}
	if err := s.Stop(ctxFor(t)); err == nil {
		t.Error("Stop called that clean")
	}
	again := start(t, pglocal.Options{Dir: dir})
	if got := ask[int](t, again.OwnerDSN(), "select n from kept"); got != 7 {
		t.Errorf("kept %d", got)
	}
}

func TestServerEndsWhenWeAreKilled(t *testing.T) {
	need(t)
	dir := newDir(t)
	parent, said := startParent(t, dir)
	pid, err := strconv.Atoi(said())
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait()
	begun := time.Now()
	eventually(t, "no server is left", func() bool { return len(servers(t, dir)) == 0 })
	t.Logf("process %d and its children were gone after %v", pid, time.Since(begun))
	start(t, pglocal.Options{Dir: dir, Fast: true})
}

func TestUnfinishedClusterIsMadeAnew(t *testing.T) {
	need(t)
	dir := newDir(t)
	parent, _ := startParent(t, dir)
	eventually(t, "initdb is at work", func() bool {
		begun, _ := filepath.Glob(filepath.Join(dir, "data.new.*", "PG_VERSION"))
		return len(begun) == 1
	})
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait()
	start(t, pglocal.Options{Dir: dir, Fast: true})
}

// startParent runs playParent in another process; said reads its next line.
func startParent(t *testing.T, dir string) (parent *exec.Cmd, said func() string) {
	t.Helper()
	parent = exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { parent.Process.Kill(); parent.Wait() })
	lines := bufio.NewScanner(out)
	return parent, func() string {
		if !lines.Scan() {
			t.Fatal("the other process said nothing")
		}
		return lines.Text()
	}
}

func TestSecondStart(t *testing.T) {
	dir := newDir(t)
	s := start(t, pglocal.Options{Dir: dir, Fast: true})

	_, err := pglocal.Start(ctxFor(t), pglocal.Options{Dir: dir})
	if !errors.Is(err, pglocal.ErrInUse) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Errorf("a second start: %v", err)
	}

	guest := start(t, pglocal.Options{Dir: dir, Attach: true})
	if !guest.Attached() || guest.PID() != s.PID() {
		t.Errorf("attached %v to %d, want %d", guest.Attached(), guest.PID(), s.PID())
	}
	if err := guest.Stop(ctxFor(t)); err != nil {
		t.Fatal(err)
	}
	if got := ask[int](t, s.BotDSN(), "select 1"); got != 1 {
		t.Error("the guest took the house down")
	}
}

func TestSimultaneousStarts(t *testing.T) {
	need(t)
	dir := newDir(t)
	type outcome struct {
		s   *pglocal.Server
		err error
	}
	outcomes := make(chan outcome)
	for range 4 {
		go func() {
			s, err := pglocal.Start(ctxFor(t), pglocal.Options{Dir: dir, Fast: true, Attach: true})
			outcomes <- outcome{s, err}
		}()
	}
	owners := 0
	var all []*pglocal.Server
	for range 4 {
		o := <-outcomes
		if o.err != nil {
			t.Error(o.err)
			continue
		}
		all = append(all, o.s)
		if !o.s.Attached() {
			owners++
		}
	}
	if owners != 1 {
		t.Errorf("%d servers think they own it", owners)
	}
	for _, s := range all {
		if got := ask[string](t, s.BotDSN(), "select current_user::text"); got != pglocal.BotRole {
			t.Errorf("we are %s", got)
		}
	}
	for _, s := range all {
		if err := s.Stop(ctxFor(t)); err != nil {
			t.Error(err)
		}
	}
}

func TestLockOfAnEarlierBoot(t *testing.T) {
	dir := newDir(t)
	s := start(t, pglocal.Options{Dir: dir, Fast: true})
	pidFile := filepath.Join(dir, "data", "postmaster.pid")
	old, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	uid := int(stat(t, pidFile).Uid)
	if err := s.Stop(ctxFor(t)); err != nil {
		t.Fatal(err)
	}
	// A stranger of the server's own account now has the process id.
	stranger := exec.Command("sleep", "600")
	stranger.Dir = "/"
	if os.Getuid() == 0 {
		stranger.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stranger.Process.Kill(); stranger.Wait() })
	_, rest, _ := strings.Cut(string(old), "\n")
	for _, path := range []string{pidFile, filepath.Join(dir, "run", ".s.PGSQL.5432.lock")} {
		if err := os.WriteFile(path, []byte(strconv.Itoa(stranger.Process.Pid)+"\n"+rest), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, uid, -1); err != nil {
			t.Fatal(err)
		}
	}
	start(t, pglocal.Options{Dir: dir, Fast: true})
}

func stat(t *testing.T, path string) *syscall.Stat_t {
	t.Helper()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return st.Sys().(*syscall.Stat_t)
}

func TestSentencesForWhatAPersonCanMend(t *testing.T) {
	occupied := newDir(t)
	if err := os.MkdirAll(filepath.Join(occupied, "holiday-pictures"), 0o755); err != nil {
		t.Fatal(err)
	}
	other := newDir(t)
	if err := os.MkdirAll(filepath.Join(other, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "data", "PG_VERSION"), []byte("9\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		o    pglocal.Options
		is   error
		says string
	}{
		{name: "no directory", says: "needs a directory"},
		{name: "a name too long for a socket", o: pglocal.Options{Dir: "/tmp/" + strings.Repeat("x", 100)}, says: "too long a name"},
		{name: "somebody's pictures", o: pglocal.Options{Dir: occupied}, says: "holds holiday-pictures"},
		{name: "no binaries", o: pglocal.Options{Dir: newDir(t), BinDir: "/nonexistent"}, is: pglocal.ErrNoPostgres, says: "apt-get install postgresql"},
		{name: "data of another version", o: pglocal.Options{Dir: other}, says: "written by PostgreSQL 9"},
		{name: "a server that cannot start", o: pglocal.Options{Dir: newDir(t), Fast: true, Settings: map[string]string{"no_such_thing": "1"}}, says: "no_such_thing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.is == nil {
				need(t)
			}
			_, err := pglocal.Start(ctxFor(t), tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.says) || (tt.is != nil && !errors.Is(err, tt.is)) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestDirectoryThatTheServerCannotReach(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root changes to another account")
	}
	need(t)
	_, err := pglocal.Start(ctxFor(t), pglocal.Options{Dir: filepath.Join(t.TempDir(), "pg")})
	if err == nil || !strings.Contains(err.Error(), "is closed to the account") {
		t.Errorf("%v", err)
	}
}
