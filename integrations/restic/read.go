package restic

import (
	"context"
	"errors"
	"io"
	"strconv"

	"batsignal/integrations/argv"
	"batsignal/oncall/fault"
)

// reading is a file that restic writes while we read.
type reading struct {
	*io.PipeReader
	ctx  context.Context
	stop context.CancelCauseFunc
	done chan struct{}
}

// errClosed is why restic is ended whose file nobody reads on.
var errClosed = errors.New("nobody reads on")

// dump begins reading a file.
func (p *Place) dump(ctx context.Context, s snapshot, key string) *reading {
	r, w := io.Pipe()
	running, stop := context.WithCancelCause(ctx)
	d := &reading{PipeReader: r, ctx: ctx, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(d.done)
		to := &counted{w: w}
		_, err := p.run(running, argv.Command{Args: []string{"dump", "--quiet", s.ID, "/" + key}, Stdout: to})
		if want := s.tag(tagSize); err == nil && want != strconv.FormatInt(to.n, 10) {
			err = fault.New(fault.Conflict, "restic gives %d bytes of a file that had %s. The repository may be damaged: have restic check it.", to.n, want)
		}
		_ = w.CloseWithError(err) // it never fails
	}()
	return d
}

// Read reads on.
func (d *reading) Read(b []byte) (int, error) {
	if d.ctx.Err() != nil {
		return 0, context.Cause(d.ctx)
	}
	return d.PipeReader.Read(b)
}

// Close ends reading, and restic.
func (d *reading) Close() error {
	d.stop(errClosed)
	err := d.PipeReader.Close()
	<-d.done
	return err
}

// counted counts what is written.
type counted struct {
	w io.Writer
	n int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
