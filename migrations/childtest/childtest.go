// Package childtest runs the servers of others for tests: as children that do not outlive
// the test, and of what was built or fetched for them once on a machine.
package childtest

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Child is a running program. A nil Child was never started: it said nothing, and is gone.
type Child struct {
	cmd    *exec.Cmd
	exited chan struct{}

	mu  sync.Mutex
	out bytes.Buffer
}

// Run starts a program whose every word is kept. It is killed when we end, however we do.
func Run(cmd *exec.Cmd) (*Child, error) {
	c := &Child{cmd: cmd, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = c, c
	cmd.WaitDelay = time.Second
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the kernel sends Pdeathsig when the thread ends, not the process
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is killed
		}
		close(c.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}

// Write keeps what the program prints.
func (c *Child) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.Write(b)
}

// Said is what the program has printed so far.
func (c *Child) Said() string {
	if c == nil {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.String()
}

// Exited is closed when the program has ended.
func (c *Child) Exited() <-chan struct{} { return c.exited }

// Kill ends the program at once and waits until it is gone.
func (c *Child) Kill() {
	if c == nil {
		return
	}
	select {
	case <-c.exited:
		return
	default:
	}
	_ = c.cmd.Process.Kill() // it may have ended just now
	<-c.exited
}

// KillAfter ends the program with a test. If the test failed, it tells what the program
// said, under its name.
func (c *Child) KillAfter(t testing.TB, name string) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what %s said:\n%s", name, c.Said())
		}
		c.Kill()
	})
}

// Lacks ends a test for which something is missing here. It is skipped aloud, or fails
// where CI is set, since there a skipped test would hide for ever.
func Lacks(t testing.TB, what error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skipf("NOT RUN: %v", what)
}
