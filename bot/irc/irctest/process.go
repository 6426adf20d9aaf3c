package irctest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// account is the ordinary account that servers run as when we are root, which
// they refuse. The zero account means that we are ordinary already.
type account struct{ uid, gid int }

func ordinaryAccount() (*account, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"irc", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &account{uid, gid}, nil
	}
	return nil, errors.New("running as root, and there is no account irc or nobody to run the IRC servers as")
}

// process is one server program. A nil process is one that was never started.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{}

	mu  sync.Mutex
	out bytes.Buffer
}

// run starts a program as a direct child. Its thread stays: the kernel sends the
// parent-death signal when the creating thread ends, not the process.
func run(cred *account, dir, name string, args ...string) (*process, error) {
	path, err := program(name)
	if err != nil {
		return nil, err
	}
	p := &process{exited: make(chan struct{})}
	p.cmd = exec.Command(path, args...)
	p.cmd.Dir = dir
	p.cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.WaitDelay = time.Second
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if cred != nil {
		attr.Credential = &syscall.Credential{Uid: uint32(cred.uid), Gid: uint32(cred.gid)}
	}
	p.cmd.SysProcAttr = attr
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
		}
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// Write keeps what the program prints, for messages about failures.
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

// mark remembers how much was printed so far.
func (p *process) mark() int {
	if p == nil {
		return 0
	}
	return len(p.output())
}

// waitFor waits until the program prints text after mark.
func (p *process) waitFor(text string, mark int) error {
	if p == nil {
		return nil
	}
	return eventually(text, func() (bool, error) {
		select {
		case <-p.exited:
			return false, fmt.Errorf("%s ended by itself: %s", filepath.Base(p.cmd.Path), p.output())
		default:
		}
		return strings.Contains(p.output()[mark:], text), nil
	})
}

// kill ends the program at once and waits until it is gone.
func (p *process) kill() {
	if p == nil {
		return
	}
	select {
	case <-p.exited:
		return
	default:
	}
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// eventually polls a condition for [Patience].
func eventually(what string, ok func() (bool, error)) error {
	for deadline := time.Now().Add(Patience); ; time.Sleep(5 * time.Millisecond) {
		done, err := ok()
		if err != nil || done {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %s in vain for: %s", Patience, what)
		}
	}
}

// give makes a directory with files that the servers' account may read.
func give(cred *account, dir string, files map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
		if cred != nil {
			if err := os.Chown(path, cred.uid, cred.gid); err != nil {
				return err
			}
		}
	}
	if cred == nil {
		return nil
	}
	return os.Chown(dir, cred.uid, cred.gid)
}
