package pglocal_test

import (
	"bufio"
	"context"
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

// startParent runs playParent in another process; said reads its next line.
func startParent(t *testing.T, dir string) (parent *exec.Cmd, said func() string) {
	t.Helper()
	return startParentAs(t, dir, nil)
}

func startParentAs(t *testing.T, dir string, who *syscall.Credential) (parent *exec.Cmd, said func() string) {
	t.Helper()
	self, err := os.Open("/proc/self/exe") // the binary itself may lie where only root can walk
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { self.Close() })
	parent = exec.Command("/proc/self/fd/3")
	parent.ExtraFiles = []*os.File{self}
	parent.Dir = "/"
	parent.Env = append(os.Environ(), childEnv+"="+dir)
	parent.SysProcAttr = &syscall.SysProcAttr{Credential: who}
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

func stat(t *testing.T, path string) *syscall.Stat_t {
	t.Helper()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return st.Sys().(*syscall.Stat_t)
}
