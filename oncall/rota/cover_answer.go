package rota

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
	"batsignal/oncall/schedule"
)

// Decline is a no. If it was asked of this person alone, the request is over; if of
// anybody, others still are asked and it stays [Open].
func (s *Service) Decline(ctx context.Context, by oncall.Actor, id int64) (r Request, err error) {
	err = s.change(ctx, by, func(c *change) error {
		_, again, err := c.lockRequest(&r, id, Declined)
		if err != nil || again || r.Of == 0 {
			return err
		}
		if r.Of != by.PersonID {
			return fault.New(fault.Forbidden, "%s is asked of %s, who must say so themselves.", Ref(id), c.handle(r.Of))
		}
		if err := c.decide(&r, Declined); err != nil {
			return err
		}
		c.tell(r.Person, fmt.Sprintf("%s said no to %s: you are still on for %s %s. To ask others: !cover %s.",
			c.handle(by.PersonID), Ref(id), r.Name, stretch(r.From, r.Until, c.zone(r.Person)), r.Name))
		return c.recordAnswer(r, "said no")
	})
	return r, err
}

// Withdraw takes a request back that nobody said yes to yet.
func (s *Service) Withdraw(ctx context.Context, by oncall.Actor, admin bool, id int64) (r Request, err error) {
	err = s.change(ctx, by, func(c *change) error {
		_, again, err := c.lockRequest(&r, id, Withdrawn)
		if err != nil || again {
			return err
		}
		if err := own(by, admin, r.Person, fmt.Sprintf("To say no: !cover decline %s.", Ref(id))); err != nil {
			return err
		}
		if err := c.decide(&r, Withdrawn); err != nil {
			return err
		}
		for _, person := range []int64{r.Of, r.Person} {
			c.tell(person, fmt.Sprintf("%s withdrew %s: %s %s stays with %s.",
				by.Who(), Ref(id), r.Name, stretch(r.From, r.Until, c.zone(person)), c.handle(r.Person)))
		}
		return c.recordAnswer(r, "withdrew it")
	})
	return r, err
}

// lockRequest takes a request for this change alone. One that is not open is a Conflict
// that says what became of it, unless it is what the actor wants and did themselves:
// then again is true.
func (c *change) lockRequest(r *Request, id int64, wanted State) (sched schedule.Schedule, again bool, err error) {
	if c.by.PersonID == 0 {
		return sched, false, own(c.by, false, 0, "")
	}
	// The schedule before the request, as whoever asks does: so nobody waits in a circle.
	if *r, err = oneRequest(c.ctx, c.tx, sqlRequest, id); err != nil {
		return sched, false, err
	}
	if sched, err = c.lock(r.Schedule); err != nil {
		return sched, false, err
	}
	if *r, err = oneRequest(c.ctx, c.tx, sqlRequestLocked, id); err != nil {
		return sched, false, err
	}
	if err := c.know(r.Person, r.Of, r.DecidedBy, c.by.PersonID); err != nil {
		return sched, false, err
	}
	if r.State == wanted && r.DecidedBy == c.by.PersonID {
		return sched, true, nil
	}
	late := r.State == Open && c.over(*r)
	if r.State != Open || (late && wanted == Accepted) {
		return sched, false, c.decided(*r, late)
	}
	return sched, false, nil
}

// over tells whether a request has lapsed, even if nobody wrote that down yet.
func (c *change) over(r Request) bool {
	if r.begins().After(r.AskedAt) {
		return !c.now.Before(r.begins())
	}
	return !c.now.Before(r.Until)
}

// decided tells what became of a request.
func (c *change) decided(r Request, late bool) error {
	if r.State == Lapsed || late {
		return fault.New(fault.Conflict, "%s is over: the shift has begun, and %s kept it. An admin can still change who is on: !override.", Ref(r.ID), c.handle(r.Person))
	}
	who, when := "somebody", ""
	if r.DecidedBy != 0 {
		who = c.handle(r.DecidedBy)
	}
	if r.DecidedAt != nil {
		when = " on " + moment(*r.DecidedAt, c.by.Zone)
	}
	did := map[State]string{Accepted: "said yes to", Declined: "said no to", Withdrawn: "withdrew"}[r.State]
	return fault.New(fault.Conflict, "No longer open: %s %s %s%s. Those that are open: !cover.", who, did, Ref(r.ID), when)
}

func (c *change) recordAnswer(r Request, did string) error {
	return c.record(audit.Change{Kind: kindCover, Subject: Ref(r.ID), Says: did + ": instead of " + c.what(r, ""),
		Before: map[string]any{"state": Open}, After: map[string]any{"state": r.State},
		Concerns: distinct([]int64{r.Person, r.Of, r.DecidedBy})})
}

// Lapse ends the requests whose shift has begun without a yes, and tells the askers. Any
// process may run it at any time.
func (s *Service) Lapse(ctx context.Context) (lapsed int, err error) {
	err = s.change(ctx, oncall.Actor{}, func(c *change) error {
		lapsed = 0
		rows, err := c.tx.Query(ctx, sqlLapsing, pgx.NamedArgs{"now": c.now})
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		for _, id := range ids {
			r, err := oneRequest(ctx, c.tx, sqlRequest, id)
			if err != nil {
				return err
			}
			if err := c.know(r.Person, r.Of); err != nil {
				return err
			}
			if err := c.decide(&r, Lapsed); err != nil {
				return err
			}
			c.tell(r.Person, fmt.Sprintf("Nobody said yes to %s, so %s %s stays with you.",
				Ref(id), r.Name, stretch(r.From, r.Until, c.zone(r.Person))))
			if err := c.recordAnswer(r, "lapsed"); err != nil {
				return err
			}
			lapsed++
		}
		return nil
	})
	return lapsed, err
}
