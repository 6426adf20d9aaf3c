package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
)

const (
	sqlOldRequests = `select id from job_run where state = 'asked' and asked_at <= @before order by id`
	sqlLapsed      = `
		select id from job_run where state in ('running', 'undoing') and leased_until <= @now order by leased_until limit 100`
	sqlTakeUndoing = `
		update job_run set fence = fence + 1, leased_by = @me, leased_until = @until where id = @run and state = 'undoing'`
	// A job of River that still runs although its run has not begun is one whose process died.
	sqlForgotten = `
		select r.id from job_run r
		where r.state = 'queued' and (r.not_before is null or r.not_before <= @now) and not exists (
			select from river_job j where j.kind = 'job_run' and (j.args->>'run')::bigint = r.id
				and (j.state in ('available', 'scheduled', 'retryable', 'pending') or j.state = 'running' and j.attempted_at > @fresh))
		order by r.id limit 100`
	sqlOverRuns = `select id from job_run where id = any(@ids) and ended_at is not null`
)

const (
	// mostAtOnce is how many runs are taken back at once: one that hangs holds up few others.
	mostAtOnce = 4
	// claimTime is how long a job of River may take until its run has begun.
	claimTime = 2 * time.Minute
)

// Look finds what nobody else goes on with: requests that are a day old, runs whose worker
// died, what could not be taken back before, runs that wait for a worker that does not come,
// and directories of runs that are over. It is a chore for every few seconds; in several
// processes at once it does no harm. It comes back when all of it was tried.
func (s *Service) Look(ctx context.Context) error {
	now := s.Now()
	old, err := s.ids(ctx, sqlOldRequests, pgx.NamedArgs{"before": now.Add(-requestLife)})
	errs := []error{err}
	for _, run := range old {
		errs = append(errs, s.expire(ctx, run))
	}
	lapsed, err := s.ids(ctx, sqlLapsed, pgx.NamedArgs{"now": now})
	dead, again := s.leftByDead(ctx)
	lapsed, err = append(lapsed, dead...), errors.Join(err, again)
	// A lease of ours lapses when the clock jumps, or when we stood still: whoever does the run
	// finds that out by itself, and must not be taken back while it lives.
	lapsed = slices.DeleteFunc(lapsed, s.lives)
	errs = append(errs, err, s.rescue(ctx, lapsed))
	forgotten, err := s.ids(ctx, sqlForgotten, pgx.NamedArgs{"now": now, "fresh": now.Add(-claimTime)})
	errs = append(errs, err)
	for _, run := range forgotten {
		errs = append(errs, s.remind(ctx, run))
	}
	return errors.Join(append(errs, s.sweep(ctx))...)
}

func (s *Service) ids(ctx context.Context, sql string, args pgx.NamedArgs) ([]int64, error) {
	rows, err := s.DB.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// expire ends a request that nobody agreed to.
func (s *Service) expire(ctx context.Context, run int64) error {
	return s.change(ctx, s.DB, func(c *change) error {
		r, err := c.lock(run)
		if err != nil || r.State != Asked || c.now.Before(r.AskedAt.Add(requestLife)) {
			return err
		}
		r.Said = fmt.Sprintf("it expired: %d of %d agreed within a day.", r.Agreed, r.Approvals)
		return c.over(r, Expired, oncall.Actor{})
	})
}

// rescue takes runs over whose leases are over, and takes back what they left.
func (s *Service) rescue(ctx context.Context, runs []int64) error {
	errs := make([]error, len(runs))
	gate := make(chan struct{}, mostAtOnce)
	var working sync.WaitGroup
	for i, run := range runs {
		gate <- struct{}{}
		working.Go(func() {
			defer func() { <-gate }()
			r, err := s.takeOver(ctx, run)
			if err != nil || r.ID == 0 {
				errs[i] = err
				return
			}
			h := s.hold(ctx, r, func(error) {})
			defer h.release()
			s.tidy(h, r)
		})
	}
	working.Wait()
	return errors.Join(errs...)
}

// lives tells whether this process does a run.
func (s *Service) lives(run int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, is := s.live[run]
	return is
}

// takeOver takes a run whose lease is over; no number is that somebody else did.
func (s *Service) takeOver(ctx context.Context, run int64) (taken Row, err error) {
	err = s.change(ctx, s.DB, func(c *change) error {
		taken = Row{}
		r, err := c.lock(run)
		if err != nil {
			return err
		}
		if r.LeasedUntil == nil || r.LeasedUntil.After(c.now) && !c.died(r.LeasedBy) {
			return nil
		}
		until := c.now.Add(c.lease())
		switch r.State {
		case Running:
			if _, err := c.settle(r, settling{verdict: verdict{outcome: Lost}, taken: 1, by: c.Me, until: until}); err != nil {
				return err
			}
			if err := c.note(r, oncall.Actor{}, "whatever did it died; what it left is taken back."); err != nil {
				return err
			}
		case Undoing:
			if _, err := c.tx.Exec(ctx, sqlTakeUndoing, pgx.NamedArgs{"run": run, "me": c.Me, "until": until}); err != nil {
				return err
			}
		default:
			return nil
		}
		taken, err = oneRow(ctx, c.tx, sqlRun, run)
		return err
	})
	return taken, err
}

// remind has a worker come for a run that was forgotten.
func (s *Service) remind(ctx context.Context, run int64) error {
	return s.change(ctx, s.DB, func(c *change) error {
		r, err := c.lock(run)
		if err != nil || r.State != Queued {
			return err
		}
		return c.enqueue(r, time.Time{})
	})
}

var scratchName = regexp.MustCompile(`^run-([1-9][0-9]{0,17})-[0-9]+-`)

// sweep removes directories of runs that are over: one that died on another machine was ended
// by a process that cannot reach what it left here.
func (s *Service) sweep(ctx context.Context) error {
	if s.ScratchRoot == "" {
		return nil
	}
	entries, err := os.ReadDir(s.ScratchRoot)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	dirs := map[int64][]string{}
	var ids []int64
	for _, e := range entries {
		if m := scratchName.FindStringSubmatch(e.Name()); m != nil {
			id, _ := strconv.ParseInt(m[1], 10, 64) // its shape is checked
			dirs[id] = append(dirs[id], filepath.Join(s.ScratchRoot, e.Name()))
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	over, err := s.ids(ctx, sqlOverRuns, pgx.NamedArgs{"ids": ids})
	errs := []error{err}
	for _, id := range over {
		for _, dir := range dirs[id] {
			errs = append(errs, removeAll(dir))
		}
	}
	return errors.Join(errs...)
}
