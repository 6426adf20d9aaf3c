package redact

import (
	"bytes"
	"io"
)

// Writer takes out what looks like a secret of all that is written to it, and passes on the
// rest, line by line: what is one line is judged as one, in whatever pieces it comes. A
// private key is judged as a whole. It is for one writer at a time.
//
// A line of more than 64 KiB is left out: what was cut out of the middle of something cannot
// be judged.
type Writer struct {
	to    io.Writer
	held  []byte
	line  int  // where in held the last line begins
	open  bool // a private key has begun in what is held, and not ended
	skips bool // the line that is being written is too long
	err   error
}

// most is how much is held, in bytes. A private key is shorter.
const most = 64 << 10

// NewWriter makes a writer that passes on to another one. Who has written everything calls
// [Writer.Close].
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write takes all of p, unless passing on failed, now or before.
func (w *Writer) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0 && w.err == nil; {
		n := bytes.IndexAny(rest, "\r\n") + 1
		if n == 0 {
			n = len(rest)
		}
		w.add(rest[:n])
		rest = rest[n:]
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// Close passes on what is held, also if its line has no end. It does not close what it
// writes to.
func (w *Writer) Close() error {
	if w.err == nil {
		w.pass()
	}
	return w.err
}

// add takes a piece that holds at most one end of a line, as its last letter.
func (w *Writer) add(piece []byte) {
	last := piece[len(piece)-1]
	ends := last == '\n' || last == '\r'
	if w.skips {
		if ends {
			w.held, w.skips = append(w.held, last), false
			w.pass()
		}
		return
	}
	w.held = append(w.held, piece...)
	if ends {
		w.open = isOpen(w.held[w.line:], w.open)
		w.line = len(w.held)
	}
	switch {
	case len(w.held) > most:
		w.overflow(ends)
	case ends && !w.open:
		w.pass()
	}
}

// overflow gives up on what is too long to be judged.
func (w *Writer) overflow(ends bool) {
	what := TooLong
	if w.open || isOpen(w.held[w.line:], false) {
		what = PrivateKey
	}
	end := w.held[len(w.held)-1]
	w.held, w.skips = append(w.held[:0], takenOut(what)...), !ends
	if ends {
		w.held = append(w.held, end)
		w.pass()
	}
}

func (w *Writer) pass() {
	if len(w.held) > 0 {
		_, w.err = io.WriteString(w.to, Text(string(w.held)))
	}
	w.held, w.line, w.open = w.held[:0], 0, false
}

// isOpen tells whether a private key has begun and not ended after a line, and whether one
// was before.
func isOpen(line []byte, before bool) bool {
	begun := begins.FindAllIndex(line, -1)
	if len(begun) > 0 {
		before, line = true, line[begun[len(begun)-1][1]:]
	}
	return before && !endsKey.Match(line)
}
