package main

import (
	"bytes"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything is waited for before a test is given up. It is
// long on purpose: a busy machine is slow, a fast one never waits for it.
const patience = 60 * time.Second

// process is one run of the program beside the test.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{}

	mu  sync.Mutex
	out bytes.Buffer // standard output and error
}

// begin starts the program. It ends with the test at the latest, and with the
// test's process even if that is killed.
func begin(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	p := &process{exited: make(chan struct{})}
	p.cmd = exec.Command(program(t), args...)
	p.cmd.Dir, p.cmd.Env = dir, cleanEnv(dir)
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.start(t)
	return p
}

// start starts a prepared command. Its thread stays: the kernel sends the
// parent-death signal when the thread that started the child ends.
func (p *process) start(t *testing.T) {
	t.Helper()
	if p.cmd.SysProcAttr == nil {
		p.cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	p.cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended is in the process state
		}
		close(p.exited)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill(t)
		for _, sign := range []string{"DATA RACE", `"panic"`, "goroutine 1 ["} {
			if strings.Contains(p.output(), sign) {
				t.Errorf("the program printed %s:\n%s", sign, p.output())
			}
		}
	})
}

// Write keeps what the program prints.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func (p *process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// kill is kill -9.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if !p.ended() {
		_ = p.cmd.Process.Kill() // fails only when it has ended
		<-p.exited
	}
}

// stop asks the program to end and returns its exit status.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	if !p.ended() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails only when it has ended
	}
	return p.wait(t)
}

// wait waits for the program's own end and returns its exit status.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		t.Fatalf("the program does not end; it printed:\n%s", p.output())
	}
	return p.cmd.ProcessState.ExitCode()
}

// eventually polls until a condition holds. why is asked for the message when it
// never did.
func eventually(t *testing.T, what string, ok func() bool, why func() string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for %s:\n%s", patience, what, why())
		}
	}
}
