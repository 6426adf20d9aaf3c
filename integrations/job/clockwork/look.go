package clockwork

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/integrations/job/cron"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

// grace is how late a time may be used without having been missed: a restart takes less.
const grace = 5 * time.Minute

const (
	sqlAsked = `update job_schedule set next_at = @next, last_at = @slot, held_at = null where job = @job`
	sqlMoved = `update job_schedule set next_at = @next where job = @job`
	sqlHeld  = `update job_schedule set next_at = @next, held_at = coalesce(held_at, @now) where job = @job`
	// One that waits, also for its next try, will do for all times that pass meanwhile.
	sqlWaits = `
		select exists (select from job_run where job = @job and scheduled_for is not null and state in ('asked', 'queued'))`
)

// Look asks for what is due, and tells of what did not report. It may be called every few
// seconds, in any process; what goes wrong with one job holds up no other.
func (s *Service) Look(ctx context.Context) error {
	rows, err := s.List(ctx)
	if err != nil {
		return err
	}
	now := s.Now()
	var all []error
	for _, r := range rows {
		if r.needs(now) {
			if err := s.lookAt(ctx, r.Job); err != nil {
				all = append(all, fmt.Errorf("schedule of %s: %w", r.Job, err))
			}
		}
	}
	return errors.Join(all...)
}

// needs tells whether there is anything to do with a row, before it is locked.
func (r Row) needs(now time.Time) bool { return r.due(now) || r.astray(now) || r.news(now) != nothing }

func (r Row) due(now time.Time) bool {
	return r.PausedAt == nil && r.NextAt != nil && !r.NextAt.After(now)
}

// astray tells whether the next time is one that was reckoned by a clock that was wrong: it
// would be waited for.
func (r Row) astray(now time.Time) bool {
	if r.NextAt == nil || !r.NextAt.After(now) {
		return false
	}
	rule, err := cron.Parse(r.Rule, r.Zone)
	return err == nil && r.NextAt.After(rule.Next(now))
}

// lookAt does what there is to do with one job, in one transaction: a time is used if and
// only if the run for it is asked for.
func (s *Service) lookAt(ctx context.Context, name string) error {
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		rows, err := list(ctx, tx, sqlTakeOne, pgx.NamedArgs{"job": name})
		if err != nil || len(rows) == 0 {
			return err // another process is at it, or it is gone
		}
		r, now := rows[0], s.Now()
		if r.due(now) || r.astray(now) {
			if err := s.turn(ctx, tx, now, r); err != nil {
				return err
			}
		}
		return s.tell(ctx, tx, now, r)
	})
}

// turn uses a time that has come, or not, and reckons the next one.
func (s *Service) turn(ctx context.Context, tx pgx.Tx, now time.Time, r Row) error {
	rule, err := cron.Parse(r.Rule, r.Zone)
	if err != nil {
		return err
	}
	slot, next := *r.NextAt, rule.Next(now)
	if r.Missed == job.MissedSkip && now.Sub(slot) > grace {
		slot = rule.Next(now.Add(-grace)) // the first that is not missed yet
	}
	move := func(sql string) error {
		_, err := tx.Exec(ctx, sql, pgx.NamedArgs{"job": r.Job, "next": next, "slot": slot, "now": now})
		return err
	}
	if slot.After(now) {
		return move(sqlMoved)
	}
	var waits bool
	if err := tx.QueryRow(ctx, sqlWaits, pgx.NamedArgs{"job": r.Job}).Scan(&waits); err != nil {
		return err
	}
	if waits {
		s.Log.Info("a time of a schedule passes, since the run before it has not begun", slog.String("job", r.Job), slog.Time("slot", slot))
		return move(sqlMoved)
	}
	d, err := s.Jobs.Definition(r.Job)
	if err != nil {
		return move(sqlMoved) // the file has changed; Sync is about to remove the row
	}
	why, until, err := s.frozen(ctx, tx, now, d)
	if err != nil {
		return err
	}
	if why != "" {
		if again := job.SameTime(slot, now, r.Zone); r.Missed == job.MissedOnce && again.Before(next) {
			next = again
		}
		return errors.Join(move(sqlHeld), s.sayHeld(ctx, tx, now, r, slot, why, until))
	}
	_, err = s.Jobs.AskIn(ctx, tx, job.Ask{Job: r.Job, ScheduledFor: slot, Key: "schedule/" + r.Job + "/" + slot.UTC().Format(time.RFC3339)})
	if refused := (*fault.Error)(nil); errors.As(err, &refused) && refused.Kind != fault.Internal && refused.Kind != fault.Unready {
		s.Log.Warn("a schedule is refused", slog.String("job", r.Job), slog.Any("error", err))
		return errors.Join(move(sqlHeld), s.sayRefused(ctx, tx, now, r, slot, refused.Say))
	}
	if err != nil {
		return err
	}
	return move(sqlAsked)
}

func (s *Service) frozen(ctx context.Context, tx pgx.Tx, now time.Time, d job.Definition) (why string, until time.Time, err error) {
	if !d.Policy.Risky || s.Jobs.Frozen == nil {
		return "", time.Time{}, nil
	}
	return s.Jobs.Frozen(ctx, tx, now)
}

// sayHeld says once that a freeze holds a job.
func (s *Service) sayHeld(ctx context.Context, tx pgx.Tx, now time.Time, r Row, slot time.Time, why string, until time.Time) error {
	if r.HeldAt != nil {
		return nil
	}
	then := "It runs at the next of its times that is not frozen"
	if r.Missed == job.MissedOnce {
		then = "It runs at that time of the first day that is not frozen"
	}
	return s.say(ctx, tx, now, fmt.Sprintf("Not started: the job %s was due at %s, it is risky, and %s, until %s. %s (!job schedule). If it cannot wait: !job run %s --override --reason \"why\".",
		r.Job, stamp(slot), why, stamp(until), then, r.Job))
}

// sayRefused says once that a schedule asks for what is refused.
func (s *Service) sayRefused(ctx context.Context, tx pgx.Tx, now time.Time, r Row, slot time.Time, why string) error {
	if r.HeldAt != nil {
		return nil
	}
	return s.say(ctx, tx, now, oncall.Clip(fmt.Sprintf("Not started: the job %s was due at %s, and it is refused: %s", r.Job, stamp(slot), why), 1800)+
		" An admin has to put that right in the file of jobs; this is not told again until it runs.",
		notice.Action{Label: "Try it", Command: "job run " + r.Job, Says: "The job is asked for now.", Grave: true})
}
