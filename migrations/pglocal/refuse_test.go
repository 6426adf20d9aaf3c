package pglocal_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"batsignal/migrations/pglocal"
)

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

// An account that /etc/passwd does not know, as containers have them.
func TestAccountWithoutAName(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root changes to another account")
	}
	const stranger = 54321
	who := &syscall.Credential{Uid: stranger, Gid: stranger}
	dir := newDir(t)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	giveAway := func() {
		if out, err := exec.Command("chown", "-R", fmt.Sprintf("%d:%d", stranger, stranger), dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	need(t)
	giveAway()
	if _, said := startParentAs(t, dir, who); !strings.Contains(said(), "has no name in /etc/passwd") {
		t.Error("a cluster was made by initdb, which cannot be")
	}

	// With a cluster that another account has made it works, by trust.
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	s := start(t, pglocal.Options{Dir: dir, Fast: true})
	if err := s.Stop(ctxFor(t)); err != nil {
		t.Fatal(err)
	}
	giveAway()
	if _, said := startParentAs(t, dir, who); said() == "" {
		t.Error("no server")
	}
	if got := ask[string](t, s.BotDSN(), "select current_user::text"); got != pglocal.BotRole {
		t.Errorf("we are %s", got)
	}
}
