package job_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/job"
	"batsignal/oncall/fault"
)

func TestCancel(t *testing.T) {
	s := newScene(t)
	r := s.ask(job.Ask{})
	r, err := s.Cancel(ctx, s.as("bea"), r.ID, "")
	s.must(err)
	if r.State != job.Cancelled || r.Said != "bea cancelled it before it began." {
		t.Errorf("%+v", r)
	}
	s.hears("#dev Run 1 (work): bea cancelled it before it began.")
	s.work(r.ID)
	if s.kind.begun != 0 {
		t.Error("it began all the same")
	}
	_, err = s.Cancel(ctx, s.as("bea"), r.ID, "")
	s.refused(err, fault.Conflict, "is over: cancelled")
}

// One that runs stops at once where it is done in this process, and when its lease is renewed
// elsewhere; it knows why, and what it left is taken back.
func TestCancelWhileItRuns(t *testing.T) {
	for _, elsewhere := range []bool{false, true} {
		s := newScene(t)
		wait, began, _ := waiting()
		causes := make(chan error, 1)
		s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
			err := s.kind.step(ctx, r, "disk", func(ctx context.Context) error {
				_, err := wait(ctx, r)
				causes <- err
				return err
			})
			return job.Result{}, err
		}
		door := s.Service
		if elsewhere {
			door = s.process("b", s.db)
			s.Renew = 20 * time.Millisecond
		}
		r := s.ask(job.Ask{})
		s.riverOn(s.Service)
		<-began
		s.said()
		_, err := door.Cancel(ctx, s.as("bea"), r.ID, "wrong node")
		s.must(err)
		_, err = door.Cancel(ctx, s.as("cem"), r.ID, "")
		if err != nil && fault.KindOf(err) != fault.Conflict { // over meanwhile
			t.Error(err)
		}
		if cause := <-causes; !errors.Is(cause, job.ErrCancelled) {
			t.Error(cause)
		}
		eventually(t, "it is cancelled", func() bool { return s.row(r.ID).State.Ended() })
		row := s.is(r.ID, job.Cancelled)
		if row.Said != "bea (wrong node) cancelled it." || s.kind.left() != "" || s.steps(r.ID) != "disk=undone" {
			t.Errorf("%+v, left %q", row, s.kind.left())
		}
		s.hears("#dev Run 1 (work): stopped after less than a second: bea (wrong node) cancelled it.")
	}
}

func TestATimeOutIsNoFailure(t *testing.T) {
	s := newScene(t, job.Definition{Policy: job.Policy{Timeout: 50 * time.Millisecond}})
	s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		return job.Result{}, s.kind.step(ctx, r, "disk", func(ctx context.Context) error {
			r.Doing(ctx, "waiting for a server")
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), job.ErrTimedOut) {
				t.Error(context.Cause(ctx))
			}
			return ctx.Err()
		})
	}
	r := s.ask(job.Ask{})
	s.work(r.ID)
	row := s.is(r.ID, job.TimedOut)
	if s.kind.left() != "" || !strings.Contains(s.log(r.ID), "It is told to stop: the run took too long.") || !strings.HasSuffix(row.Said, "it was at: waiting for a server") {
		t.Errorf("%+v\n%s", row, s.log(r.ID))
	}
	// Who does it in time, though it is late, has done it.
	s.kind.do = func(ctx context.Context, _ *job.Run) (job.Result, error) {
		<-ctx.Done()
		return job.Result{Said: "Done."}, nil
	}
	r = s.ask(job.Ask{})
	s.work(r.ID)
	s.is(r.ID, job.Succeeded)
}

// Two runs of one word never run at once; the second waits for the first and says so once.
func TestTwoOfOneWord(t *testing.T) {
	s := newScene(t, job.Definition{}, job.Definition{Name: "other", Policy: job.Policy{Exclusive: "work"}}, job.Definition{Name: "free"})
	do, began, end := waiting()
	s.kind.do = do
	first := s.ask(job.Ask{})
	var working sync.WaitGroup
	working.Go(func() { s.work(first.ID) })
	<-began
	second := s.ask(job.Ask{Job: "other"})
	for range 3 {
		if rest := s.work(second.ID); rest <= 0 {
			t.Errorf("rests %v", rest)
		}
	}
	if row := s.is(second.ID, job.Queued); row.Doing != "waits for run 1" || strings.Count(s.log(second.ID), "It waits for run 1.") != 1 {
		t.Errorf("%+v\n%s", row, s.log(second.ID))
	}
	free := s.ask(job.Ask{Job: "free"})
	working.Go(func() { s.work(free.ID) })
	<-began
	close(end)
	working.Wait()
	s.work(second.ID)
	s.is(second.ID, job.Succeeded)
}

// Many runs of one word, by River in two processes: one at a time.
func TestManyOfOneWordByRiver(t *testing.T) {
	s := newScene(t)
	s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) { return s.kind.three(ctx, r) }
	var runs []int64
	for range 3 {
		runs = append(runs, s.ask(job.Ask{}).ID)
	}
	s.riverOn(s.Service)
	s.riverOn(s.process("b", s.db))
	for _, run := range runs {
		eventually(t, "it is done", func() bool { return s.row(run).State == job.Succeeded })
	}
	if s.kind.most != 1 || s.kind.begun != len(runs) || s.kind.left() != "" {
		t.Errorf("%d at once, %d begun, left %q", s.kind.most, s.kind.begun, s.kind.left())
	}
}

// A process that is stopped hands its run back; the next one goes on with it, and no try is
// used up.
func TestAProcessIsStopped(t *testing.T) {
	s := newScene(t)
	do, began, end := waiting()
	s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		err := s.kind.step(ctx, r, "disk", func(ctx context.Context) error {
			_, err := do(ctx, r)
			return err
		})
		return job.Result{}, err
	}
	r := s.ask(job.Ask{})
	stop := s.riverOn(s.Service)
	<-began
	stop()
	if row := s.is(r.ID, job.Undoing); row.Outcome != job.Queued || row.LeasedBy != "" || s.kind.left() == "" {
		t.Errorf("%+v, left %q", row, s.kind.left())
	}
	b := s.process("b", s.db)
	s.must(b.Look(ctx))
	if row := s.is(r.ID, job.Queued); row.Failures != 0 || row.Crashes != 0 || s.kind.left() != "" {
		t.Errorf("%+v", row)
	}
	close(end)
	s.riverOn(b)
	eventually(t, "it is done", func() bool { return s.row(r.ID).State.Ended() })
	if row := s.is(r.ID, job.Succeeded); row.Attempt != 2 {
		t.Errorf("%+v", row)
	}
}
