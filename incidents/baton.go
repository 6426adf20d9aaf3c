package incidents

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

// BatonPolicy says when a holder counts as absent.
type BatonPolicy struct {
	AbsentAfter time.Duration // not heard for so long: the baton may be taken at once
	Patience    time.Duration // how long a pass waits to be accepted, and a claim for a word of the holder
}

// DefaultBaton is the policy where the configuration says nothing.
func DefaultBaton() BatonPolicy {
	return BatonPolicy{AbsentAfter: 10 * time.Minute, Patience: 3 * time.Minute}
}

// Baton is the lead of an incident, as held by one person.
type Baton struct {
	Holder  int64
	Handle  string
	Since   time.Time
	HeardAt *time.Time
}

// seen is when the holder was last known to be there: whoever gets the baton has
// just asked for it, or said yes.
func (b Baton) seen() time.Time {
	if b.HeardAt != nil && b.HeardAt.After(b.Since) {
		return *b.HeardAt
	}
	return b.Since
}

// move is a pass or a claim that waits.
type move struct {
	ID         int64
	IncidentID int64
	Kind       string
	FromPerson int64
	FromHandle string
	ToPerson   int64
	ToHandle   string
	AskedAt    time.Time
	DueAt      time.Time
}

// Lead tells who holds the baton of an incident; held is false when visibly nobody does.
func (s *Service) Lead(ctx context.Context, incident int64) (b Baton, held bool, err error) {
	return batonOf(ctx, s.DB, incident)
}

// Take takes the baton: at once if nobody holds it or the holder is absent, else
// by a claim that the holder defeats by being heard. The sentence tells the taker
// what happened.
func (s *Service) Take(ctx context.Context, a oncall.Actor, incident int64) (say string, err error) {
	err = s.change(ctx, func(c *change) error {
		inc, err := c.lockOpen(incident)
		if err != nil {
			return err
		}
		b, held, err := batonOf(c.ctx, c.tx, incident)
		if err != nil {
			return err
		}
		switch {
		case !held:
			say = "You hold the baton of " + inc.Ref() + "."
			return c.give(inc, a.PersonID, a, a.Who()+" takes the baton.")
		case b.Holder == a.PersonID:
			return fault.New(fault.Conflict, "You hold the baton of %s already.", inc.Ref())
		case c.now.Sub(b.seen()) >= s.Baton.AbsentAfter:
			say = fmt.Sprintf("You hold the baton of %s. %s was absent (%s).", inc.Ref(), b.Handle, agoText(b.HeardAt, c.now))
			return c.give(inc, a.PersonID, a, fmt.Sprintf("%s takes the baton from %s, who is absent (%s).", a.Who(), b.Handle, agoText(b.HeardAt, c.now)))
		}
		m, waits, err := c.openMove(incident)
		if err != nil {
			return err
		}
		if waits && m.Kind == "pass" && m.ToPerson == a.PersonID {
			say = "You hold the baton of " + inc.Ref() + "."
			return c.give(inc, a.PersonID, a, fmt.Sprintf("%s accepts the baton from %s.", a.Who(), m.FromHandle))
		}
		if waits {
			return moving(m, inc, a)
		}
		due := c.now.Add(s.Baton.Patience)
		if err := c.ask(inc, "claim", b.Holder, a.PersonID, due); err != nil {
			return err
		}
		say = fmt.Sprintf("%s holds the baton (%s). I asked for a word; without one it is yours at %s.", b.Handle, agoText(b.HeardAt, c.now), oncall.Clock(due, a.Zone))
		text := fmt.Sprintf("%s asks for the baton. %s keeps it by saying anything, or gives it with !baton pass %s; else it moves at %s.", a.Who(), b.Handle, a.Who(), oncall.Clock(due, ""))
		if err := c.tell(b.Holder, inc.ID, text, passBaton(inc.ID, a.Handle)); err != nil {
			return err
		}
		return c.announce(inc, "baton", a, text)
	})
	return say, err
}

