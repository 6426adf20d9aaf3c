package job_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/integrations/job"
)

// Whatever people ask, agree to, deny and cancel, whichever processes die at whichever
// statement, in any order: each run comes to exactly one end, which is told once and never
// changes; every step that began is taken back; and two runs of one word are never at once.
func TestAnyOrderOfThings(t *testing.T) {
	s := newScene(t,
		job.Definition{Name: "free", Policy: job.Policy{Tries: 2, Rest: time.Second, Exclusive: "word"}, Params: []job.Param{{Name: "how", Type: job.ParamChoice, Choices: []string{"well", "badly", "long"}}}},
		job.Definition{Name: "agreed", Policy: job.Policy{Approvals: 2, Exclusive: "word"}, Params: []job.Param{{Name: "how", Type: job.ParamChoice, Choices: []string{"well", "badly", "long"}}}},
	)
	s.hooked()
	began := make(chan int64, 1000)
	s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		if r.Params["how"] == "long" && r.Attempt < 3 {
			return job.Result{}, s.kind.step(ctx, r, "long", func(ctx context.Context) error {
				began <- r.ID
				<-ctx.Done()
				return context.Cause(ctx)
			})
		}
		result, err := s.kind.three(ctx, r)
		if r.Params["how"] == "badly" && err == nil {
			err = errBroken
		}
		return result, err
	}
	rapid.Check(t, func(t *rapid.T) {
		var runs []int64
		var working sync.WaitGroup
		var kills []context.CancelFunc
		var workers []worker
		ended := map[int64]job.State{}
		see := func() {
			for _, run := range runs {
				state := s.row(run).State
				if before, ok := ended[run]; ok && before != state {
					t.Fatalf("run %d was %s and is %s", run, before, state)
				}
				if state.Ended() {
					ended[run] = state
				}
			}
		}
		pick := func() int64 { return rapid.SampledFrom(runs).Draw(t, "run") }
		steps := rapid.IntRange(3, 25).Draw(t, "steps")
		for range steps {
			what := "ask"
			if len(runs) > 0 {
				what = rapid.SampledFrom([]string{"ask", "approve", "approve", "deny", "cancel", "work", "work", "die", "die", "look", "time"}).Draw(t, "what")
			}
			switch what {
			case "ask":
				name, how := rapid.SampledFrom([]string{"free", "agreed"}).Draw(t, "job"), rapid.SampledFrom([]string{"well", "badly", "long"}).Draw(t, "how")
				runs = append(runs, s.ask(job.Ask{Job: name, Params: job.Params{"how": how}}).ID)
			case "approve":
				_, _ = s.Approve(ctx, s.as(rapid.SampledFrom([]string{"ada", "bea", "cem"}).Draw(t, "who")), pick(), "")
			case "deny":
				_, _ = s.Deny(ctx, s.as("dora"), pick(), "")
			case "cancel":
				_, _ = s.Cancel(ctx, s.as("bea"), pick(), "")
			case "look":
				s.must(s.Look(ctx))
			case "time":
				s.later(rapid.SampledFrom([]time.Duration{time.Second, 31 * time.Second, 25 * time.Hour}).Draw(t, "later"))
				// Whoever lives renews its lease before anybody looks.
				for _, w := range workers {
					eventually(s.TB, "leases are renewed", func() bool {
						row := s.row(w.run)
						return w.over() || w.d.isDead() || row.State != job.Running || row.LeasedUntil.After(s.clock())
					})
				}
			case "work", "die":
				run, n := pick(), 0
				if what == "die" {
					n = rapid.IntRange(1, 120).Draw(t, "at")
				}
				row := s.row(run)
				living, kill := context.WithCancel(ctx)
				kills = append(kills, kill)
				d := &dying{DB: s.db, kill: kill, n: n, after: n%2 == 1}
				p := s.process(fmt.Sprint("p", rand.Int()), d)
				p.Renew = 5 * time.Millisecond
				done := make(chan struct{})
				workers = append(workers, worker{run: run, d: d, done: done})
				working.Go(func() {
					defer close(done)
					_, _ = p.WorkOnce(living, job.WorkArgs{Run: run, Attempt: row.Attempt + 1})
				})
				select { // a long one goes on beside what comes next
				case <-done:
				case <-began:
				}
			}
			see()
		}
		// Everybody who still works is stopped or killed, and then all comes to its end.
		for _, kill := range kills {
			kill()
		}
		working.Wait()
		for range 200 {
			open := 0
			for _, run := range runs {
				row := s.row(run)
				if row.State.Ended() {
					continue
				}
				open++
				if row.State == job.Queued && row.Params["how"] == "long" && row.Attempt < 2 {
					_, _ = s.Cancel(ctx, s.as("bea"), run, "")
				} else if row.State == job.Queued {
					s.work(run)
				}
			}
			if open == 0 {
				break
			}
			s.later(time.Hour)
			s.must(s.Look(ctx))
			see()
		}
		see()
		for _, run := range runs {
			if !s.row(run).State.Ended() {
				t.Fatalf("run %d does not end: %+v\n%s", run, s.row(run), s.log(run))
			}
			s.clean(run)
		}
		if s.kind.most > 1 {
			t.Fatalf("%d at once", s.kind.most)
		}
		if s.Failed() {
			t.FailNow()
		}
	})
	t.Logf("ended: %s", get[string](t, s.db, `select string_agg(state || ' ' || n, ', ' order by state) from (select state, count(*) as n from job_run group by state) x`))
}

// worker is a process that works a run, and may be dead.
type worker struct {
	run  int64
	d    *dying
	done chan struct{}
}

func (w worker) over() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}
