package backup

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"batsignal/integrations/place"
	"batsignal/oncall/fault"
)

const (
	blockSize = 512 << 10
	// blocks is how far the fastest lane may be ahead of the slowest.
	blocks = 16
	// stall is how long a lane may take nothing before it is given up.
	stall = 5 * time.Minute
)

var (
	errStalled = fault.New(fault.Unready, "It took nothing for too long.")
	errNobody  = errors.New("no place takes the stream any more")
)

// fan hands one stream to several readers at the same time. One that ends early, or takes
// nothing for too long, does not hold up the others.
type fan struct {
	ctx   context.Context // #nosec -- of one stream from its beginning to its end
	stall time.Duration
	lanes []*lane
	block *block
	pool  sync.Pool

	closed bool
	alone  bool

	sums   chan *block // nil as long as nobody reads
	summed chan struct{}
	sum    []byte // of everything; set before summed is closed
}

var _ place.Summed = (*lane)(nil)

// lane is one of the readers.
type lane struct {
	fan    *fan
	ctx    context.Context // #nosec -- of one stream from its beginning to its end
	cancel context.CancelCauseFunc
	blocks chan *block
	end    error // what the reader gets at the end; set before blocks is closed
	left   chan struct{}
	whole  atomic.Bool // the reader was told the end
	block  *block
	at     int
}

// block is a part of the stream that every lane reads.
type block struct {
	bytes []byte
	refs  atomic.Int32
}

func newFan(ctx context.Context, stalled time.Duration) *fan {
	if stalled == 0 {
		stalled = stall
	}
	return &fan{ctx: ctx, stall: stalled, alone: true, pool: sync.Pool{New: func() any { return &block{bytes: make([]byte, 0, blockSize)} }}}
}

// lane adds a reader, before anything is written.
func (f *fan) lane() *lane {
	ctx, cancel := context.WithCancelCause(f.ctx)
	f.alone = false
	if f.sums == nil {
		f.sums, f.summed = make(chan *block, blocks), make(chan struct{})
		go f.hash()
	}
	l := &lane{fan: f, ctx: ctx, cancel: cancel, blocks: make(chan *block, blocks), left: make(chan struct{})}
	f.lanes = append(f.lanes, l)
	return l
}

// hash finds the SHA-256 of the stream, once for all lanes.
func (f *fan) hash() {
	defer close(f.summed)
	sum := sha256.New()
	for b := range f.sums {
		sum.Write(b.bytes)
		f.release(b)
	}
	f.sum = sum.Sum(nil)
}

// Sum implements [place.Summed].
func (l *lane) Sum() []byte {
	if !l.whole.Load() {
		return nil
	}
	<-l.fan.summed
	return l.fan.sum
}

// leave is called by whoever reads a lane, when nothing more is read.
func (l *lane) leave() { close(l.left) }

// deserted tells that nobody reads any more.
func (f *fan) deserted() bool { return f.alone }

// Write hands on what is written. It fails only if ctx ends: what nobody reads is let go.
func (f *fan) Write(p []byte) (n int, err error) {
	if f.deserted() {
		return len(p), context.Cause(f.ctx)
	}
	for len(p) > 0 {
		if f.block == nil {
			f.block = f.pool.Get().(*block) //nolint:forcetypeassert // nothing else is put into it
			f.block.bytes = f.block.bytes[:0]
		}
		room := min(len(p), blockSize-len(f.block.bytes))
		f.block.bytes = append(f.block.bytes, p[:room]...)
		p, n = p[room:], n+room
		if len(f.block.bytes) == blockSize {
			if err := f.send(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// end ends the stream. If that fails, no lane keeps anything.
func (f *fan) end() (err error) {
	if f.block != nil {
		err = f.send()
	}
	if err != nil {
		f.abort(err)
	} else {
		f.close(io.EOF)
	}
	return err
}

// abort ends the stream badly: each lane gets the error, and keeps nothing. After the end of
// the stream it does nothing.
func (f *fan) abort(err error) { f.close(err) }

func (f *fan) close(end error) {
	if f.closed {
		return
	}
	f.closed = true
	if f.sums != nil {
		close(f.sums)
	}
	for _, l := range f.lanes {
		l.end = end
		close(l.blocks)
	}
}

// send hands the block to every lane.
func (f *fan) send() error {
	b := f.block
	f.block = nil
	b.refs.Store(int32(len(f.lanes)) + 1)
	f.sums <- b
	taken := 0
	for _, l := range f.lanes {
		if l.take(b) {
			taken++
		} else {
			f.release(b)
		}
	}
	f.alone = taken == 0
	return context.Cause(f.ctx)
}

func (f *fan) release(b *block) {
	if b.refs.Add(-1) == 0 {
		f.pool.Put(b)
	}
}

// take gives a block to a lane, and tells whether it was taken.
func (l *lane) take(b *block) bool {
	if l.ctx.Err() != nil {
		return false
	}
	select {
	case <-l.left: // also if there is room
		return false
	default:
	}
	select {
	case l.blocks <- b:
		return true
	default:
	}
	patience := time.NewTimer(l.fan.stall)
	defer patience.Stop()
	select {
	case l.blocks <- b:
		return true
	case <-patience.C:
		l.cancel(errStalled)
	case <-l.left:
	case <-l.ctx.Done():
	}
	return false
}

// Read reads the stream.
func (l *lane) Read(p []byte) (int, error) {
	for l.block == nil || l.at == len(l.block.bytes) {
		if l.block != nil {
			l.fan.release(l.block)
			l.block = nil
		}
		select {
		case b, more := <-l.blocks:
			if !more {
				l.whole.Store(l.end == io.EOF) //nolint:errorlint // it is ours, and nobody wraps it
				return 0, l.end
			}
			l.block, l.at = b, 0
		case <-l.ctx.Done():
			return 0, context.Cause(l.ctx)
		}
	}
	n := copy(p, l.block.bytes[l.at:])
	l.at += n
	return n, nil
}
