package clockwork

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/integrations/job/cron"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

const (
	sqlPause = `update job_schedule set paused_at = @now, paused_by = @by where job = @job`
	// Times that passed while it was paused were not missed.
	sqlResume = `update job_schedule set paused_at = null, paused_by = '', next_at = @next, held_at = null where job = @job`
)

// Pause has a job not run by itself until somebody resumes it; a run that waits for the end of
// a freeze is cancelled. That it is expected to succeed stays: what is paused and forgotten is
// told of. One that is paused already is a fault.Conflict.
func (s *Service) Pause(ctx context.Context, by oncall.Actor, name string) (Row, error) {
	r, err := s.change(ctx, by, name, "paused", func(tx pgx.Tx, r *Row) error {
		if r.PausedAt != nil {
			return fault.New(fault.Conflict, "The schedule of %s is paused already, since %s by %s.", name, stamp(*r.PausedAt), r.PausedBy)
		}
		now := s.Now()
		r.PausedAt, r.PausedBy = &now, oncall.Clip(by.Who(), 100)
		_, err := tx.Exec(ctx, sqlPause, pgx.NamedArgs{"job": name, "now": now, "by": r.PausedBy})
		return err
	})
	if err != nil {
		return r, err
	}
	// It would begin days later, when nobody thinks of it any more.
	waiting, err := s.Jobs.Recent(ctx, job.Query{Job: name, States: []job.State{job.Queued}})
	for _, run := range waiting {
		if !run.Frozen() || !run.Scheduled() {
			continue
		}
		if _, failed := s.Jobs.Cancel(ctx, by, run.ID, "its schedule is paused"); failed != nil && fault.KindOf(failed) != fault.Conflict {
			err = errors.Join(err, failed)
		}
	}
	return r, err
}

// Resume has a job run by itself again, from the next of its times on. One that is not paused
// is a fault.Conflict.
func (s *Service) Resume(ctx context.Context, by oncall.Actor, name string) (Row, error) {
	return s.change(ctx, by, name, "resumed", func(tx pgx.Tx, r *Row) error {
		if r.PausedAt == nil {
			return fault.New(fault.Conflict, "The schedule of %s is not paused: it runs next at %s.", name, stamp(*r.NextAt))
		}
		rule, err := cron.Parse(r.Rule, r.Zone)
		if err != nil {
			return err
		}
		next := rule.Next(s.Now())
		r.PausedAt, r.PausedBy, r.NextAt, r.HeldAt = nil, "", &next, nil
		_, err = tx.Exec(ctx, sqlResume, pgx.NamedArgs{"job": name, "next": next})
		return err
	})
}

func (s *Service) change(ctx context.Context, by oncall.Actor, name, did string, fn func(tx pgx.Tx, r *Row) error) (r Row, err error) {
	d, err := s.Jobs.Definition(name)
	if err != nil {
		return Row{}, err
	}
	if d.Policy.Admin {
		admin := false
		if s.Jobs.IsAdmin != nil {
			if admin, err = s.Jobs.IsAdmin(ctx, by); err != nil {
				return Row{}, err
			}
		}
		if !admin {
			return Row{}, fault.New(fault.Forbidden, "The job %s is for administrators, and so is when it runs.", name)
		}
	}
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		rows, err := list(ctx, tx, sqlLock, pgx.NamedArgs{"job": name})
		switch {
		case err != nil:
			return err
		case len(rows) == 0 || rows[0].NextAt == nil:
			return fault.New(fault.NotFound, "The job %s has no schedule: it runs when somebody asks for it, with !job run %s.", name, name)
		}
		r = rows[0]
		if err := fn(tx, &r); err != nil {
			return err
		}
		return audit.Record(ctx, tx, s.Now(), by.By(), audit.Change{Kind: "job schedule", Subject: name, Says: fmt.Sprintf("%s the schedule of %s", did, name)})
	})
	return r, err
}
