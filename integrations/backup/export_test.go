package backup

import (
	"context"
	"io"
	"time"
)

// Fan is one stream for several readers, for tests.
type Fan struct{ *fan }

// NewFan makes one.
func NewFan(ctx context.Context, stall time.Duration) Fan { return Fan{newFan(ctx, stall)} }

// Lane adds a reader, and gives what says that it reads no more.
func (f Fan) Lane() (io.Reader, func()) {
	l := f.lane()
	return l, l.leave
}

// End ends it well, Abort badly.
func (f Fan) End() error { return f.end() }

// Abort ends it badly.
func (f Fan) Abort(err error) { f.abort(err) }

// Deserted tells that nobody reads.
func (f Fan) Deserted() bool { return f.deserted() }
