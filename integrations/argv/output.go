package argv

import (
	"bytes"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/sys/unix"
)

// awaitEnd waits until a child of ours has ended, and leaves it to somebody else to take
// what became of it.
func awaitEnd(pid int) {
	for {
		if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != unix.EINTR {
			return
		}
	}
}

// tail keeps the end of what is written.
type tail struct {
	most int
	buf  bytes.Buffer
	all  int
}

func (t *tail) Write(b []byte) (int, error) {
	t.all += len(b)
	t.buf.Write(b[max(0, len(b)-t.most):])
	if over := t.buf.Len() - t.most; over > t.most { // now and then, not each time
		t.buf.Next(over)
	}
	return len(b), nil
}

func (t *tail) cut() bool { return t.all > t.most }

func (t *tail) String() string {
	b := t.buf.Bytes()
	return strings.ToValidUTF8(string(b[max(0, len(b)-t.most):]), "?")
}

// plain is a line without what moves cursors, changes colours or turns text around.
func plain(line string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(line, "?"))
}

// longestLine is in bytes; the rest of a longer line is dropped.
const longestLine = 2000

// Lines is a writer that tells each line, without what moves cursors, and the last one on
// [Lines.Flush]. It may be written to by several at once, whose lines then mix.
type Lines struct {
	Tell func(line string)

	mu   sync.Mutex
	line []byte
}

// Write implements [io.Writer]. It never fails.
func (l *Lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(b)
	for len(b) > 0 {
		part, rest, whole := bytes.Cut(b, []byte{'\n'})
		l.line = append(l.line, part[:min(len(part), max(0, longestLine-len(l.line)))]...)
		if whole {
			l.tell()
		}
		b = rest
	}
	return n, nil
}

// Flush tells what stands after the last end of a line.
func (l *Lines) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.line) > 0 {
		l.tell()
	}
}

// tell tells a line: of one that was written over and over, as programs show progress, the
// last state.
func (l *Lines) tell() {
	line := strings.TrimRight(string(l.line), "\r ")
	if at := strings.LastIndexByte(line, '\r'); at >= 0 {
		line = line[at+1:]
	}
	l.line = l.line[:0]
	l.Tell(plain(line))
}
