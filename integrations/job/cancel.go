package job

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

const sqlCancelRun = `
	update job_run set cancel_at = @now, cancel_by = @by, cancel_words = @words
	where id = @run and cancel_at is null and state in ('running', 'undoing')`

// What ended the context of a run ([context.Cause]).
var (
	ErrCancelled = errors.New("somebody cancelled the run")
	ErrTimedOut  = errors.New("the run took too long")
)

// Cancel ends a run: one that waits at once, one that runs as soon as it stops by itself. What
// it left is taken back in any case. Who cancels twice changes nothing.
func (s *Service) Cancel(ctx context.Context, a oncall.Actor, run int64, reason string) (Row, error) {
	var r Row
	err := s.change(ctx, s.DB, func(c *change) error {
		before, err := c.lock(run)
		if err != nil {
			return err
		}
		if err := c.cancel(before, a, s.clean(reason, longestReason)); err != nil {
			return err
		}
		r, err = oneRow(ctx, c.tx, sqlRun, run)
		return err
	})
	if err == nil {
		s.wake(run)
	}
	return r, err
}

func (c *change) cancel(r Row, a oncall.Actor, reason string) error {
	if d, err := c.Definition(r.Job); err == nil && d.Policy.Admin && (r.AskedBy == nil || *r.AskedBy != a.PersonID) {
		if err := c.mustAdmin(a, "Only admins, and whoever asked for it, cancel "+d.Name+"."); err != nil {
			return err
		}
	}
	who := a.Who()
	switch {
	case r.State.Ended():
		return fault.New(fault.Conflict, "%s is over: %s.", r.Ref(), r.State.Words())
	case r.CancelAt != nil:
		return nil
	case r.State == Asked || r.State == Queued:
		r.Said = c.clean(who+" cancelled it before it began"+reasonWords(reason)+".", longestSaid)
		if r.Attempt > 0 {
			r.Said = c.clean(who+" cancelled it before it was tried again"+reasonWords(reason)+".", longestSaid)
		}
		return c.over(r, Cancelled, a)
	case r.State == Undoing && r.Outcome != Queued:
		return fault.New(fault.Conflict, "%s is over already; what it left is being taken back.", r.Ref())
	}
	if _, err := c.tx.Exec(c.ctx, sqlCancelRun, pgx.NamedArgs{
		"run": r.ID, "now": c.now, "by": pg.NullID(a.PersonID), "words": oncall.Clip(who+reasonWords(reason), 200),
	}); err != nil {
		return err
	}
	return c.note(r, a, who+" cancelled it"+reasonWords(reason)+".")
}

// Hear is for whoever listens on [Channel]: a run of this process looks at once whether it was
// cancelled, and not only when its lease is renewed. It does not wait.
func (s *Service) Hear(run int64) { s.wake(run) }

func (s *Service) wake(run int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.live[run] <- struct{}{}: // a nil channel is never ready
	default:
	}
}
