// Package argv owns running programs of others: as a list of arguments and never through a
// shell, with a clean environment, secrets by file descriptor, an end that reaches every
// child, and output that is limited.
//
// It knows no program. What a job may run, and with which values, is said elsewhere
// (package procedure, and whoever drives one certain program).
package argv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Command is one program to run.
type Command struct {
	Path string   // absolute, or a name that [Find] looks for
	Args []string // without the program's own name; "@NAME@" in one stands for the file of a secret, see [Literal]
	Dir  string   // where it runs; "" is /
	Env  []string // beside PATH, HOME, LC_ALL and TZ; "@NAME@" is replaced as in Args
	// Secrets are handed over as files that only the program can open, by names for Args and
	// Env. They are in no argument, no variable and on no disk. A program that closes what it
	// inherits, as sudo does, does not find them.
	Secrets map[string]secret.Text
	Stdin   io.Reader // an [os.File] is the program's own; of others it is given a copy
	Stdout  io.Writer // nil keeps the last 1 MiB of it in the [Output]; an [os.File] is the program's own
	Stderr  io.Writer // is told it as well, beside the [Output]; nil is nobody
	// Home is what the program takes for its home; "" is a directory that does not exist.
	Home string
	// Grace is how long it may take to end by itself when ctx ends; 0 is five seconds.
	Grace   time.Duration
	Limits  Limits
	Sandbox *Sandbox // nil is none
	// Walls, if there are any, have it run in a network of its own, with a loopback and
	// nobody else: the words of [OurWalls]. Sockets in the file system stay in reach, so that
	// it can be talked to. An error of Run tells where that cannot be, see [TryWalls].
	Walls []string
}

// Output is what a program said.
type Output struct {
	Stdout string // unless it went elsewhere
	Stderr string // the last 64 KiB
	Cut    bool   // Stdout had more, before what is here
}

// ExitError is a program that ended, but not well.
type ExitError struct {
	Program string
	Code    int    // -1: a signal ended it; in a sandbox that is 255
	Killed  bool   // that signal was KILL: of us, or of the kernel when memory is short
	Stderr  string // the last lines, as it wrote them
}

func (e *ExitError) Error() string {
	how := fmt.Sprintf("ended with status %d", e.Code)
	if e.Code < 0 {
		how = "was ended by a signal"
	}
	if e.Stderr == "" {
		return e.Program + " " + how
	}
	return e.Program + " " + how + ": " + e.Stderr
}

// ErrMissing is a program that is not on this machine. What [Find] and [Command.Run] return
// of it is a sentence for people as well.
var ErrMissing = errors.New("the program is not installed")

// path is where programs are looked for, by us and by them.
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Find gives the absolute path of a program.
func Find(name string) (string, error) {
	if filepath.IsAbs(name) {
		if runs(name) {
			return name, nil
		}
		return "", fault.Wrap(fault.Unready, ErrMissing, "%s is no program on this machine. Install it, or name the place where it is.", name)
	}
	if filepath.Base(name) == name {
		for _, dir := range filepath.SplitList(path) {
			if at := filepath.Join(dir, name); runs(at) {
				return at, nil
			}
		}
	}
	return "", fault.Wrap(fault.Unready, ErrMissing, "%s is not installed on this machine. Install it with the package manager.", name)
}

