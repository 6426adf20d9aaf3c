package incidents

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// PagingPolicy is how long people are waited for who have answered.
type PagingPolicy struct {
	// ForgottenAfter is when somebody who acknowledged and was not heard since is rung
	// again, at severity 1; at others it takes twice as long. 0 is never.
	ForgottenAfter time.Duration
}

// DefaultPaging rings again after a quarter of an hour.
func DefaultPaging() PagingPolicy { return PagingPolicy{ForgottenAfter: 15 * time.Minute} }

func (p PagingPolicy) forgotten(severity int) time.Duration {
	if severity == 1 {
		return p.ForgottenAfter
	}
	return 2 * p.ForgottenAfter
}

// signOfLife is how much later than the acknowledgement a sign of life must be: the
// acknowledgement is one itself.
const signOfLife = 5 * time.Second

const (
	sqlAwaitSign = `
		update responder set check_at = @at, checks = 0
		where incident_id = @incident and role = @role and person_id = @person and left_at is null and check_at is null`
	sqlPeekCheck = `
		select id, incident_id, role, person_id, since, checks from responder
		where check_at <= @now and left_at is null order by check_at, id limit 1`
	sqlLockCheck = `
		select id, incident_id, role, person_id, since, checks from responder
		where id = @id and check_at <= @now and left_at is null for update`
	sqlSetCheck = `update responder set check_at = @at, checks = @checks where id = @id`
)

// check is somebody who acknowledged and must have been heard by now.
type check struct {
	ID         int64
	IncidentID int64
	Role       string
	PersonID   int64
	Since      time.Time
	Checks     int
}

// awaitSign begins to wait for a sign of life of somebody who acknowledged a page.
func (c *change) awaitSign(inc Incident, r oncall.Role, person int64) error {
	if c.Paging.ForgottenAfter <= 0 {
		return nil
	}
	c.rings = true // the pager must know when to look
	_, err := c.tx.Exec(c.ctx, sqlAwaitSign, pgx.NamedArgs{
		"incident": inc.ID, "role": r.Name, "person": person, "at": c.now.Add(c.Paging.forgotten(inc.Severity)),
	})
	return err
}

// checkForgotten looks after one of those who acknowledged and fell silent. They are rung
// again by name; if that stays without an answer too, their role is looked for anew.
func (s *Service) checkForgotten(ctx context.Context) (did bool, err error) {
	peek, found, err := oneCheck(ctx, s.DB, sqlPeekCheck, pgx.NamedArgs{"now": s.Now()})
	if err != nil || !found {
		return false, err
	}
	return true, s.change(ctx, func(c *change) error {
		inc, err := c.lock(peek.IncidentID)
		if err != nil {
			return err
		}
		one, still, err := oneCheck(c.ctx, c.tx, sqlLockCheck, pgx.NamedArgs{"id": peek.ID, "now": c.now})
		if err != nil || !still {
			return err
		}
		p, err := oncall.PersonByID(c.ctx, c.tx, one.PersonID)
		if err != nil {
			return err
		}
		r, inUse, err := oncall.RoleCalled(c.ctx, c.tx, one.Role)
		if err != nil {
			return err
		}
		heard := p.HeardAt != nil && p.HeardAt.After(one.Since.Add(signOfLife))
		switch {
		case !inc.Open() || heard || !inUse || c.Paging.ForgottenAfter <= 0:
			return c.setCheck(one.ID, nil, 0)
		case one.Checks == 0:
			return c.ringForgotten(inc, one, r, p)
		}
		return c.giveUpOn(inc, one, r, p)
	})
}

func (c *change) setCheck(id int64, at *time.Time, checks int) error {
	_, err := c.tx.Exec(c.ctx, sqlSetCheck, pgx.NamedArgs{"id": id, "at": at, "checks": checks})
	return err
}

// ringForgotten rings somebody by name who acknowledged and was not heard since.
func (c *change) ringForgotten(inc Incident, one check, r oncall.Role, p oncall.Person) error {
	e := paging.Escalation{
		Cause: cause(inc.ID), Slot: paging.PersonSlot(p.Handle), Severity: inc.Severity, Patience: r.PatienceAt(inc.Severity),
		Why: oncall.Clip(fmt.Sprintf("you acknowledged for %s and were not heard since. Are you there? %s", r.Title, inc.Title), longestWhy),
	}
	// As long as a page by name rings: see paging.Next.
	again := c.now.Add(4 * e.Patience)
	if err := c.setCheck(one.ID, &again, 1); err != nil {
		return err
	}
	text := fmt.Sprintf("%s acknowledged for %s %s ago and was not heard since. I ring again.", p.Handle, r.Title, span(c.now.Sub(one.Since)))
	if err := c.announce(inc, "page", oncall.Actor{}, text); err != nil {
		return err
	}
	started, err := paging.Start(c.ctx, c.tx, c.now, e)
	if err != nil || !started {
		return err // being rung by name for something else will do
	}
	c.rings = true
	hunt, found, err := paging.HuntFor(c.ctx, c.tx, e.Cause, e.Slot)
	if err != nil || !found {
		return err
	}
	_, err = c.step(hunt, inc)
	return err
}

// giveUpOn takes the role from somebody who cannot be reached any more, and looks for
// somebody else.
func (c *change) giveUpOn(inc Incident, one check, r oncall.Role, p oncall.Person) error {
	if _, err := c.tx.Exec(c.ctx, sqlEndResponder, pgx.NamedArgs{
		"incident": inc.ID, "role": one.Role, "person": one.PersonID, "now": c.now,
	}); err != nil {
		return err
	}
	text := fmt.Sprintf("%s does not answer any more. %s is looked for again.", p.Handle, oncall.UpperFirst(r.Title))
	if err := c.announce(inc, "role", oncall.Actor{}, text); err != nil {
		return err
	}
	if err := c.batonLapses(inc, p); err != nil {
		return err
	}
	return c.rehunt(inc, r)
}

// batonLapses lays down the baton of somebody who cannot be reached any more: whoever takes
// the lead has it then, and until then everybody sees that nobody has.
func (c *change) batonLapses(inc Incident, p oncall.Person) error {
	b, held, err := batonOf(c.ctx, c.tx, inc.ID)
	if err != nil || !held || b.Holder != p.ID || c.now.Sub(b.seen()) < c.Baton.AbsentAfter {
		return err
	}
	if err := c.endBaton(inc.ID); err != nil {
		return err
	}
	c.led(inc.ID, "")
	if err := c.retopic(inc); err != nil {
		return err
	}
	text := fmt.Sprintf("%s held the baton and is gone. Nobody holds it: !baton take.", p.Handle)
	return c.announce(inc, "baton", oncall.Actor{}, text, TakeBatonAction(inc.ID))
}

func oneCheck(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) (one check, found bool, err error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return one, false, err
	}
	one, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[check])
	if errors.Is(err, pgx.ErrNoRows) {
		return one, false, nil
	}
	return one, err == nil, err
}
