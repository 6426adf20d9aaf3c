package job_test

import (
	"context"
	"testing"
	"time"

	"batsignal/integrations/job"
)

// A process is killed, and the next one knows that it is dead: what it had goes on at once.
// One of which that is not known has the time of its lease.
func TestWhatADeadProcessHadGoesOnAtOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		dead  func(string) bool
		waits time.Duration // for how long the run stands still, on the clock of the story
	}{
		{"nothing is known", nil, 30 * time.Second},
		{"it may live", func(string) bool { return false }, 30 * time.Second},
		{"it is dead", func(worker string) bool { return worker == "dying-30" }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t)
			s.hooked()
			r := s.ask(job.Ask{})
			if _, dead := s.dies(r.ID, 30, false); !dead {
				t.Fatal("it did not die")
			}
			s.is(r.ID, job.Running)
			s.Dead = c.dead
			died := s.clock()
			for s.row(r.ID).State != job.Queued {
				s.must(s.Look(ctx))
				if s.row(r.ID).State != job.Queued {
					s.later(time.Second)
				}
				if s.clock().Sub(died) > time.Minute {
					t.Fatal("it is never taken back")
				}
			}
			if waited := s.clock().Sub(died); waited != c.waits {
				t.Errorf("it stood still for %s, and not for %s", waited, c.waits)
			}
			s.work(r.ID)
			s.is(r.ID, job.Succeeded)
			s.clean(r.ID)
		})
	}
}

// Who lives is not taken for dead, whatever is said of it: this process itself, and nobody.
func TestWhoLivesKeepsItsRuns(t *testing.T) {
	s := newScene(t)
	s.hooked()
	s.Dead = func(string) bool { return true }
	inside, gate := make(chan struct{}), make(chan struct{})
	s.kind.do = func(_ context.Context, r *job.Run) (job.Result, error) {
		close(inside)
		<-gate
		return job.Result{}, nil
	}
	r := s.ask(job.Ask{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.work(r.ID)
	}()
	<-inside
	s.must(s.Look(ctx))
	s.is(r.ID, job.Running)
	close(gate)
	<-ended
	s.is(r.ID, job.Succeeded)
}
