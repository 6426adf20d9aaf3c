package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"batsignal/integrations/place"
	"batsignal/integrations/snapshot"
	"batsignal/oncall/fault"
)

// reading reads a copy back and measures it.
type reading struct {
	r    io.ReadCloser
	want snapshot.Copy
	told func(int64)
	sum  hash.Hash
	n    int64
	err  error // why it could not be read on: the place's fault, not the copy's
	over bool
}

func newReading(ctx context.Context, p place.Place, c snapshot.Copy, told func(int64)) (*reading, error) {
	r, err := p.Get(ctx, c.Key)
	if err != nil {
		return nil, err
	}
	return &reading{r: r, want: c, told: told, sum: sha256.New()}, nil
}

// Read reads on.
func (r *reading) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	r.sum.Write(p[:n])
	switch {
	case err == io.EOF:
		r.over = true
	case err != nil:
		r.err = err
	case r.n > r.want.Size:
		// A place that has more than was stored may have endlessly more.
		r.over, err = true, io.EOF
	}
	r.told(r.n)
	return n, err
}

// finish reads what nobody read yet, and tells what is wrong with the copy; "" is nothing. The
// error is that it could not be found out.
func (r *reading) finish() (flaw string, err error) {
	if !r.over && r.err == nil {
		_, _ = io.Copy(io.Discard, struct{ io.Reader }{r}) // what it says is kept in r
	}
	_ = r.r.Close() // it was only read
	switch {
	case r.err != nil:
		return "", r.err
	case r.n < r.want.Size:
		return fmt.Sprintf("It has %d bytes, and %d were stored.", r.n, r.want.Size), nil
	case r.n > r.want.Size:
		return fmt.Sprintf("It has more than the %d bytes that were stored.", r.want.Size), nil
	case r.hex() != r.want.SHA256:
		return "Its SHA-256 is not that of what was stored.", nil
	}
	return "", nil
}

func (r *reading) hex() string { return hex.EncodeToString(r.sum.Sum(nil)) }

// missing is the flaw of a copy that is not there; "" if err says something else.
func missing(err error) string {
	if errors.Is(err, place.ErrNone) {
		return "It is not there any more."
	}
	return ""
}

// placeOf finds a place by name.
func placeOf(places []place.Named, name string) (place.Named, error) {
	for _, p := range places {
		if p.Name == name {
			return p, nil
		}
	}
	return place.Named{}, fault.New(fault.NotFound, "There is no place %s in the file of jobs.", name)
}
