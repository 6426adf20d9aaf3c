package place

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"

	"batsignal/oncall/fault"
)

// Meter is a reader that measures what is read through it, for a [Place.Put]. It ends with
// the cause of ctx when that ends, and with an error where the size is another than expected,
// so that what was cut off never looks whole. It does not interrupt a read that hangs:
// whoever writes to a pipe closes it.
type Meter struct {
	ctx  context.Context
	r    io.Reader
	want int64
	size int64
	sum  hash.Hash // nil where r knows it
	err  error
}

// Summed is a reader that finds the SHA-256 of what it gives by itself, such as one of several
// that are given the same: a [Meter] leaves that to it.
type Summed interface {
	io.Reader
	// Sum is that of everything that it gave, once it ended with [io.EOF].
	Sum() []byte
}

// NewMeter measures what comes from r. size is how much to expect in bytes, -1 if that is
// not known.
func NewMeter(ctx context.Context, r io.Reader, size int64) *Meter {
	m := &Meter{ctx: ctx, r: r, want: size}
	if _, knows := r.(Summed); !knows {
		m.sum = sha256.New()
	}
	return m
}

// Read reads on. After an error it gives the same one again.
func (m *Meter) Read(b []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	if m.ctx.Err() != nil {
		m.err = context.Cause(m.ctx)
		return 0, m.err
	}
	n, err := m.r.Read(b)
	m.size += int64(n)
	if m.sum != nil {
		m.sum.Write(b[:n])
	}
	switch {
	case m.want >= 0 && (m.size > m.want || err == io.EOF && m.size != m.want):
		m.err = fault.New(fault.Conflict, "The stream is not of the size that was expected: %d bytes were, %d came so far. Nothing was stored.", m.want, m.size)
	default:
		m.err = err
	}
	return n, m.err
}

// Failed is why reading ended, if it did not end well: the fault is not the place's.
func (m *Meter) Failed() error {
	if m.err == io.EOF {
		return nil
	}
	return m.err
}

// Kept is what was read. It is asked when reading ended well.
func (m *Meter) Kept() Kept {
	if of, knows := m.r.(Summed); knows {
		return Kept{Size: m.size, SHA256: hex.EncodeToString(of.Sum())}
	}
	return Kept{Size: m.size, SHA256: hex.EncodeToString(m.sum.Sum(nil))}
}

// Reading is a reader of a file in a place: what it reads ends when ctx does.
type Reading struct {
	Context context.Context // #nosec -- of one read from its beginning to its end
	io.ReadCloser
}

// Read reads on.
func (r Reading) Read(b []byte) (int, error) {
	if r.Context.Err() != nil {
		return 0, context.Cause(r.Context)
	}
	return r.ReadCloser.Read(b)
}
