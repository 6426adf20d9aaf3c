package irctest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"batsignal/migrations/childtest"
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

// run starts a program as a direct child.
func run(cred *account, dir, name string, args ...string) (*childtest.Child, error) {
	path, err := program(name)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if cred != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(cred.uid), Gid: uint32(cred.gid)}
	}
	return childtest.Run(cmd)
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
