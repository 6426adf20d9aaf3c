package job_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
)

// What cannot be taken back is tried again, with growing rests, until it is; the rest is taken
// back meanwhile. People are told once, in the home rooms too.
func TestWhatIsLeftBehind(t *testing.T) {
	s := newScene(t)
	s.kind.setFail("server", errBroken)
	r := s.ask(job.Ask{})
	s.work(r.ID)
	row := s.is(r.ID, job.Undoing)
	if row.Outcome != job.Succeeded || s.kind.left() != "1/server" || s.steps(r.ID) != "disk=undone server=done mount=undone" {
		t.Errorf("%+v, left %q", row, s.kind.left())
	}
	other := s.ask(job.Ask{})
	if rest := s.work(other.ID); rest == 0 {
		t.Error("another run of its word began before all was taken back")
	}
	s.said()
	var rests []time.Duration
	for range 8 {
		row := s.row(r.ID)
		rests = append(rests, row.LeasedUntil.Sub(s.clock()))
		s.later(rests[len(rests)-1] - time.Second)
		before := row.UndoTries
		s.must(s.Look(ctx))
		if s.row(r.ID).UndoTries != before {
			t.Error("tried too early")
		}
		s.later(time.Second)
		s.must(s.Look(ctx))
	}
	for i := 1; i < len(rests); i++ {
		if rests[i] < rests[i-1] || rests[i] > 10*time.Minute {
			t.Errorf("rests %v", rests)
		}
	}
	stuck := "Run 1 (work): something is left behind, since it could not be taken back 5 times: server."
	s.hears("#dev "+stuck, "#ops "+stuck)
	if row := s.row(r.ID); row.StuckAt == nil {
		t.Error("it is not said to be stuck")
	}
	s.kind.setFail("server", nil)
	s.later(time.Hour)
	s.must(s.Look(ctx))
	s.is(r.ID, job.Succeeded)
	if s.kind.left() != "" {
		t.Error(s.kind.left())
	}
	s.hears("#dev Run 1 (work): done in 1 h")
	s.work(other.ID)
	s.is(other.ID, job.Succeeded)
}

// A job that was taken out of the configuration leaves an alarm, and is not forgotten.
func TestAJobThatIsNoMore(t *testing.T) {
	s := newScene(t)
	s.kind.setFail("disk", errBroken)
	r := s.ask(job.Ask{})
	s.work(r.ID)
	queued := s.ask(job.Ask{})
	defs := s.Definitions
	s.Definitions = nil
	s.later(time.Minute)
	s.must(s.Look(ctx))
	s.is(r.ID, job.Undoing)
	if !strings.Contains(s.log(r.ID), "is not in the configuration any more") {
		t.Error(s.log(r.ID))
	}
	s.work(queued.ID)
	s.is(queued.ID, job.Cancelled)
	s.Definitions = defs
	s.kind.setFail("disk", nil)
	s.later(time.Hour)
	s.must(s.Look(ctx))
	s.is(r.ID, job.Succeeded)
}

func TestScratch(t *testing.T) {
	s := newScene(t)
	var dir string
	s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		var err error
		if dir, err = r.Scratch(ctx, "restore"); err != nil {
			return job.Result{}, err
		}
		// A restored tree may have directories that may not be written.
		if err := os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700); err != nil {
			return job.Result{}, err
		}
		return job.Result{}, os.Chmod(filepath.Join(dir, "a"), 0o500)
	}
	r := s.ask(job.Ask{})
	s.work(r.ID)
	s.is(r.ID, job.Succeeded)
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) || filepath.Dir(dir) != s.ScratchRoot {
		t.Errorf("%s: %v", dir, err)
	}
	// Nothing else is removed, whatever a memo says.
	outside := t.TempDir()
	for _, bad := range []string{outside, s.ScratchRoot, s.ScratchRoot + "/run-2-1-x/..", s.ScratchRoot + "/run-2-1-x/y", s.ScratchRoot + "/run-99-1-x", "", "/"} {
		s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
			return job.Result{}, r.Step(ctx, "bad", job.UndoScratch, job.ScratchMemo{Dir: bad}, func(context.Context) error { return nil })
		}
		r := s.ask(job.Ask{})
		s.work(r.ID)
		s.is(r.ID, job.Undoing)
		s.must(exec(s, `update job_step set state = 'undone' where run_id = $1`, r.ID))
		s.later(time.Minute)
		s.must(s.Look(ctx))
		s.is(r.ID, job.Succeeded)
	}
	for _, dir := range []string{outside, s.ScratchRoot} {
		if _, err := os.Stat(dir); err != nil {
			t.Error(err)
		}
	}
}

// What a process left here that died elsewhere is removed when its run is over, and only then.
func TestOldScratchIsSwept(t *testing.T) {
	s := newScene(t)
	over, open := s.ask(job.Ask{}), s.ask(job.Ask{})
	_, err := s.Cancel(ctx, s.as("ada"), over.ID, "")
	s.must(err)
	for _, name := range []string{"run-1-1-x", "run-2-1-x", "run-77-1-x", "run-x", "mine"} {
		s.must(os.Mkdir(filepath.Join(s.ScratchRoot, name), 0o700))
	}
	s.must(s.Look(ctx))
	entries, err := os.ReadDir(s.ScratchRoot)
	s.must(err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "mine run-2-1-x run-77-1-x run-x" {
		t.Error(got)
	}
	_ = open
}

// Who has to know of the end knows of it in the same transaction; if that fails, the run does
// not end, and is not done again.
func TestAHookThatFails(t *testing.T) {
	s := newScene(t)
	calls := 0
	s.Finished = append(s.Finished, func(context.Context, pgx.Tx, job.Row) error {
		if calls++; calls < 3 {
			return errBroken
		}
		return nil
	})
	r := s.ask(job.Ask{})
	s.work(r.ID)
	for range 5 {
		s.later(time.Minute)
		s.must(s.Look(ctx))
	}
	s.is(r.ID, job.Succeeded)
	if calls != 3 || s.kind.begun != 1 {
		t.Errorf("%d calls, %d begun", calls, s.kind.begun)
	}
}

func exec(s *scene, sql string, args ...any) error {
	_, err := s.db.Exec(ctx, sql, args...)
	return err
}

// A run that waits although River has forgotten it is reminded of, once.
func TestAForgottenRun(t *testing.T) {
	s := newScene(t)
	r := s.ask(job.Ask{})
	jobs := func() int { return get[int](t, s.db, `select count(*) from river_job where kind = 'job_run'`) }
	s.must(s.Look(ctx))
	if jobs() != 1 {
		t.Error("reminded of what is not forgotten")
	}
	s.must(exec(s, `update river_job set state = 'discarded', finalized_at = now() where kind = 'job_run'`))
	s.must(s.Look(ctx))
	s.must(s.Look(ctx))
	if jobs() != 2 {
		t.Errorf("%d jobs", jobs())
	}
	s.riverOn(s.Service)
	eventually(t, "it is done", func() bool { return s.row(r.ID).State.Ended() })
}
