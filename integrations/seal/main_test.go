package seal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"batsignal/integrations/seal"
	"batsignal/migrations/childtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// text is what is sealed: some pieces of age's size, and not a whole number of them.
func text(n int) []byte {
	b := make([]byte, n)
	draw := rand.NewChaCha8([32]byte{7})
	_, _ = draw.Read(b)
	return b
}

func sealed(t testing.TB, s seal.Sealer, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := s.Seal(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	for part := range chunks(plain) {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err == nil {
		t.Error("it can be closed twice")
	}
	if _, err := w.Write([]byte("more")); err == nil {
		t.Error("it can be written to when it is closed")
	}
	return out.Bytes()
}

func chunks(b []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			n := min(len(b), 10_000)
			if !yield(b[:n]) {
				return
			}
			b = b[n:]
		}
	}
}

func opened(t testing.TB, o seal.Opener, file []byte) ([]byte, error) {
	t.Helper()
	r, err := o.Open(t.Context(), bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// stock runs a program as people do, without our code.
func stock(t testing.TB, stdin []byte, env []string, name string, args ...string) ([]byte, error) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		childtest.Lacks(t, err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin, cmd.Env = bytes.NewReader(stdin), append(os.Environ(), env...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("%w: %s", err, said.String())
	}
	return out.Bytes(), nil
}

// broken are what may become of a file: cut off anywhere, one bit wrong, more at its end.
func broken(file []byte) map[string][]byte {
	all := map[string][]byte{"nothing": {}, "more": append(bytes.Clone(file), 'x')}
	for _, at := range []int{1, 50, len(file) / 3, len(file) / 2, len(file) - 20, len(file) - 1} {
		all[fmt.Sprintf("cut at %d", at)] = file[:at]
	}
	for _, at := range []int{len(file) / 3, len(file) / 2, len(file) - 30, len(file) - 1} {
		flipped := bytes.Clone(file)
		flipped[at] ^= 4
		all[fmt.Sprintf("flipped at %d", at)] = flipped
	}
	return all
}

// failing fails after some bytes.
type failing struct {
	left int
	err  error
}

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, f.err
	}
	return len(b), nil
}

func (f *failing) Read(b []byte) (int, error) {
	if f.left <= 0 {
		return 0, f.err
	}
	n := min(f.left, len(b))
	f.left -= n
	return n, nil
}

// neverWhole tries what may go wrong while something is sealed: what was written until then
// opens for nobody.
func neverWhole(t *testing.T, s seal.Sealer, o seal.Opener) {
	plain := text(300_000)
	t.Run("the sink is full", func(t *testing.T) {
		full := errors.New("the disk is full")
		w, err := s.Seal(t.Context(), &failing{100_000, full})
		if err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			if _, err = w.Write(plain); err != nil {
				break
			}
		}
		if err == nil {
			t.Error("nobody said so while it was written")
		}
		if err := w.Close(); !errors.Is(err, full) {
			t.Errorf("%v", err)
		}
	})
	t.Run("the sink is full at the end", func(t *testing.T) {
		full := errors.New("the disk is full")
		w, err := s.Seal(t.Context(), &failing{0, full})
		if err == nil {
			_, _ = w.Write([]byte("short"))
			err = w.Close()
		}
		if !errors.Is(err, full) {
			t.Errorf("%v", err)
		}
	})
	t.Run("somebody gives up", func(t *testing.T) {
		why := errors.New("the source died")
		ctx, cancel := context.WithCancelCause(t.Context())
		var out bytes.Buffer
		w, err := s.Seal(ctx, &out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		cancel(why)
		if err := w.Close(); !errors.Is(err, why) {
			t.Errorf("%v", err)
		}
		if got, err := opened(t, o, out.Bytes()); err == nil {
			t.Errorf("%d bytes look whole", len(got))
		}
	})
	t.Run("the source of what is opened fails", func(t *testing.T) {
		gone := errors.New("the network is gone")
		file := sealed(t, s, plain)
		r, err := o.Open(t.Context(), io.MultiReader(bytes.NewReader(file[:100_000]), &failing{0, gone}))
		if err == nil {
			_, err = io.Copy(io.Discard, r)
			_ = r.Close()
		}
		if !errors.Is(err, gone) {
			t.Errorf("%v", err)
		}
		if r, err = o.Open(t.Context(), bytes.NewReader(file)); err != nil {
			t.Fatal(err)
		}
		_ = r.Close() // by whoever has read enough
	})
}

func write(t testing.TB, name string, content []byte, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, content, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
	return file
}

func says(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v does not say %q", err, want)
	}
}
