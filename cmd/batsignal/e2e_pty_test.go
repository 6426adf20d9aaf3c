package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// screen is a terminal with the program on it, and somebody who types and reads.
type screen struct {
	*process
	t       *testing.T
	master  *os.File
	drained chan struct{} // closed when all that the program showed was read
	read    int           // how much of it was expected already
}

// onTerminal starts the program on a terminal of its own.
func onTerminal(t *testing.T, dir string, args ...string) *screen {
	t.Helper()
	master, slave := openTerminal(t)
	defer slave.Close()
	s := &screen{process: &process{exited: make(chan struct{})}, t: t, master: master, drained: make(chan struct{})}
	s.cmd = exec.Command(program(t), args...)
	s.cmd.Dir, s.cmd.Env = dir, append(cleanEnv(dir), "TERM=xterm")
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = slave, slave, slave
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	s.start(t)
	go func() {
		defer close(s.drained)
		_, _ = io.Copy(s, master) // ends with an error when nobody has the terminal open
	}()
	t.Cleanup(func() {
		s.kill(t)
		_ = master.Close()
		<-s.drained
	})
	return s
}

// openTerminal opens a pseudo-terminal, wide enough that no line is broken.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no terminals here: %v", err)
		}
		t.Skipf("no terminals here: %v", err)
	}
	// Nonblocking, so that closing it ends a read.
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 500}); err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// typeIn types a line and presses return.
func (s *screen) typeIn(line string) {
	s.t.Helper()
	if _, err := s.master.WriteString(line + "\r"); err != nil {
		s.t.Fatal(err)
	}
}

var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// expect waits until text that fits appears after what was expected before, and
// returns it.
func (s *screen) expect(expr string) string {
	s.t.Helper()
	re := regexp.MustCompile(expr)
	var found string
	eventually(s.t, "/"+expr+"/ on the screen", func() bool {
		ended := s.ended()
		if ended {
			<-s.drained
		}
		at := re.FindStringIndex(s.shown()[s.read:])
		if at == nil {
			if ended {
				s.t.Fatalf("the program ended before it showed /%s/:\n%s", expr, s.shown())
			}
			return false
		}
		found = s.shown()[s.read:][at[0]:at[1]]
		s.read += at[1]
		return true
	}, s.shown)
	return found
}

// shown is everything on the screen so far, without what moves the cursor.
func (s *screen) shown() string {
	return strings.ReplaceAll(escapes.ReplaceAllString(s.output(), ""), "\r", "")
}
