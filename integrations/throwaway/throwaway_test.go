package throwaway_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/throwaway"
	"batsignal/migrations/childtest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if is, err := argv.Enter(os.Args, os.Environ()); is {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(argv.NotEntered)
	}
	if dir := os.Getenv("THROWAWAY_DIR"); dir != "" {
		starter(dir)
	}
	goleak.VerifyTestMain(m)
}

// starter is another process of ours: it starts a server, says so, and is killed.
func starter(dir string) {
	walls, err := throwaway.Walls{Mode: throwaway.Mode(os.Getenv("THROWAWAY_WALLS")), Ours: argv.OurWalls()}.Build(context.Background())
	var s *throwaway.Server
	if err == nil {
		s, err = throwaway.Start(context.Background(), walls.In(argv.Command{Path: "sleep", Args: []string{"1000"}, Dir: dir}), dir, throwaway.Account{})
	}
	if err != nil {
		fmt.Println("no:", err)
		os.Exit(1)
	}
	fmt.Println("started")
	<-s.Exited()
	os.Exit(0)
}

func scratch(t *testing.T, name string) string {
	dir := filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sleeping counts the programs called sleep that work in a directory.
func sleeping(t *testing.T, dir string) (n int) {
	t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, cwd := range found {
		at, err := os.Readlink(cwd)
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(cwd), "cmdline"))
		if err == nil && at == dir && strings.Contains(string(line), "sleep\x001000") {
			n++
		}
	}
	return n
}

func TestAServerEndsWithItsStop(t *testing.T) {
	dir, other := scratch(t, "run-1-1-x"), scratch(t, "run-1-1-xy")
	start := func(in string) *throwaway.Server {
		s, err := throwaway.Start(t.Context(), argv.Command{Path: "sleep", Args: []string{"1000"}, Dir: in}, in, throwaway.Account{})
		if err != nil {
			t.Fatal(err)
		}
		await(t, "it runs", func() bool { return sleeping(t, in) == 1 })
		return s
	}
	s, bystander := start(dir), start(other)
	for range 2 {
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	<-s.Exited()
	if sleeping(t, dir) != 0 || sleeping(t, other) != 1 {
		t.Errorf("%d and %d run", sleeping(t, dir), sleeping(t, other))
	}
	if err := throwaway.End(t.Context(), dir, "sleep"); err != nil {
		t.Error(err)
	}
	if err := bystander.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// A server does not outlive who started it; and if it does, another process finds it.
func TestAServerIsFoundAfterACrash(t *testing.T) {
	modes := map[throwaway.Mode]*syscall.Credential{throwaway.Off: nil, throwaway.Auto: nil}
	if os.Geteuid() == 0 {
		// An account that is nobody gets its network by a namespace of users.
		modes[throwaway.Required] = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	for mode, as := range modes {
		t.Run(string(mode), func(t *testing.T) { foundAfterACrash(t, mode, as) })
	}
}

func foundAfterACrash(t *testing.T, mode throwaway.Mode, as *syscall.Credential) {
	dir := scratch(t, "run-7-1-server")
	if as != nil {
		top, err := os.MkdirTemp("", "throwaway") // which others may walk through
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(top) })
		dir = filepath.Join(top, "run-7-1-server")
		if err := errors.Join(os.Mkdir(dir, 0o755), os.Chmod(top, 0o755), os.Chown(dir, int(as.Uid), int(as.Gid))); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^$")
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: as}
	cmd.Env = append(os.Environ(), "THROWAWAY_DIR="+dir, "THROWAWAY_WALLS="+string(mode))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if strings.Contains(line, "this machine lets") {
		_ = cmd.Wait()
		childtest.Lacks(t, errors.New(line))
	}
	if err != nil || line != "started\n" {
		t.Fatalf("%q, %v", line, err)
	}
	await(t, "it runs", func() bool { return sleeping(t, dir) == 1 })
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	await(t, "it ended with us", func() bool { return sleeping(t, dir) == 0 })

	orphan := exec.Command("sleep", "1000") // nobody's signal reaches this one
	orphan.Dir = dir
	orphan.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := orphan.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- orphan.Wait() }()
	if err := throwaway.End(t.Context(), dir, "postgres"); err != nil {
		t.Fatal(err)
	}
	if sleeping(t, dir) != 1 {
		t.Error("a program was ended that was not named")
	}
	if err := throwaway.End(t.Context(), dir, "/usr/bin/sleep"); err != nil {
		t.Fatal(err)
	}
	<-ended
}

func TestOnlyScratchDirectories(t *testing.T) {
	for _, dir := range []string{"", "/", "/tmp", "run-1", "/tmp/run-1/", "/tmp/run-1/.."} {
		if err := throwaway.End(t.Context(), dir, "sleep"); err == nil {
			t.Errorf("%q was taken", dir)
		}
		if _, err := throwaway.Start(t.Context(), argv.Command{Path: "sleep"}, dir, throwaway.Account{}); err == nil {
			t.Errorf("%q was taken", dir)
		}
	}
}

func TestAServerThatFailsIsHeard(t *testing.T) {
	dir := scratch(t, "run-1-1-x")
	s, err := throwaway.Start(t.Context(), argv.Command{Path: "sh", Args: []string{"-c", "echo no room >&2; exit 3"}, Dir: dir}, dir, throwaway.Account{})
	if err != nil {
		t.Fatal(err)
	}
	<-s.Exited()
	if s.Said() != "no room" {
		t.Errorf("%q", s.Said())
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRootLetsSomebodyElseRunIt(t *testing.T) {
	if os.Geteuid() != 0 {
		childtest.Lacks(t, errors.New("only root can run something as somebody else"))
	}
	as, err := throwaway.Unprivileged("no-such-account", "nobody")
	if err != nil {
		t.Fatal(err)
	}
	out, err := throwaway.Run(t.Context(), argv.Command{Path: "id", Args: []string{"-un"}}, as)
	if err != nil || out.Stdout != "nobody\n" {
		t.Errorf("%q, %v", out.Stdout, err)
	}
	if _, err := throwaway.Unprivileged("no-such-account"); err == nil {
		t.Error("an account was found")
	}
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
