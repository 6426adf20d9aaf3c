package argv

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"
)

// runInto is run for an output that may be taken slowly: whoever takes it is waited for, as
// long as it takes them, when the program has ended. The library would take that for a pipe
// that somebody else holds open, and call a program failed that did all it should.
func runInto(ctx context.Context, cmd *exec.Cmd, grace time.Duration, stop func()) (ended bool, err error) {
	to := cmd.Stdout
	if _, direct := to.(*os.File); direct {
		return run(ctx, cmd, grace, stop)
	}
	from, into, err := os.Pipe()
	if err != nil {
		return false, err
	}
	cmd.Stdout = into
	d := &drain{from: from, to: to, grace: grace, done: make(chan struct{})}
	go d.copy()
	ended, err = run(ctx, cmd, grace, stop)
	_ = into.Close() // ours; the program had its own
	if drained := d.finish(ctx); err == nil {
		err = drained
	}
	return ended, err
}

// drain takes what a program writes to its receiver.
type drain struct {
	from  *os.File
	to    io.Writer
	grace time.Duration
	over  atomic.Bool // the program has ended
	done  chan struct{}
	err   error // set before done is closed
}

func (d *drain) copy() {
	defer close(d.done)
	defer d.from.Close()
	buf := make([]byte, 64<<10)
	for {
		if d.over.Load() {
			_ = d.from.SetReadDeadline(time.Now().Add(d.grace)) // a pipe can
		}
		n, err := d.from.Read(buf)
		if n > 0 {
			if _, err := d.to.Write(buf[:n]); err != nil {
				d.err = err
				return
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return
		case errors.Is(err, os.ErrDeadlineExceeded): // somebody who left the group holds it open
			d.err = exec.ErrWaitDelay
			return
		default:
			d.err = err
			return
		}
	}
}

// finish waits until everything was taken. Once ctx is over, that need not be.
func (d *drain) finish(ctx context.Context) error {
	d.over.Store(true)
	_ = d.from.SetReadDeadline(time.Now().Add(d.grace)) // for a read that waits already; it is closed if all was taken
	select {
	case <-d.done:
		return d.err
	case <-ctx.Done():
	}
	patience := time.NewTimer(d.grace)
	defer patience.Stop()
	select {
	case <-d.done:
		return d.err
	case <-patience.C:
		return context.Cause(ctx)
	}
}
