package irc

import (
	"io"
	"net"
	"time"
)

// seam is the connection that girc sees while it registers: it reads only the
// lines that we hand on, writes to the real connection, and closing it closes
// nothing else.
type seam struct {
	wire *wire
	in   chan string
	gone chan struct{}
	rest string // of the line being read
}

func newSeam(w *wire) *seam {
	return &seam{wire: w, in: make(chan string, 64), gone: make(chan struct{})}
}

// feed hands a line on to girc.
func (s *seam) feed(line string) {
	select {
	case s.in <- line + "\r\n":
	case <-s.gone:
	}
}

// finish tells girc that the connection has ended. Only its owner calls it, once.
func (s *seam) finish() { close(s.gone) }

func (s *seam) Read(b []byte) (int, error) {
	if s.rest == "" {
		select {
		case s.rest = <-s.in:
		case <-s.gone:
			return 0, io.EOF
		}
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *seam) Write(b []byte) (int, error) {
	select {
	case <-s.gone:
		return 0, net.ErrClosed
	default:
	}
	if err := s.wire.put(string(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Dial makes the seam its own dialer, as girc wants one.
func (s *seam) Dial(string, string) (net.Conn, error) { return s, nil }

func (s *seam) Close() error                     { return nil }
func (s *seam) LocalAddr() net.Addr              { return s.wire.LocalAddr() }
func (s *seam) RemoteAddr() net.Addr             { return s.wire.RemoteAddr() }
func (s *seam) SetDeadline(time.Time) error      { return nil }
func (s *seam) SetReadDeadline(time.Time) error  { return nil }
func (s *seam) SetWriteDeadline(time.Time) error { return nil }
