package sftp

import (
	"bufio"
	"context"
	"io"

	"github.com/pkg/sftp"
)

// window is how much is asked for at once: over a long line each question takes its time.
const window = 2 << 20

// reading is a file that is being read, with the connection for it.
type reading struct {
	c    *connection
	f    *sftp.File
	r    *bufio.Reader
	left int64 // of what there was when it was opened
	err  error
}

func newReading(c *connection, f *sftp.File, size int64) *reading {
	return &reading{c: c, f: f, r: bufio.NewReaderSize(f, window), left: size}
}

// Read reads on. A file that ends too early is an error.
func (r *reading) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.c.ctx.Err() != nil {
		r.err = context.Cause(r.c.ctx)
		return 0, r.err
	}
	n, err := r.r.Read(b)
	r.left -= int64(n)
	switch {
	case err == io.EOF && r.left > 0:
		r.err = r.c.said(io.ErrUnexpectedEOF)
	case err == io.EOF:
		r.err = io.EOF
	default:
		r.err = r.c.said(err)
	}
	return n, r.err
}

// Close ends reading, and the connection.
func (r *reading) Close() error {
	r.c.close()
	return nil
}
