// Package argv owns running programs of others: as a list of arguments and never through a
// shell, with a clean environment, secrets by file descriptor, an end that reaches every
// child, and output that is limited.
//
// It knows no program. What a job may run, and with which values, is said elsewhere.
package argv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"batsignal/oncall/secret"
)

// Command is one program to run.
type Command struct {
	Path string   // absolute, or a name that [Find] looks for
	Args []string // without the program's own name; "@NAME@" in one stands for the file of a secret
	Dir  string   // where it runs; "" is /
	Env  []string // beside PATH, HOME, LC_ALL and TZ; "@NAME@" is replaced as in Args
	// Secrets are handed over as files that only the program can open, by names for Args and
	// Env. They are in no argument, no variable and on no disk.
	Secrets map[string]secret.Text
	Stdin   io.Reader
	Stdout  io.Writer // nil keeps up to 1 MiB of it in the [Output]
	// Home is what the program takes for its home; "" is a directory that does not exist.
	Home string
	// Grace is how long it may take to end by itself when ctx ends; 0 is five seconds.
	Grace time.Duration
}

// Output is what a program said.
type Output struct {
	Stdout string // unless it went elsewhere
	Stderr string // the last 64 KiB
}

// ExitError is a program that ended, but not well.
type ExitError struct {
	Program string
	Code    int    // -1: a signal ended it
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

// ErrMissing is a program that is not on this machine.
var ErrMissing = errors.New("the program is not installed")

// path is where programs are looked for, by us and by them.
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Find gives the absolute path of a program.
func Find(name string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	for _, dir := range filepath.SplitList(path) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return filepath.Join(dir, name), nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, ErrMissing)
}

const (
	mostStdout = 1 << 20
	mostStderr = 64 << 10
)

// Run runs it until it ends. When ctx ends, it and all its children are told to end, and
// after the grace are made to.
func (c Command) Run(ctx context.Context) (Output, error) {
	program, err := Find(c.Path)
	if err != nil {
		return Output{}, err
	}
	files, place, err := handOver(c.Secrets)
	defer closeAll(files)
	if err != nil {
		return Output{}, err
	}
	var stdout, stderr tail
	stdout.most, stderr.most = mostStdout, mostStderr
	cmd := exec.CommandContext(ctx, program, place.all(c.Args)...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Dir, c.Stdin, c.Stdout, &stderr
	if cmd.Dir == "" {
		cmd.Dir = "/"
	}
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	home := c.Home
	if home == "" {
		home = "/nonexistent"
	}
	cmd.Env = append([]string{"PATH=" + path, "HOME=" + home, "LC_ALL=C.UTF-8", "TZ=UTC"}, place.all(c.Env)...)
	cmd.ExtraFiles = files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	grace := c.Grace
	if grace == 0 {
		grace = 5 * time.Second
	}
	cmd.WaitDelay = grace
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	err = cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // of its children, whoever is left
	}
	out := Output{Stdout: stdout.String(), Stderr: stderr.String()}
	var ended *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return out, context.Cause(ctx)
	case errors.As(err, &ended):
		return out, &ExitError{Program: filepath.Base(program), Code: ended.ExitCode(), Stderr: lastLines(out.Stderr)}
	}
	return out, err
}

// places are the files of secrets, as a child sees them.
type places map[string]string

func (p places) all(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		for name, at := range p {
			w = strings.ReplaceAll(w, "@"+name+"@", at)
		}
		out[i] = w
	}
	return out
}

// handOver puts each secret into a file in memory that has no name.
func handOver(secrets map[string]secret.Text) (files []*os.File, at places, err error) {
	at = places{}
	for name, value := range secrets {
		fd, err := unix.MemfdCreate("batsignal", unix.MFD_CLOEXEC)
		if err != nil {
			return files, at, err
		}
		f := os.NewFile(uintptr(fd), "secret")
		files = append(files, f)
		at[name] = fmt.Sprintf("/proc/self/fd/%d", 2+len(files))
		if err := f.Chmod(0o600); err != nil { // libpq and ssh refuse what others might read
			return files, at, err
		}
		if _, err := io.WriteString(f, value.Reveal()); err != nil {
			return files, at, err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return files, at, err
		}
	}
	return files, at, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close() // it was only memory
	}
}

// tail keeps the end of what is written.
type tail struct {
	most int
	buf  bytes.Buffer
}

func (t *tail) Write(b []byte) (int, error) {
	t.buf.Write(b)
	if over := t.buf.Len() - t.most; over > t.most {
		t.buf.Next(over)
	}
	return len(b), nil
}

func (t *tail) String() string {
	b := t.buf.Bytes()
	if len(b) > t.most {
		b = b[len(b)-t.most:]
	}
	return strings.ToValidUTF8(string(b), "?")
}

// lastLines is what is told of an error: programs say the reason last.
func lastLines(text string) string {
	const most, letters = 3, 400
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > most {
		lines = lines[len(lines)-most:]
	}
	said := strings.Join(lines, "; ")
	if r := []rune(said); len(r) > letters {
		said = string(r[len(r)-letters:])
	}
	return said
}
