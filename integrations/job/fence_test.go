package job_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/job"
)

// stalled has a worker begin a run and stand still in it, without renewing, until it is woken;
// then it does what a worker does that knows of nothing, unless it is quiet, and says that it
// succeeded. over is closed when it has given up.
func (s *scene) stalled(run int64, quiet bool) (wake func(), over chan struct{}) {
	s.Helper()
	gate, inside := make(chan struct{}), make(chan struct{})
	next := s.kind.do
	s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		if r.Attempt > 1 || r.ID != run {
			return next(ctx, r)
		}
		if quiet {
			if err := s.kind.step(ctx, r, "old", nil); err != nil {
				return job.Result{}, err
			}
			close(inside)
			<-gate
			return job.Result{Said: "boo"}, nil
		}
		if err := s.kind.step(ctx, r, "old", func(context.Context) error {
			close(inside)
			<-gate
			return nil
		}); err == nil {
			s.Error("an old worker ends a step")
		}
		r.Logf(ctx, "boo")
		r.Doing(ctx, "haunting")
		r.Progress(99, 100, "ghosts")
		if err := r.Say(ctx, "boo"); err == nil {
			s.Error("an old worker says something")
		}
		if err := r.Step(ctx, "ghost", "", nil, func(context.Context) error { return nil }); err == nil {
			s.Error("an old worker begins a step")
		}
		return job.Result{Said: "boo"}, nil
	}
	p := s.process("old", s.db)
	p.Renew = time.Hour
	over = make(chan struct{})
	go func() {
		defer close(over)
		_, _ = p.WorkOnce(ctx, job.WorkArgs{Run: run, Attempt: 1})
	}()
	<-inside
	s.later(31 * time.Second)
	return func() { close(gate) }, over
}

// haunted wants that an old worker wrote nothing.
func (s *scene) haunted(run int64) {
	s.Helper()
	if text := s.log(run) + s.steps(run) + s.row(run).Doing + s.row(run).Said + s.row(run).Unit + strings.Join(s.said(), " "); strings.Contains(text, "boo") || strings.Contains(text, "ghost") || strings.Contains(text, "haunt") {
		s.Errorf("an old worker wrote: %s", text)
	}
}

// An old worker wakes up while the next try is being done: that one goes on, undisturbed.
func TestAnOldWorkerWakesDuringTheNextTry(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		s := newScene(t)
		s.hooked()
		began, gate := make(chan struct{}), make(chan struct{})
		s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
			err := s.kind.step(ctx, r, "new", func(context.Context) error {
				close(began)
				<-gate
				return nil
			})
			return job.Result{Said: "Good."}, err
		}
		r := s.ask(job.Ask{})
		wake, over := s.stalled(r.ID, quiet)
		s.must(s.Look(ctx))
		var working sync.WaitGroup
		working.Go(func() { s.work(r.ID) })
		<-began
		wake()
		<-over
		if row := s.is(r.ID, job.Running); row.Attempt != 2 || !strings.Contains(s.kind.left(), "/new") {
			t.Errorf("%+v, there is %q", row, s.kind.left())
		}
		s.haunted(r.ID)
		close(gate)
		working.Wait()
		if row := s.is(r.ID, job.Succeeded); row.Said != "Good." {
			t.Errorf("%+v", row)
		}
		s.clean(r.ID)
	}
}

// An old worker wakes up while what it left is taken back: it takes nothing back beside that,
// and ends nothing.
func TestAnOldWorkerWakesWhileItIsTakenBack(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		s := newScene(t)
		s.hooked()
		s.kind.do = s.kind.three
		r := s.ask(job.Ask{})
		wake, over := s.stalled(r.ID, quiet)
		undoing, gate := make(chan struct{}), make(chan struct{})
		var once sync.Once
		s.kind.undoing = func() {
			once.Do(func() {
				close(undoing)
				<-gate
			})
		}
		var looking sync.WaitGroup
		looking.Go(func() { s.must(s.Look(ctx)) })
		<-undoing
		wake()
		<-over
		if row := s.is(r.ID, job.Undoing); row.Outcome != job.Queued || s.kind.take() != "" {
			t.Errorf("%+v", row)
		}
		s.haunted(r.ID)
		close(gate)
		looking.Wait()
		s.converge(r.ID)
		if row := s.is(r.ID, job.Succeeded); row.Attempt != 2 || row.Said != "Three things were made." {
			t.Errorf("%+v", row)
		}
		s.clean(r.ID)
	}
}

// Whoever takes something back may stall, too: the next one goes on, and the old one ends
// nothing a second time.
func TestAnOldUndoerWakes(t *testing.T) {
	s := newScene(t)
	s.hooked()
	s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		return job.Result{Said: "Good."}, s.kind.step(ctx, r, "disk", nil)
	}
	undoing, gate := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.kind.undoing = func() {
		first := false
		once.Do(func() { first = true })
		if first {
			close(undoing)
			<-gate
		}
	}
	r := s.ask(job.Ask{})
	p := s.process("old", s.db)
	p.Renew = time.Hour
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, _ = p.WorkOnce(ctx, job.WorkArgs{Run: r.ID, Attempt: 1})
	}()
	<-undoing
	s.later(31 * time.Second)
	s.must(s.Look(ctx))
	s.is(r.ID, job.Succeeded)
	lines := s.log(r.ID)
	close(gate)
	<-over
	if s.log(r.ID) != lines {
		t.Errorf("it wrote:\n%s", s.log(r.ID))
	}
	s.clean(r.ID)
}
