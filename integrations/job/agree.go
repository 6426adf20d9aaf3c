package job

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

const (
	sqlInsertVerdict = `
		insert into job_verdict (run_id, person_id, handle, yes, reason, at) values (@run, @person, @handle, @yes, @reason, @now)
		on conflict do nothing`
	sqlQueueRun = `update job_run set state = 'queued' where id = @run and state = 'asked'`
)

// Approve says that somebody agrees to a run that waits for it. When enough did, it is queued.
// Nobody agrees to what they asked for themselves, nor twice.
func (s *Service) Approve(ctx context.Context, a oncall.Actor, run int64, reason string) (Row, error) {
	return s.judge(ctx, a, run, reason, (*change).approve)
}

// Deny says that a run is not to be done; one person is enough.
func (s *Service) Deny(ctx context.Context, a oncall.Actor, run int64, reason string) (Row, error) {
	return s.judge(ctx, a, run, reason, (*change).deny)
}

func (s *Service) judge(ctx context.Context, a oncall.Actor, run int64, reason string, fn func(*change, Definition, Row, oncall.Actor, string) error) (Row, error) {
	if a.PersonID == 0 {
		return Row{}, fault.New(fault.Forbidden, "Only people of the roster agree to a run: log in to a network's services, and say it there.")
	}
	var r Row
	err := s.change(ctx, s.DB, func(c *change) error {
		before, err := c.lock(run)
		if err != nil {
			return err
		}
		d, err := c.mayJudge(before, a)
		if err != nil {
			return err
		}
		if err := fn(c, d, before, a, s.clean(reason, longestReason)); err != nil {
			return err
		}
		r, err = oneRow(ctx, c.tx, sqlRun, run)
		return err
	})
	return r, err
}

// mayJudge tells whether somebody may agree to a run now, or deny it.
func (c *change) mayJudge(r Row, a oncall.Actor) (Definition, error) {
	switch {
	case r.State != Asked:
		return Definition{}, fault.New(fault.Conflict, "%s does not wait for anybody to agree (%s).", r.Ref(), r.State.Words())
	case !c.now.Before(r.AskedAt.Add(requestLife)):
		return Definition{}, fault.New(fault.Conflict, "%s was asked for more than a day ago. Ask for it again.", r.Ref())
	}
	d, err := c.Definition(r.Job)
	if err != nil {
		return d, err
	}
	if d.Policy.Admin {
		if err := c.mustAdmin(a, "Only admins agree to "+d.Name+"."); err != nil {
			return d, err
		}
	}
	return d, nil
}

func (c *change) mustAdmin(a oncall.Actor, say string) error {
	if c.IsAdmin == nil {
		return fault.New(fault.Forbidden, "%s", say)
	}
	admin, err := c.IsAdmin(c.ctx, a)
	if err == nil && !admin {
		err = fault.New(fault.Forbidden, "%s", say)
	}
	return err
}

func (c *change) approve(d Definition, r Row, a oncall.Actor, reason string) error {
	if r.AskedBy != nil && *r.AskedBy == a.PersonID {
		return fault.New(fault.Forbidden, "You asked for %s yourself: somebody else has to agree.", r.Ref())
	}
	if err := c.verdict(r, a, true, reason); err != nil {
		return err
	}
	agreed := r.Agreed + 1
	text := a.Who() + " agreed" + reasonWords(reason)
	if err := c.note(r, a, text+"."); err != nil {
		return err
	}
	to, err := c.places(r, false, true)
	if err != nil {
		return err
	}
	if agreed < r.Approvals {
		c.say(r, to, fmt.Sprintf("%s (%d/%d).", text, agreed, r.Approvals))
		return nil
	}
	if d.Policy.Risky && !r.Override {
		// Asked for before a freeze, and agreed to in it.
		why, until, err := c.frozen()
		if err != nil {
			return err
		}
		if why != "" {
			return fault.New(fault.Conflict, "Nothing risky is done now: %s, until %s. Agree to it after that, or have it asked for again with --override.", trimmed(why), when(until, a.Zone))
		}
	}
	if _, err := c.tx.Exec(c.ctx, sqlQueueRun, pgx.NamedArgs{"run": r.ID}); err != nil {
		return err
	}
	c.say(r, to, fmt.Sprintf("%s (%d/%d).", text, agreed, r.Approvals))
	return c.enqueue(r, time.Time{})
}

func (c *change) deny(_ Definition, r Row, a oncall.Actor, reason string) error {
	if err := c.verdict(r, a, false, reason); err != nil {
		return err
	}
	r.Said = c.clean(a.Who()+" denied it"+reasonWords(reason)+".", longestSaid)
	return c.over(r, Denied, a)
}

// verdict keeps what somebody said, once.
func (c *change) verdict(r Row, a oncall.Actor, yes bool, reason string) error {
	tag, err := c.tx.Exec(c.ctx, sqlInsertVerdict, pgx.NamedArgs{
		"run": r.ID, "person": pg.NullID(a.PersonID), "handle": a.Who(), "yes": yes, "reason": reason, "now": c.now,
	})
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.New(fault.Conflict, "You agreed to %s already. !job cancel %d stops it.", r.Ref(), r.ID)
	}
	return err
}

// note puts a line into the log of a run and on the timeline of its incident.
func (c *change) note(r Row, a oncall.Actor, text string) error {
	if err := c.log(r, oncall.UpperFirst(text)); err != nil {
		return err
	}
	return c.record(r, a, r.Ref()+": "+text)
}