// moving refuses a claim while an earlier move waits: a second claim must not put
// the first one's time off.
func moving(m move, inc Incident, a oncall.Actor) error {
	at := oncall.Clock(m.DueAt, a.Zone)
	switch {
	case m.Kind == "pass":
		return fault.New(fault.Conflict, "%s has offered the baton of %s to %s until %s.", m.FromHandle, inc.Ref(), m.ToHandle, at)
	case m.ToPerson == a.PersonID:
		return fault.New(fault.Conflict, "You asked for the baton of %s already: without a word of %s it is yours at %s.", inc.Ref(), m.FromHandle, at)
	}
	return fault.New(fault.Conflict, "%s was first to ask for the baton of %s, and gets it at %s without a word of %s.", m.ToHandle, inc.Ref(), at, m.FromHandle)
}

// Pass offers the baton to somebody, who must accept. Somebody who has claimed it
// gets it at once.
func (s *Service) Pass(ctx context.Context, a oncall.Actor, incident int64, handle string) (say string, err error) {
	err = s.change(ctx, func(c *change) error {
		inc, err := c.lockOpen(incident)
		if err != nil {
			return err
		}
		to, err := oncall.PersonByHandle(c.ctx, c.tx, handle)
		if err != nil {
			return err
		}
		if err := c.mustHold(inc, a); err != nil {
			return err
		}
		if to.ID == a.PersonID {
			return fault.New(fault.Invalid, "You hold it already. !baton drop lays it down.")
		}
		m, waits, err := c.openMove(incident)
		if err != nil {
			return err
		}
		if waits && m.Kind == "claim" && m.ToPerson == to.ID {
			say = to.Handle + " has the baton now."
			return c.give(inc, to.ID, a, fmt.Sprintf("%s passes the baton to %s.", a.Who(), to.Handle))
		}
		due := c.now.Add(s.Baton.Patience)
		if err := c.ask(inc, "pass", a.PersonID, to.ID, due); err != nil {
			return err
		}
		say = fmt.Sprintf("I asked %s. You hold the baton until they type !baton accept.", to.Handle)
		text := fmt.Sprintf("%s offers the baton to %s: !baton accept until %s.", a.Who(), to.Handle, oncall.Clock(due, ""))
		if err := c.tell(to.ID, inc.ID, text, acceptBaton(inc.ID)); err != nil {
			return err
		}
		return c.announce(inc, "baton", a, text, acceptBaton(inc.ID))
	})
	return say, err
}

// Accept takes over a baton that was passed to the actor.
func (s *Service) Accept(ctx context.Context, a oncall.Actor, incident int64) (say string, err error) {
	err = s.change(ctx, func(c *change) error {
		inc, err := c.lockOpen(incident)
		if err != nil {
			return err
		}
		m, waits, err := c.openMove(incident)
		if err != nil {
			return err
		}
		if !waits || m.Kind != "pass" || m.ToPerson != a.PersonID || !m.DueAt.After(c.now) {
			return fault.New(fault.Conflict, "The baton of %s is not offered to you now. !baton who tells who has it, !baton take asks for it.", inc.Ref())
		}
		say = "You hold the baton of " + inc.Ref() + "."
		return c.give(inc, a.PersonID, a, fmt.Sprintf("%s accepts the baton from %s.", a.Who(), m.FromHandle))
	})
	return say, err
}

// Drop lays the baton down: visibly nobody holds it then.
func (s *Service) Drop(ctx context.Context, a oncall.Actor, incident int64) (say string, err error) {
	err = s.change(ctx, func(c *change) error {
		inc, err := c.lockOpen(incident)
		if err != nil {
			return err
		}
		if err := c.mustHold(inc, a); err != nil {
			return err
		}
		if err := c.endBaton(incident); err != nil {
			return err
		}
		c.led(incident, "")
		say = "You laid the baton down. Nobody leads " + inc.Ref() + " now."
		if err := c.retopic(inc); err != nil {
			return err
		}
		return c.announce(inc, "baton", a, a.Who()+" lays the baton down. Nobody holds it: !baton take.", TakeBatonAction(inc.ID))
	})
	return say, err
}

