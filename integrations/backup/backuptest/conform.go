package backuptest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"testing"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/integrations/snapshot"
)

// Source tests what every source must keep to: what it writes is proven to be restorable;
// what is cut off, damaged, or of another time is refused; and nothing is left behind. It
// writes twice, and proves about ten times.
func Source(t *testing.T, s backup.Source) {
	t.Helper()
	c := conform{t, s}
	if !regexp.MustCompile(`^[a-z0-9]+(\.[a-z0-9]+)*$`).MatchString(s.Suffix()) {
		t.Errorf("the suffix is %q", s.Suffix())
	}
	if !regexp.MustCompile(`(?m)^    .*\bbackup\.` + regexp.QuoteMeta(s.Suffix()) + `\b`).MatchString(s.Restoring()) {
		t.Errorf("it does not tell how backup.%s is restored by hand, in lines of shell:\n%s", s.Suffix(), s.Restoring())
	}
	stream, taken := c.write("first")
	if taken.Sentinel != "" && !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(taken.Sentinel) {
		t.Errorf("its sentinel is %q, which is no SHA-256", taken.Sentinel)
	}
	proof, err := c.prove("whole", stream, taken)
	if err != nil {
		t.Fatalf("what it wrote is refused: %v", err)
	}
	if proof.Level < snapshot.VerifiedLevel || proof.Tool == "" || proof.Detail == "" {
		t.Errorf("the proof is %+v", proof)
	}
	if again, err := c.prove("again", stream, taken); err != nil || again.Level != proof.Level {
		t.Errorf("a second time: %+v, %v", again, err)
	}
	for name, cut := range map[string]int{"nothing": 0, "half": len(stream) / 2, "nine tenths": len(stream) / 10 * 9, "nearly all": len(stream) - len(stream)/100 - 1} {
		c.refuses(name, stream[:cut], taken)
	}
	flipped := slices.Clone(stream)
	flipped[len(flipped)/2] ^= 0x10
	c.refuses("a flipped bit", flipped, taken)
	for i := range 32 {
		flipped[len(flipped)/32*i] ^= 1 << (i % 8)
	}
	c.refuses("flipped bits all over", flipped, taken)
	c.refuses("other things", bytes.Repeat([]byte("no backup at all\n"), 1000), taken)

	if taken.Sentinel != "" {
		_, later := c.write("second")
		if later.Sentinel == taken.Sentinel {
			t.Error("it plants the same sentinel twice")
		}
		later.Facts = taken.Facts
		c.refuses("a sentinel that is not in it", stream, later)
	}
	if len(taken.Facts) > 0 {
		other := taken
		other.Facts = slices.Clone(taken.Facts)
		for i := range other.Facts {
			other.Facts[i][1] += "0"
		}
		c.refuses("facts of another backup", stream, other)
	}
	c.stopped(stream, taken)
}

type conform struct {
	*testing.T
	source backup.Source
}

// in does something in a run, and sees that it leaves nothing.
func (c conform) in(what string, do func(ctx context.Context, r *job.Run) error) error {
	c.Helper()
	root := c.TempDir()
	ctx := context.Background()
	r, m := jobtest.Run(c.T, job.About{ID: int64(len(what)), ScratchRoot: root})
	err := do(ctx, r)
	kind := undoOnly{c.source}
	if undone := m.UndoAll(ctx, kind); undone != nil {
		c.Errorf("%s: what it left cannot be taken back: %v", what, undone)
	}
	if again := m.UndoAll(ctx, kind); again != nil {
		c.Errorf("%s: taking it back twice: %v", what, again)
	}
	if left, rerr := os.ReadDir(root); rerr != nil || len(left) > 0 {
		c.Errorf("%s: it left %v (%v)", what, left, rerr)
	}
	if left := m.Left(); len(left) > 0 {
		c.Errorf("%s: it left %v", what, left)
	}
	return err
}

// undoOnly is a kind that takes back what a source left.
type undoOnly struct{ source backup.Source }

func (undoOnly) Plan(context.Context, job.Params) ([]string, error) { return nil, nil }

func (undoOnly) Do(context.Context, *job.Run) (job.Result, error) { return job.Result{}, nil }

func (u undoOnly) Undo(ctx context.Context, s job.Step) error {
	if undoer, ok := u.source.(job.Undoer); ok {
		return undoer.Undo(ctx, s)
	}
	return errors.New("the source takes nothing back, but a step says " + s.Undo)
}

func (c conform) write(what string) (stream []byte, taken backup.Taken) {
	c.Helper()
	var out bytes.Buffer
	if err := c.in("writing "+what, func(ctx context.Context, r *job.Run) (err error) {
		taken, err = c.source.Write(ctx, r, &out)
		return err
	}); err != nil {
		c.Fatalf("writing: %v", err)
	}
	if out.Len() == 0 {
		c.Fatal("it wrote nothing")
	}
	return out.Bytes(), taken
}

func (c conform) prove(what string, stream []byte, of backup.Taken) (proof backup.Proof, err error) {
	c.Helper()
	err = c.in("proving "+what, func(ctx context.Context, r *job.Run) (err error) {
		proof, err = c.source.Prove(ctx, r, bytes.NewReader(stream), of)
		return err
	})
	return proof, err
}

func (c conform) refuses(what string, stream []byte, of backup.Taken) {
	c.Helper()
	proof, err := c.prove(what, stream, of)
	var not backup.NotProven
	switch {
	case err == nil:
		c.Errorf("%s: it is proven: %+v", what, proof)
	case errors.As(err, &not):
		c.Errorf("%s: it could not find out: %v", what, err)
	case proof.Level >= snapshot.VerifiedLevel:
		c.Errorf("%s: it is refused (%v) at level %d", what, err, proof.Level)
	default:
		c.Logf("%s: %v", what, err)
	}
}

// stopped cancels in the middle: it ends, with an error, and leaves nothing.
func (c conform) stopped(stream []byte, taken backup.Taken) {
	c.Helper()
	if err := c.in("writing, stopped", func(ctx context.Context, r *job.Run) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		_, err := c.source.Write(ctx, r, writer(func(p []byte) (int, error) {
			cancel()
			return len(p), ctx.Err()
		}))
		return err
	}); err == nil {
		c.Error("writing goes on when it is stopped")
	}
	if err := c.in("proving, stopped", func(ctx context.Context, r *job.Run) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		rest := bytes.NewReader(stream)
		_, err := c.source.Prove(ctx, r, reader(func(p []byte) (int, error) {
			cancel()
			return rest.Read(p[:min(len(p), 512)])
		}), taken)
		return err
	}); err == nil {
		c.Error("proving goes on when it is stopped")
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

type reader func([]byte) (int, error)

func (r reader) Read(p []byte) (int, error) { return r(p) }
