package throwaway

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"batsignal/oncall/fault"
)

// patience is how long a server may take to end by itself; then it is killed, and waited for
// as long again.
const patience = 5 * time.Second

// mustBeScratch refuses a directory that [job.Run.Scratch] did not name: whatever runs in it
// may be killed.
func mustBeScratch(dir string) error {
	if !filepath.IsAbs(dir) || filepath.Clean(dir) != dir || !strings.HasPrefix(filepath.Base(dir), "run-") {
		return fault.New(fault.Internal, "%q is no scratch directory of a run.", dir)
	}
	return nil
}

// End ends every process of the programs, given by path or name, that works in a scratch
// directory, and waits until it is gone. None is no error.
func End(ctx context.Context, dir string, programs ...string) error {
	if err := mustBeScratch(dir); err != nil {
		return err
	}
	names := make([]string, len(programs))
	for i, p := range programs {
		names[i] = programName(p)
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		gone, err := tell(ctx, signal, dir, names)
		if gone || err != nil {
			return err
		}
	}
	return fault.New(fault.Internal, "A server in %s does not end, though it was killed.", dir)
}

// tell sends each process a signal, once, and waits a while until all are gone.
func tell(ctx context.Context, signal syscall.Signal, dir string, names []string) (gone bool, err error) {
	waited := time.NewTimer(patience)
	defer waited.Stop()
	told := map[int]bool{}
	for {
		left, err := within(dir, names)
		if err != nil || len(left) == 0 {
			return err == nil, err
		}
		for _, pid := range left {
			if told[pid] {
				continue
			}
			told[pid] = true
			if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				return false, fault.Wrap(fault.Internal, err, "A server in %s cannot be ended (process %d).", dir, pid)
			}
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-waited.C:
			return false, nil
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// programName is what a program is called, wherever it is.
func programName(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil && filepath.IsAbs(path) {
		path = real
	}
	return filepath.Base(path)
}

// within lists the living processes of the programs in a directory, by their numbers.
func within(dir string, names []string) (pids []int, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		// Of another account's processes, and of the dead that wait to be reaped, none of
		// this can be read: they are not ours, or no more.
		exe, err := os.Readlink(filepath.Join("/proc", e.Name(), "exe"))
		if err != nil || !slices.Contains(names, filepath.Base(strings.TrimSuffix(exe, " (deleted)"))) {
			continue
		}
		if worksIn(e.Name(), dir) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// worksIn tells whether the arguments of a process or its directory name dir or a place in it.
func worksIn(pid, dir string) bool {
	if at, err := os.Readlink(filepath.Join("/proc", pid, "cwd")); err == nil && below(strings.TrimSuffix(at, " (deleted)"), dir) {
		return true
	}
	line, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
	if err != nil {
		return false
	}
	for _, word := range bytes.Split(line, []byte{0}) {
		for rest := string(word); ; {
			_, after, found := strings.Cut(rest, dir)
			if !found {
				break
			}
			// run-1-1-x is not run-1-1-xy.
			if after == "" || after[0] == '/' || strings.ContainsRune(" ,'\";", rune(after[0])) {
				return true
			}
			rest = after
		}
	}
	return false
}

func below(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