// give moves the baton to a person, ends every waiting move, and tells everybody.
func (c *change) give(inc Incident, to int64, a oncall.Actor, text string) error {
	if err := c.endBaton(inc.ID); err != nil {
		return err
	}
	var handle string
	if err := c.tx.QueryRow(c.ctx, sqlInsertBaton, pgx.NamedArgs{"incident": inc.ID, "holder": to, "now": c.now}).Scan(&handle); err != nil {
		return err
	}
	c.led(inc.ID, handle)
	if err := c.retopic(inc); err != nil {
		return err
	}
	return c.announce(inc, "baton", a, text)
}

// led tells the minutes whose the baton is now.
func (c *change) led(incident int64, handle string) {
	c.minute(incident, func(tx pgx.Tx) error { return c.Minutes.Led(c.ctx, tx, c.now, incident, handle) })
}

// minute tells the minutes of an incident something. They must not keep anybody from
// opening it, leading it or ending it: what fails is logged, and undone alone.
func (c *change) minute(incident int64, tell func(tx pgx.Tx) error) {
	if c.Minutes == nil {
		return
	}
	if err := pg.InTx(c.ctx, c.tx, tell); err != nil && c.ctx.Err() == nil {
		c.Log.Error("the minutes of an incident could not be told", "incident", Ref(incident), "error", err)
	}
}

// ask stores a pass or a claim; a move that waited before is withdrawn by it.
func (c *change) ask(inc Incident, kind string, from, to int64, due time.Time) error {
	if err := c.endMoves(inc.ID, "withdrawn"); err != nil {
		return err
	}
	c.rings = true // the pager must know when it lapses
	_, err := c.tx.Exec(c.ctx, sqlInsertMove, pgx.NamedArgs{
		"incident": inc.ID, "kind": kind, "from": from, "to": to, "now": c.now, "due": due,
	})
	return err
}

func (c *change) mustHold(inc Incident, a oncall.Actor) error {
	b, held, err := batonOf(c.ctx, c.tx, inc.ID)
	switch {
	case err != nil:
		return err
	case !held:
		return fault.New(fault.Conflict, "Nobody holds the baton of %s. !baton take takes it.", inc.Ref())
	case b.Holder != a.PersonID:
		return fault.New(fault.Forbidden, "%s holds the baton of %s, not you. !baton take asks for it.", b.Handle, inc.Ref())
	}
	return nil
}

// announce writes a line on the timeline and says it in every room.
func (c *change) announce(inc Incident, kind string, a oncall.Actor, text string, actions ...notice.Action) error {
	if err := c.record(inc.ID, kind, a, text); err != nil {
		return err
	}
	return c.sayAll(inc.ID, text, actions...)
}

// lapse decides the moves whose time is over: a pass was not accepted, a claim was
// not answered. It does one and tells whether there was one.
func (s *Service) lapse(ctx context.Context) (did bool, err error) {
	err = s.change(ctx, func(c *change) error {
		did = false
		m, found, err := c.dueMove()
		if err != nil || !found {
			return err
		}
		did = true
		inc, err := c.lock(m.IncidentID)
		if err != nil {
			return err
		}
		if again, still, err := c.openMove(m.IncidentID); err != nil || !still || again.ID != m.ID {
			return err
		}
		b, held, err := batonOf(c.ctx, c.tx, m.IncidentID)
		if err != nil {
			return err
		}
		if m.Kind == "claim" && held && b.Holder == m.FromPerson && (b.HeardAt == nil || b.HeardAt.Before(m.AskedAt)) {
			return c.give(inc, m.ToPerson, oncall.Actor{}, fmt.Sprintf("%s did not answer: the baton moves to %s.", m.FromHandle, m.ToHandle))
		}
		if err := c.endMoves(m.IncidentID, "lapsed"); err != nil {
			return err
		}
		text := fmt.Sprintf("%s did not accept the baton. %s keeps it.", m.ToHandle, m.FromHandle)
		if m.Kind == "claim" {
			text = fmt.Sprintf("%s was heard and keeps the baton.", m.FromHandle)
		}
		return c.announce(inc, "baton", oncall.Actor{}, text)
	})
	return did, err
}
