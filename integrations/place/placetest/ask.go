package placetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"batsignal/integrations/place"
	"batsignal/oncall/fault"
)

// Random gives bytes that no place can make smaller.
func Random(size int) []byte {
	b := make([]byte, size)
	var seed [32]byte
	copy(seed[:], fmt.Sprint(rand.Uint64(), rand.Uint64()))
	_, _ = rand.NewChaCha8(seed).Read(b) // it cannot fail
	return b
}

// within gives a context for one call.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// put keeps content, in reads of odd sizes.
func put(t testing.TB, p place.Place, key string, content []byte, known bool) {
	t.Helper()
	size := int64(-1)
	if known {
		size = int64(len(content))
	}
	kept, err := p.Put(within(t), key, &odd{bytes.NewReader(content)}, size)
	if err != nil {
		t.Fatalf("putting %s: %v", key, err)
	}
	sum := sha256.Sum256(content)
	if want := (place.Kept{Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}); kept != want {
		t.Errorf("%s was kept as %+v, want %+v", key, kept, want)
	}
}

// odd gives less than what is asked for, as pipes and networks do.
type odd struct{ r io.Reader }

func (o *odd) Read(b []byte) (int, error) { return o.r.Read(b[:min(len(b), 65521)]) }

// get reads a file to its end; there is false if there is none.
func get(t testing.TB, p place.Place, key string) (content []byte, there bool) {
	t.Helper()
	r, err := p.Get(within(t), key)
	if errors.Is(err, place.ErrNone) {
		if fault.KindOf(err) != fault.NotFound {
			t.Errorf("that %s is not there is told as %v", key, err)
		}
		return nil, false
	}
	if err != nil {
		t.Fatalf("getting %s: %v", key, err)
	}
	content, err = io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		t.Fatalf("reading %s: %v", key, err)
	}
	return content, true
}

func want(t testing.TB, p place.Place, key string, content []byte) {
	t.Helper()
	got, there := get(t, p, key)
	switch {
	case there != (content != nil):
		t.Errorf("%s is there: %v, of %d bytes", key, there, len(got))
	case !bytes.Equal(got, content):
		t.Errorf("%s has %d bytes, want %d, or others", key, len(got), len(content))
	}
}

func list(t testing.TB, p place.Place, prefix string) (keys []string) {
	t.Helper()
	files, err := p.List(within(t), prefix)
	if err != nil {
		t.Fatalf("listing %q: %v", prefix, err)
	}
	for _, f := range files {
		keys = append(keys, f.Key)
		// A server's clock may differ from ours, but not by that much here.
		if age := time.Since(f.StoredAt); age > 24*time.Hour || age < -time.Hour {
			t.Errorf("%s was stored at %v", f.Key, f.StoredAt)
		}
	}
	return keys
}

func remove(t testing.TB, p place.Place, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if err := p.Delete(within(t), key); err != nil {
			t.Fatalf("deleting %s: %v", key, err)
		}
	}
}

func empty(t testing.TB, p place.Place) {
	t.Helper()
	if keys := list(t, p, ""); len(keys) > 0 {
		t.Errorf("there are still %v", keys)
	}
}
