package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// program is the bot, or the switchboard, running as it does in production: a process of
// its own.
type program struct {
	cmd     *exec.Cmd
	log     string
	address string // of its web pages
	exited  chan struct{}
	err     error // how it ended; read after exited
}

// launch starts the bot with a configuration.
func (b *bench) launch(c config) (*program, error) {
	return b.begin(c.dir, c.listen, "serve", "--config", c.file())
}

// begin starts the program with a directory of its own. The kernel ends it with us; for
// that its thread must stay, see package pglocal.
func (b *bench) begin(dir, listen string, args ...string) (*program, error) {
	p := &program{log: filepath.Join(dir, "log"), address: listen, exited: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p.cmd = exec.Command(b.binary, args...)
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
		}
		close(p.exited)
	}()
	return p, <-started
}

func (p *program) pid() int { return p.cmd.Process.Pid }

// ready waits until the program answers that it is ready for work.
func (p *program) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+"/readyz", nil)
		if err != nil {
			return err
		}
		if answer, err := client.Do(request); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.exited:
			return fmt.Errorf("the program ended: %w\n%s", p.err, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("the program is not ready: %w\n%s", context.Cause(ctx), p.tail())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// stop ends the program in good order.
func (p *program) stop() error {
	_ = p.cmd.Process.Signal(os.Interrupt) // fails only when it has ended
	select {
	case <-p.exited:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.exited
		return fmt.Errorf("the program did not stop in %v\n%s", patience, p.tail())
	}
	var exit *exec.ExitError
	if errors.As(p.err, &exit) {
		return fmt.Errorf("the program ended with %w\n%s", p.err, p.tail())
	}
	return p.err
}

// tail is the end of the program's log, for messages about failures.
func (p *program) tail() string {
	text, _ := os.ReadFile(p.log)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
