package rota

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/schedule"
)

// mostAsked is how many people are asked in private for cover, the schedule's own first:
// where hundreds could come, the others read it in the rooms.
const mostAsked = 50

// kindCover is what the audit trail calls requests.
const kindCover = "cover"

// Ask asks somebody, or anybody who can come, to be on instead of r.Person; r.Person 0
// is the actor. Its range is cut to the shifts that they have in it, and so is the range
// of r.Of that they take in return. The same question twice is one.
func (s *Service) Ask(ctx context.Context, by oncall.Actor, admin bool, r Request) (asked Request, err error) {
	if r.Person == 0 {
		r.Person = by.PersonID
	}
	err = s.change(ctx, by, func(c *change) error {
		asked = r
		asked.Note = cleaned(r.Note)
		sched, err := c.checkAsk(&asked, admin)
		if err != nil {
			return err
		}
		if same, found, err := c.sameRequest(asked); err != nil || found {
			asked = same
			return err
		}
		if c.trying {
			return nil
		}
		if err := c.tx.QueryRow(ctx, sqlInsertRequest, requestArgs(c, asked)).Scan(&asked.ID); err != nil {
			return err
		}
		asked.State, asked.AskedAt = Open, c.now
		people, err := c.whomToAsk(sched, asked)
		if err != nil {
			return err
		}
		for _, person := range people[:min(len(people), mostAsked)] {
			c.tell(person, c.question(asked, c.zone(person)), answers(asked)...)
		}
		if len(people) > mostAsked {
			if err := c.sayAloud(c.question(asked, "")); err != nil {
				return err
			}
		}
		if by.PersonID != asked.Person {
			c.tell(asked.Person, fmt.Sprintf("%s asks for cover for you, as %s: instead of %s.", by.Who(), Ref(asked.ID), c.what(asked, c.zone(asked.Person))))
		}
		return c.record(audit.Change{Kind: kindCover, Subject: Ref(asked.ID), Says: "asked for cover: instead of " + c.what(asked, ""),
			Concerns: distinct([]int64{asked.Person, asked.Of})})
	})
	return asked, err
}

func (c *change) checkAsk(r *Request, admin bool) (schedule.Schedule, error) {
	var none schedule.Schedule
	if err := own(c.by, admin, r.Person, "Let them ask: !cover."); err != nil {
		return none, err
	}
	if err := span(r.From, r.Until, c.now); err != nil {
		return none, err
	}
	if utf8.RuneCountInString(r.Note) > longestNote {
		return none, fault.New(fault.Invalid, "That note is longer than %d letters. Make it shorter.", longestNote)
	}
	if r.Of == r.Person {
		return none, fault.New(fault.Invalid, "Nobody can come instead of themselves. Ask somebody else, or nobody by name.")
	}
	if r.Swap() != (r.ReturnUntil != nil) || (r.Swap() && r.Of == 0) {
		return none, fault.New(fault.Invalid, "For a swap, say with whom, and when the shift is that is taken in return.")
	}
	sched, err := c.lock(r.Schedule)
	if err != nil {
		return none, err
	}
	r.Name = sched.Name
	if err := c.know(r.Person, r.Of); err != nil {
		return none, err
	}
	if r.Of != 0 {
		if err := c.canCome(sched, r.Of); err != nil {
			return none, err
		}
	}
	if r.From, r.Until, r.Layer, err = c.theirs(sched, r.Person, r.Layer, r.From, r.Until); err != nil {
		return none, err
	}
	if r.Swap() {
		if err := span(*r.ReturnFrom, *r.ReturnUntil, c.now); err != nil {
			return none, err
		}
		from, until, layer, err := c.theirs(sched, r.Of, r.ReturnLayer, *r.ReturnFrom, *r.ReturnUntil)
		if err != nil {
			return none, err
		}
		r.ReturnFrom, r.ReturnUntil, r.ReturnLayer = &from, &until, layer
	}
	if r.Of == 0 {
		return sched, nil
	}
	return sched, c.free(sched, *r, r.Of)
}

