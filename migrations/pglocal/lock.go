package pglocal

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// tryLock takes the lock file, which the kernel lets go of when we die. When
// somebody else has it the file is nil and holder is their process id.
func tryLock(path string) (lock *os.File, holder string, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, "", fmt.Errorf("the lock of the database directory cannot be opened: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer f.Close()
		holder = "unknown"
		if pid := pidIn(path); pid != 0 {
			holder = strconv.Itoa(pid)
		}
		return nil, holder, nil
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		f.Close()
		return nil, "", fmt.Errorf("the lock of the database directory cannot be taken: %w", err)
	}
	return f, "", nil
}

// dropStaleLocks removes what a server of an earlier boot left behind when its
// process id belongs to a stranger by now; Postgres itself only sees that the id
// is alive and refuses to start for ever. A process id that is free, or that is
// a server of this directory about to end, is left to Postgres to judge.
func dropStaleLocks(dir string, log *slog.Logger) error {
	pidFile := filepath.Join(dir, "data", "postmaster.pid")
	pid := pidIn(pidFile)
	if pid == 0 {
		return nil
	}
	cmdline, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil || len(cmdline) == 0 || strings.Contains(string(cmdline), filepath.Join(dir, "data")) {
		return nil // nobody, a process that waits to be reaped, or a server of ours
	}
	log.Info("removing the lock of a dead Postgres, whose process id is somebody else's now", "dir", dir, "pid", pid)
	for _, path := range []string{pidFile, socketPath(dir) + ".lock"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("a stale lock file cannot be removed: %w", err)
		}
	}
	return nil
}
