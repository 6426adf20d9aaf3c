package backup_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"batsignal/integrations/backup"
)

// Every reader that stays gets every byte, in whatever pieces it is written and read, and
// whoever leaves holds up nobody.
func TestOneStreamForMany(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		want := make([]byte, r.IntN(6<<20))
		for i := range want {
			want[i] = byte(i * i >> 5)
		}
		fan := backup.NewFan(context.Background(), time.Minute)
		got := make([]bytes.Buffer, 3)
		var all sync.WaitGroup
		for i := range got {
			lane, leave := fan.Lane()
			most := 1 + r.IntN(200<<10)
			all.Go(func() {
				defer leave()
				if _, err := io.CopyBuffer(struct{ io.Writer }{&got[i]}, struct{ io.Reader }{lane}, make([]byte, most)); err != nil {
					t.Error(err)
				}
			})
		}
		lane, leave := fan.Lane()
		early := r.IntN(1 << 20)
		all.Go(func() {
			defer leave()
			_, _ = io.CopyN(io.Discard, lane, int64(early))
		})
		for rest := want; len(rest) > 0; {
			n := min(len(rest), 1+r.IntN(300<<10))
			if _, err := fan.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := fan.End(); err != nil {
			t.Error(err)
		}
		all.Wait()
		for i := range got {
			if !bytes.Equal(got[i].Bytes(), want) {
				t.Errorf("seed %d: reader %d got %d bytes of %d", seed, i, got[i].Len(), len(want))
			}
		}
	}
}

// A stream that ends badly is never taken for a whole one; one that is stopped stops all.
func TestAStreamThatEndsBadly(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	broken := errors.New("broken")
	fan := backup.NewFan(context.Background(), time.Minute)
	lane, leave := fan.Lane()
	if _, err := fan.Write(make([]byte, 3<<20)); err != nil {
		t.Fatal(err)
	}
	fan.Abort(broken)
	fan.Abort(io.EOF) // the first word counts
	if _, err := io.Copy(io.Discard, lane); !errors.Is(err, broken) {
		t.Error(err)
	}
	leave()

	ctx, cancel := context.WithCancelCause(context.Background())
	fan = backup.NewFan(ctx, time.Minute)
	lane, leave = fan.Lane()
	done := make(chan error)
	go func() {
		defer leave()
		_, err := io.Copy(io.Discard, lane)
		done <- err
	}()
	cancel(broken)
	if err := <-done; !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := fan.Write(make([]byte, 1<<20)); !errors.Is(err, broken) {
		t.Error(err)
	}
	if err := fan.End(); !errors.Is(err, broken) && err != nil {
		t.Error(err)
	}

	// Who takes nothing for too long is given up, and then nobody is left.
	fan = backup.NewFan(context.Background(), time.Millisecond)
	lane, _ = fan.Lane()
	if _, err := fan.Write(make([]byte, 64<<20)); err != nil || !fan.Deserted() {
		t.Error(err, fan.Deserted())
	}
	if err := fan.End(); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, lane); err == nil {
		t.Error("it is taken for whole")
	}
}