// theirs cuts a range to what somebody is on in it, from now on, and names the layer if
// it is one.
func (c *change) theirs(s schedule.Schedule, person int64, layer string, from, until time.Time) (time.Time, time.Time, string, error) {
	if from.Before(c.now) {
		from = c.now
	}
	b, err := c.book(s, from, until)
	if err != nil {
		return from, until, layer, err
	}
	shifts := shiftsOf(rungAt(b.Shifts(s, from, until)), person, layer)
	if len(shifts) == 0 {
		return from, until, layer, fault.New(fault.Conflict, "%s is not on by %s %s. Who is on: !schedule %s.",
			c.handle(person), s.Name, stretch(from, until, c.by.Zone), s.Name)
	}
	first, last, layer := shifts[0].From, shifts[0].Until, shifts[0].Layer
	for _, sh := range shifts {
		if sh.From.Before(first) {
			first = sh.From
		}
		if sh.Until.After(last) {
			last = sh.Until
		}
		if sh.Layer != layer {
			layer = "" // on in several: all of them
		}
	}
	return first, last, layer, nil
}

// rungAt leaves out who only looks on: they can come, and have nothing to hand on.
func rungAt(shifts []schedule.Shift) []schedule.Shift {
	return slices.DeleteFunc(shifts, func(sh schedule.Shift) bool { return sh.Shadow })
}

// free refuses if whoever comes is on or away at the time for which they come; in a
// swap, this is asked of both.
func (c *change) free(s schedule.Schedule, r Request, person int64) error {
	if err := c.freeFor(s, r.Person, r.Layer, r.From, r.Until, person); err != nil || !r.Swap() {
		return err
	}
	return c.freeFor(s, person, r.ReturnLayer, *r.ReturnFrom, *r.ReturnUntil, r.Person)
}

// freeFor asks whether comes can be on wherever leaves is.
func (c *change) freeFor(s schedule.Schedule, leaves int64, layer string, from, until time.Time, comes int64) error {
	b, err := c.book(s, from, until)
	if err != nil {
		return err
	}
	shifts := rungAt(b.Shifts(s, from, until))
	theirs := shiftsOf(shifts, comes, "")
	for _, sh := range shiftsOf(shifts, leaves, layer) {
		for _, other := range theirs {
			// Where clocks are put back, neighbours in a layer are on together for an
			// hour: that keeps nobody from taking both.
			if other.Layer == sh.Layer && sh.Layer != "" {
				continue
			}
			if crosses(sh.From, sh.Until, other.From, other.Until) {
				return fault.New(fault.Conflict, "%s is on by %s then already, %s. Ask somebody else, or choose another time.",
					c.handle(comes), s.Name, stretch(other.From, other.Until, c.by.Zone))
			}
		}
		for _, a := range b.Absences(comes) {
			if crosses(sh.From, sh.Until, a.From, a.Until) {
				return fault.New(fault.Conflict, "%s is away then, %s. Ask somebody else, or choose another time.",
					c.handle(comes), stretch(a.From, a.Until, c.by.Zone))
			}
		}
	}
	return nil
}

// whomToAsk lists who is told of a request: the one it is asked of, or whoever of the
// schedule and its role can come.
func (c *change) whomToAsk(s schedule.Schedule, r Request) ([]int64, error) {
	if r.Of != 0 {
		return []int64{r.Of}, nil
	}
	pool, err := c.pool(s)
	if err != nil {
		return nil, err
	}
	if err := c.know(pool...); err != nil {
		return nil, err
	}
	own := members(s)
	slices.SortStableFunc(pool, func(a, b int64) int {
		return cmp.Compare(outside(own, a), outside(own, b))
	})
	var out []int64
	for _, person := range pool {
		if person == r.Person {
			continue
		}
		if len(out) > mostAsked {
			break // they read it
		}
		switch err := c.freeFor(s, r.Person, r.Layer, r.From, r.Until, person); {
		case err == nil:
			out = append(out, person)
		case fault.KindOf(err) != fault.Conflict: // on or away then: not asked
			return nil, err
		}
	}
	return out, nil
}

// outside is 1 for somebody who is not on the list.
func outside(list []int64, person int64) int {
	if slices.Contains(list, person) {
		return 0
	}
	return 1
}

// pool lists who may come for a schedule: whom its role may ring, and without a role its
// members.
func (c *change) pool(s schedule.Schedule) ([]int64, error) {
	if s.Role == "" {
		return members(s), nil
	}
	return activeIn(c.ctx, c.tx, s.Role)
}

