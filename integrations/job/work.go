package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

// WorkArgs is the job of River that has a run begun.
type WorkArgs struct {
	Run     int64 `json:"run"`
	Attempt int   `json:"attempt"` // the number that the try will have
}

// Kind names the job for River.
func (WorkArgs) Kind() string { return "job_run" }

// Work does runs: it is the worker of the jobs of River on [Queue]. The rows say what is to be
// done, so a job that comes twice or late does no harm.
type Work struct {
	river.WorkerDefaults[WorkArgs]
	Service *Service
}

const (
	// riverGrace is how much longer than a try River lets it be: a try ends by a time-out of
	// our own, and what it left is taken back after that.
	riverGrace = 10 * time.Minute
	// busyRest is how long a run waits for another before it looks again.
	busyRest = 3 * time.Second
)

// Timeout tells River how long a try may take. Where it does not know which job it is, a try
// may take as long as the longest of them.
func (w *Work) Timeout(job *river.Job[WorkArgs]) time.Duration {
	longest := defaultTimeout
	for _, d := range w.Service.Definitions {
		longest = max(longest, d.Policy.timeout())
	}
	return longest + riverGrace
}

// Work implements [river.Worker].
func (w *Work) Work(ctx context.Context, job *river.Job[WorkArgs]) error {
	rest, err := w.Service.work(ctx, job.Args)
	if err == nil && rest > 0 {
		return river.JobSnooze(rest)
	}
	return err
}

// work does one try of a run, if it is still to be done; rest is how long it has to wait yet.
func (s *Service) work(ctx context.Context, args WorkArgs) (rest time.Duration, err error) {
	t, rest, err := s.claim(ctx, args)
	if pg.IsUnique(err, "job_run_alone") {
		return busyRest, s.waits(ctx, args.Run)
	}
	if err != nil || t == nil {
		return rest, err
	}
	s.do(ctx, t)
	return 0, nil
}

// try is a try of a run that this worker has.
type try struct {
	row Row // as it was taken
	def Definition
}

const (
	sqlClaimRun = `
		update job_run set state = 'running', attempt = attempt + 1, fence = fence + 1, started_at = @now, leased_by = @me, leased_until = @until,
			not_before = null, done = 0, total = 0, unit = '', doing = '', progress_from = null, progress_at = null, said = '', evidence = '[]',
			undo_tries = 0, stuck_at = null
		where id = @run and state = 'queued'`
	sqlHolder = `
		select h.id from job_run h join job_run r on r.exclusive = h.exclusive
		where r.id = @run and h.state in ('running', 'undoing') order by h.id limit 1`
	sqlWaits = `update job_run set doing = @doing where id = @run and state = 'queued' and doing <> @doing`
)

// claim takes a run to do it; nil if there is nothing to do. That another run has its word is
// an error of the index job_run_alone.
func (s *Service) claim(ctx context.Context, args WorkArgs) (t *try, rest time.Duration, err error) {
	err = s.change(ctx, s.DB, func(c *change) error {
		t, rest = nil, 0
		r, err := c.lock(args.Run)
		if fault.KindOf(err) == fault.NotFound && err != nil || err == nil && (r.State != Queued || r.Attempt != args.Attempt-1) {
			return nil // somebody else did, or nobody is to do it any more
		}
		if err != nil {
			return err
		}
		if r.NotBefore != nil && r.NotBefore.After(c.now) {
			rest = max(r.NotBefore.Sub(c.now), time.Second)
			return nil
		}
		d, err := c.Definition(r.Job)
		if err != nil || d.Type != r.Kind {
			r.Said = "it is not among the jobs of the configuration any more."
			return c.over(r, Cancelled, oncall.Actor{})
		}
		if d.Policy.Risky && !r.Override {
			why, until, err := c.frozen()
			if err != nil {
				return err
			}
			if why != "" {
				rest, err = c.caught(d, r, why, until)
				return err
			}
		}
		if _, err := c.tx.Exec(ctx, sqlClaimRun, pgx.NamedArgs{"run": r.ID, "now": c.now, "me": c.Me, "until": c.now.Add(c.lease())}); err != nil {
			return err
		}
		if r, err = oneRow(ctx, c.tx, sqlRun, r.ID); err != nil {
			return err
		}
		t = &try{row: r, def: d}
		return c.begins(d, r)
	})
	return t, rest, err
}

// atOnce is how long after it was asked for a run begins at once: whoever asked was told just
// now that it is next, and a second line would tell nothing new.
const atOnce = 10 * time.Second

// begins tells that a try begins: to people only the first one, and only if somebody asked.
// Where they asked, only if it is news there or if others will notice it.
func (c *change) begins(d Definition, r Row) error {
	text := "it begins"
	if r.Attempt > 1 {
		text = fmt.Sprintf("it begins again, for the %s time", ordinal(r.Attempt))
	}
	if err := c.note(r, oncall.Actor{}, text+"."); err != nil {
		return err
	}
	news := r.Approvals > 0 || c.now.Sub(r.AskedAt) > atOnce || d.Policy.Disrupts
	if r.Attempt > 1 || r.Scheduled() {
		return nil
	}
	to, err := c.places(r, false, d.Policy.Disrupts)
	if err != nil {
		return err
	}
	if !news {
		to = slices.DeleteFunc(to, r.askedAt)
	}
	text += paramWords(r.Params) + ", for " + r.AskedWords + "."
	if d.Policy.Disrupts {
		text += fmt.Sprintf(" People notice it: is an announcement due? !announce outage --run %d TEXT drafts one.", r.ID)
	}
	c.say(r, to, text)
	return nil
}

// askedAt tells whether a notice is for where a run was asked for.
func (r Row) askedAt(n notice.Notice) bool {
	return n.Network == r.Network && strings.EqualFold(n.Room, r.Room)
}

// waits notes that a run waits for another one, once for each that it waits for.
func (s *Service) waits(ctx context.Context, run int64) error {
	return s.change(ctx, s.DB, func(c *change) error {
		r, err := c.lock(run)
		if err != nil {
			return err
		}
		var holder int64
		if err := c.tx.QueryRow(ctx, sqlHolder, pgx.NamedArgs{"run": run}).Scan(&holder); errors.Is(err, pgx.ErrNoRows) {
			return nil // it has just ended
		} else if err != nil {
			return err
		}
		doing := fmt.Sprintf("waits for run %d", holder)
		tag, err := c.tx.Exec(ctx, sqlWaits, pgx.NamedArgs{"run": run, "doing": doing})
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return c.log(r, "It "+doing+".")
	})
}

// about is what a kind is told of a try.
func (s *Service) about(r Row) About {
	a := About{ID: r.ID, Job: r.Job, Params: r.Params, Attempt: r.Attempt, AskedAt: r.AskedAt, By: r.AskedWords, ScratchRoot: s.ScratchRoot}
	if r.Incident != nil {
		a.Incident = *r.Incident
	}
	if r.AskedBy != nil {
		a.ByPerson = *r.AskedBy
	}
	return a
}

func ordinal(n int) string {
	switch n {
	case 2:
		return "second"
	case 3:
		return "third"
	}
	return fmt.Sprintf("%dth", n)
}
