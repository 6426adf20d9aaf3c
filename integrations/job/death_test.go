package job_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
)

// hooked has the end of each run be noted where it cannot be noted without it: in its log.
func (s *scene) hooked() {
	s.Finished = append(s.Finished, func(ctx context.Context, tx pgx.Tx, r job.Row) error {
		_, err := tx.Exec(ctx, `insert into job_log (run_id, n, attempt, at, text) select $1, max(n) + 1, 0, $2, 'hook' from job_log where run_id = $1`, r.ID, start)
		return err
	})
}

// dies has a run be worked by a process that dies at a statement, and tells how many it sent.
func (s *scene) dies(run int64, n int, after bool) (count int, dead bool) {
	s.Helper()
	living, kill := context.WithCancel(ctx)
	defer kill()
	d := &dying{DB: s.db, kill: kill, n: n, after: after}
	p := s.process(fmt.Sprintf("dying-%d", n), d)
	_, _ = p.WorkOnce(living, job.WorkArgs{Run: run, Attempt: s.row(run).Attempt + 1})
	return d.count, d.isDead()
}

// converge lets time pass, looks and works, until a run has ended.
func (s *scene) converge(runs ...int64) {
	s.Helper()
	for range 60 {
		open := false
		for _, run := range runs {
			switch r := s.row(run); {
			case r.State.Ended():
				continue
			case r.State == job.Queued:
				s.work(run)
			}
			open = true
		}
		if !open {
			return
		}
		s.later(31 * time.Second)
		s.must(s.Look(ctx))
	}
	for _, run := range runs {
		s.Errorf("run %d does not end: %+v\n%s", run, s.row(run), s.log(run))
	}
}

// clean wants nothing to be left of a run, and its end to be known once.
func (s *scene) clean(run int64) {
	s.Helper()
	if left := s.kind.left(); strings.Contains(" "+left, fmt.Sprintf(" %d/", run)) {
		s.Errorf("run %d left %q behind", run, left)
	}
	if n := get[int](s.TB, s.db, `select count(*) from job_step where run_id = $1 and undo <> '' and state <> 'undone'`, run); n != 0 {
		s.Errorf("%d steps of run %d are not taken back", n, run)
	}
	if n := strings.Count(s.log(run), "hook\n"); n != 1 {
		s.Errorf("the end of run %d was told %d times\n%s", run, n, s.log(run))
	}
}

// A process dies at each statement that it sends while it works a run, just before or just
// after. Another one finds the run, takes back what is left, and does it: the run succeeds,
// nothing is left, and its end is told once.
func TestKilledAtEveryStatement(t *testing.T) {
	s := newScene(t, job.Definition{Policy: job.Policy{Exclusive: "one"}})
	s.hooked()
	whole := s.ask(job.Ask{})
	statements, _ := s.dies(whole.ID, 0, false)
	s.is(whole.ID, job.Succeeded)
	s.clean(whole.ID)
	s.said()
	if statements < 30 {
		t.Errorf("only %d statements", statements)
	}
	for _, after := range []bool{false, true} {
		for n := 1; n <= statements; n++ {
			r := s.ask(job.Ask{})
			if _, dead := s.dies(r.ID, n, after); !dead && n < statements-4 { // how often it writes its log differs
				t.Fatalf("it did not die at %d of %d\n%s", n, statements, s.log(r.ID))
			}
			s.converge(r.ID)
			if row := s.row(r.ID); row.State != job.Succeeded || row.Attempt > 2 || row.Failures != 0 {
				t.Errorf("killed at %d (after: %v): %s in try %d\n%s", n, after, row.State, row.Attempt, s.log(r.ID))
			}
			s.clean(r.ID)
			ends := 0
			for _, line := range s.said() {
				if strings.Contains(line, "done in") {
					ends++
				}
			}
			if ends != 1 {
				t.Errorf("killed at %d (after: %v): its end was said %d times", n, after, ends)
			}
		}
	}
	if s.kind.most != 1 {
		t.Errorf("%d at once", s.kind.most)
	}
	t.Logf("%d statements, killed before and after each", statements)
}