func (c *change) question(r Request, zone string) string {
	verb, what := "cover", "Cover"
	if r.Swap() {
		verb, what = "swap", "Swap"
	}
	return noted(fmt.Sprintf("%s %s: can you be on instead of %s? Yes: !%s accept %s. No: !%s decline %s.",
		what, Ref(r.ID), c.what(r, zone), verb, Ref(r.ID), verb, Ref(r.ID)), r.Note)
}

func answers(r Request) []notice.Action {
	verb := "cover"
	if r.Swap() {
		verb = "swap"
	}
	return []notice.Action{
		{Label: "Yes, I am on", Command: verb + " accept " + Ref(r.ID)},
		{Label: "No", Command: verb + " decline " + Ref(r.ID)},
	}
}

// Accept is the yes of whoever comes, in their own words. Exactly one gets it: whoever
// is second is told who was first. The shift passes to them, and in a swap theirs to
// the asker, if both still are as they were.
func (s *Service) Accept(ctx context.Context, by oncall.Actor, id int64) (r Request, err error) {
	err = s.change(ctx, by, func(c *change) error {
		sched, again, err := c.lockRequest(&r, id, Accepted)
		if err != nil || again {
			return err
		}
		if err := c.mayAccept(sched, r); err != nil {
			return err
		}
		if err := c.still(sched, r); err != nil {
			return err
		}
		if err := c.free(sched, r, by.PersonID); err != nil {
			return err
		}
		overrides := []schedule.Override{{Schedule: r.Schedule, Layer: r.Layer, From: r.From, Until: r.Until,
			Person: by.PersonID, Instead: r.Person, Cover: r.ID}}
		if r.Swap() {
			overrides = append(overrides, schedule.Override{Schedule: r.Schedule, Layer: r.ReturnLayer,
				From: *r.ReturnFrom, Until: *r.ReturnUntil, Person: r.Person, Instead: by.PersonID, Cover: r.ID})
		}
		for i := range overrides {
			if overrides[i].ID, err = c.insertOverride(overrides[i]); err != nil {
				return err
			}
		}
		if err := c.decide(&r, Accepted); err != nil {
			return err
		}
		c.tell(r.Person, fmt.Sprintf("%s said yes to %s and is on instead of %s.", c.handle(by.PersonID), Ref(r.ID), c.what(r, c.zone(r.Person))))
		return c.recordAnswer(r, "said yes")
	})
	return r, err
}

// mayAccept refuses whoever was not asked.
func (c *change) mayAccept(s schedule.Schedule, r Request) error {
	switch {
	case c.by.PersonID == r.Person:
		return fault.New(fault.Forbidden, "%s is your own shift. If you keep it: !cover withdraw %s.", Ref(r.ID), Ref(r.ID))
	case r.Of != 0 && r.Of != c.by.PersonID:
		return fault.New(fault.Forbidden, "%s is asked of %s, who must say so themselves. An admin can decide it without them: !override.", Ref(r.ID), c.handle(r.Of))
	case s.Role != "":
		return c.canCome(s, c.by.PersonID)
	case r.Of != 0 || slices.Contains(members(s), c.by.PersonID):
		return nil
	}
	return fault.New(fault.Forbidden, "%s is asked of the people of %s, and you are not one of them.", Ref(r.ID), s.Name)
}

// still refuses a request whose shifts are not as they were when it was asked.
func (c *change) still(s schedule.Schedule, r Request) error {
	check := func(person int64, layer string, from, until time.Time) error {
		changed := fault.New(fault.Conflict, "The shift of %s is not what it was when %s was asked. Let it be asked anew; who is on: !schedule %s.",
			c.handle(person), Ref(r.ID), s.Name)
		if from.Before(c.now) {
			from = c.now
		}
		first, last, _, err := c.theirs(s, person, layer, from, until)
		if fault.KindOf(err) == fault.Conflict || (err == nil && (!first.Equal(from) || !last.Equal(until))) {
			return changed
		}
		return err
	}
	if err := check(r.Person, r.Layer, r.From, r.Until); err != nil || !r.Swap() {
		return err
	}
	return check(c.by.PersonID, r.ReturnLayer, *r.ReturnFrom, *r.ReturnUntil)
}