func runs(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

const (
	mostStdout = 1 << 20
	mostStderr = 64 << 10
	usualGrace = 5 * time.Second
)

// Run runs it until it ends. When ctx ends, it and all its children are told to end, and
// after the grace are made to; the error is then the cause of ctx. It also ends when our
// process dies, whatever kills us: it by itself, and its children if they are in a sandbox of
// systemd. Out of reach, without such a sandbox, is a child that made itself a session of its
// own (a daemon).
//
// The error is an [ExitError] where the program ended, but not well, and [ErrNotEntered] where
// it never began within its walls.
func (c Command) Run(ctx context.Context) (Output, error) {
	if err := context.Cause(ctx); err != nil {
		return Output{}, err
	}
	if c.Dir == "" {
		c.Dir = "/"
	}
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return Output{}, fault.Wrap(fault.Unready, err, "%s, in which a program is to run, is no directory here.", c.Dir)
	}
	if c.Grace <= 0 {
		c.Grace = usualGrace
	}
	program, err := Find(c.Path)
	if err != nil {
		return Output{}, err
	}
	given, err := handOver(c.Secrets)
	defer given.close()
	if err != nil {
		return Output{}, err
	}
	box, err := c.wrap(ctx, program, given)
	if err != nil {
		return Output{}, err
	}
	stdout, stderr := tail{most: mostStdout}, tail{most: mostStderr}
	cmd := exec.Command(box.words[0], box.words[1:]...) // #nosec G204 -- that is what this package is for: no shell, and the caller's words
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = box.dir, c.Stdin, c.Stdout, &stderr
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	if c.Stderr != nil {
		cmd.Stderr = io.MultiWriter(&stderr, c.Stderr)
	}
	cmd.Env, cmd.ExtraFiles, cmd.SysProcAttr = box.env, box.files, box.attr
	ended, err := runInto(ctx, cmd, c.Grace, box.stop)
	out := Output{Stdout: stdout.String(), Stderr: stderr.String(), Cut: stdout.cut()}
	var exit *exec.ExitError
	switch {
	case ended: // before it was done
		return out, context.Cause(ctx)
	case errors.As(err, &exit):
		if len(c.Walls) > 0 && unentered(exit.ExitCode(), out.Stderr) {
			return out, fmt.Errorf("%w: %s", ErrNotEntered, lastLines(out.Stderr))
		}
		status, _ := exit.Sys().(syscall.WaitStatus)
		return out, &ExitError{Program: filepath.Base(program), Code: exit.ExitCode(), Killed: status.Signaled() && status.Signal() == syscall.SIGKILL, Stderr: lastLines(out.Stderr)}
	}
	return out, err
}

// environment is what a program finds.
func (c Command) environment(at places) []string {
	home := c.Home
	if home == "" {
		home = "/nonexistent"
	}
	return append([]string{"PATH=" + path, "HOME=" + home, "LC_ALL=C.UTF-8", "TZ=UTC"}, at.all(c.Env)...)
}

// run runs a program with its process group, and tells whether it was ctx that ended it.
func run(ctx context.Context, cmd *exec.Cmd, grace time.Duration, stop func()) (ended bool, err error) {
	// The kernel sends Pdeathsig when the thread ends that made the child, not the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Pdeathsig = true, syscall.SIGKILL
	cmd.WaitDelay = grace // for pipes that somebody holds who left the group
	if err := cmd.Start(); err != nil {
		return false, err
	}
	over := make(chan struct{})
	go func() {
		awaitEnd(cmd.Process.Pid)
		close(over)
	}()
	select {
	case <-over:
	case <-ctx.Done():
		select {
		case <-over: // it was done just in time
		default:
			ended = true
			end(cmd, over, grace, stop)
		}
	}
	// Of its children, whoever is left. The program is not yet waited for, so that its number
	// and that of its group are nobody else's.
	toGroup(cmd, syscall.SIGKILL)
	return ended, cmd.Wait()
}

// end tells a program to end, and makes it when its grace is over.
func end(cmd *exec.Cmd, over <-chan struct{}, grace time.Duration, stop func()) {
	if stop != nil {
		stop()
		grace += usualGrace // systemd has the patience, and needs time of its own
	} else {
		toGroup(cmd, syscall.SIGTERM)
	}
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-over:
	case <-patience.C:
		toGroup(cmd, syscall.SIGKILL)
		<-over
	}
}

func toGroup(cmd *exec.Cmd, s syscall.Signal) {
	_ = syscall.Kill(-cmd.Process.Pid, s) // there may be nobody left in it
}

// lastLines is what is told of an error: programs say the reason last.
func lastLines(text string) string {
	const most, letters = 3, 400
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > most {
		lines = lines[len(lines)-most:]
	}
	said := plain(strings.Join(lines, "; "))
	if r := []rune(said); len(r) > letters {
		said = string(r[len(r)-letters:])
	}
	return said
}
