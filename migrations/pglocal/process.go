package pglocal

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// child is a process that the kernel ends when we end.
type child struct {
	pid  int
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how it ended; read after done
}

// spawn starts cmd as the account, with its output appended to a file.
//
// The kernel sends Pdeathsig when the *thread* that started the child ends, so
// one goroutine starts it, keeps its thread and waits for it. The child gets a
// process group of its own, lest a Ctrl-C in our terminal reach it before we
// have finished our work, and an environment with nothing of ours in it.
func spawn(cmd *exec.Cmd, acct account, dir, output string) (*child, error) {
	out, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Dir = dir
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: acct.cred, Setpgid: true, Pdeathsig: syscall.SIGQUIT}

	c := &child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		c.pid = cmd.Process.Pid
		started <- nil
		c.err = cmd.Wait()
		close(c.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}

func (c *child) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// kill ends the child and everything it started, without asking.
func (c *child) kill() {
	if !c.ended() {
		_ = syscall.Kill(-c.pid, syscall.SIGKILL)
	}
}

const (
	stopPatience = 20 * time.Second
	quitPatience = 5 * time.Second
)

// stop ends the child: SIGINT lets it write everything out, and unlike SIGTERM
// does not wait for clients; SIGQUIT drops all, and the next start recovers.
func (c *child) stop(ctx context.Context) error {
	for _, step := range []struct {
		ctx      context.Context
		signal   syscall.Signal
		patience time.Duration
	}{
		{ctx, syscall.SIGINT, stopPatience},
		{context.WithoutCancel(ctx), syscall.SIGQUIT, quitPatience},
	} {
		if c.ended() {
			break
		}
		_ = c.cmd.Process.Signal(step.signal) // fails only when it has ended
		timer := time.NewTimer(step.patience)
		select {
		case <-c.done:
		case <-step.ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	c.kill()
	<-c.done
	if c.err != nil {
		return fmt.Errorf("the private Postgres did not stop cleanly (%w); it will recover at the next start", c.err)
	}
	return nil
}