// Whoever looks dies, too, at each statement: the next one goes on.
func TestKilledWhileLooking(t *testing.T) {
	s := newScene(t)
	s.hooked()
	prepare := func() job.Row {
		r := s.ask(job.Ask{})
		if _, dead := s.dies(r.ID, 25, false); !dead {
			t.Fatal("it did not die")
		}
		s.is(r.ID, job.Running)
		s.later(time.Minute)
		return r
	}
	look := func(n int, after bool) (int, bool) {
		living, kill := context.WithCancel(ctx)
		defer kill()
		d := &dying{DB: s.db, kill: kill, n: n, after: after}
		p := s.process("dying", d)
		_ = p.Look(living)
		return d.count, d.isDead()
	}
	r := prepare()
	statements, _ := look(0, false)
	s.converge(r.ID)
	for _, after := range []bool{false, true} {
		for n := 1; n <= statements; n++ {
			r := prepare()
			look(n, after)
			s.later(time.Minute)
			s.converge(r.ID)
			s.is(r.ID, job.Succeeded)
			s.clean(r.ID)
		}
	}
	t.Logf("%d statements", statements)
}

// A crash uses up no try, but three do: a job may be what kills its process.
func TestThreeCrashesAreAFailure(t *testing.T) {
	s := newScene(t, job.Definition{Policy: job.Policy{Tries: 2}})
	s.hooked()
	r := s.ask(job.Ask{})
	for crash := 1; crash <= 6; crash++ {
		s.is(r.ID, job.Queued)
		if _, dead := s.dies(r.ID, 30, false); !dead {
			t.Fatal("it did not die")
		}
		s.is(r.ID, job.Running)
		s.later(31 * time.Second)
		s.must(s.Look(ctx))
	}
	row := s.is(r.ID, job.Lost)
	if row.Crashes != 6 || row.Attempt != 6 {
		t.Errorf("%+v", row)
	}
	s.clean(r.ID)
	said := s.said()
	if last := said[len(said)-1]; !strings.Contains(last, "lost: whatever did it died 6 times, and nobody knows what came of it. !job logs 1 tells more.") {
		t.Error(last)
	}
}

// A worker that is silent for too long is taken over. When it comes back it writes nothing
// more, and is told to stop.
func TestAnOldWorkerComesBack(t *testing.T) {
	s := newScene(t)
	s.hooked()
	s.Renew = 20 * time.Millisecond
	gate, inside := make(chan struct{}), make(chan struct{})
	var old error
	s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		if r.Attempt > 1 {
			return s.kind.three(ctx, r)
		}
		if err := s.kind.step(ctx, r, "old", nil); err != nil {
			return job.Result{}, err
		}
		close(inside)
		<-gate // its machine stands still
		<-ctx.Done()
		old = context.Cause(ctx)
		r.Logf(ctx, "the dead speak")
		r.Progress(99, 100, "ghosts")
		if err := r.Say(context.WithoutCancel(ctx), "boo"); err == nil {
			t.Error("an old worker says something")
		}
		if err := s.kind.step(context.WithoutCancel(ctx), r, "ghost", nil); err == nil {
			t.Error("an old worker begins a step")
		}
		return job.Result{Said: "boo"}, nil
	}
	stalled := &stalling{DB: s.db}
	p := s.process("old", stalled)
	p.Renew, p.Lease = s.Renew, s.Lease
	r := s.ask(job.Ask{})
	var working sync.WaitGroup
	working.Go(func() { _, _ = p.WorkOnce(ctx, job.WorkArgs{Run: r.ID, Attempt: 1}) })
	<-inside
	stalled.hold()
	// What was on its way when it stalled may still arrive: the lease is over when it is.
	eventually(t, "it is taken over", func() bool {
		s.later(31 * time.Second)
		s.must(s.Look(ctx))
		return s.row(r.ID).State == job.Queued
	})
	s.Renew = 0
	s.work(r.ID)
	s.is(r.ID, job.Succeeded)
	lines := s.log(r.ID)
	stalled.release()
	close(gate)
	working.Wait()
	if row := s.is(r.ID, job.Succeeded); s.log(r.ID) != lines || row.Said != "Three things were made." || row.Unit != "things" {
		t.Errorf("the old worker wrote:\n%s", s.log(r.ID))
	}
	if old == nil || !strings.Contains(old.Error(), "no longer has the run") {
		t.Errorf("it was told %v", old)
	}
	s.clean(r.ID)
	for _, line := range s.said() {
		if strings.Contains(line, "boo") {
			t.Error(line)
		}
	}
}
