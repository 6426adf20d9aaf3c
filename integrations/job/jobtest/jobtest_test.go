package jobtest_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
)

// world is a kind whose steps leave things.
type world struct{ undone []string }

func (*world) Plan(context.Context, job.Params) ([]string, error) { return nil, nil }

func (*world) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	dir, err := r.Scratch(ctx, "x")
	if err != nil {
		return job.Result{}, err
	}
	r.Logf(ctx, "in %s", dir)
	return job.Result{}, r.Step(ctx, "disk", "drop", nil, func(context.Context) error { return nil })
}

func (w *world) Undo(_ context.Context, s job.Step) error {
	w.undone = append(w.undone, s.Name)
	return nil
}

func TestMemory(t *testing.T) {
	root, w := t.TempDir(), &world{}
	run, m := jobtest.Run(t, job.About{ScratchRoot: root})
	if _, err := w.Do(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.Left(), ", "); got != "scratch directory, disk" || !strings.Contains(m.Text(), "in "+root) {
		t.Errorf("left %s; said %s", got, m.Text())
	}
	if err := m.UndoAll(t.Context(), w); err != nil || len(m.Left()) != 0 || len(w.undone) != 1 {
		t.Errorf("%v, left %v", err, m.Left())
	}
	if list, err := os.ReadDir(root); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	// Dying before a step leaves no step, dying after it leaves one that began.
	boom := errors.New("boom")
	for when, left := range map[string]int{"before disk": 1, "after disk": 2} {
		run, m := jobtest.Run(t, job.About{})
		m.Die = func(now string) error {
			if now == when {
				return boom
			}
			return nil
		}
		if _, err := w.Do(t.Context(), run); !errors.Is(err, boom) || len(m.Left()) != left {
			t.Errorf("%s: %v, left %v", when, err, m.Left())
		}
	}
}
