package incidents

import (
	"fmt"

	"batsignal/oncall"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
)

// step takes one step of a hunt in the caller's transaction: rings who is next,
// and says so when the list is used up. It returns the handles rung. The caller
// holds the lock of the incident; inc is the zero Incident for a call without one.
func (c *change) step(e paging.Escalation, inc Incident) ([]string, error) {
	var handles []string
	for {
		candidates, err := c.candidates(e, inc)
		if err != nil {
			return nil, err
		}
		s := paging.Next(e, candidates)
		if s.Exhausted {
			if err := c.exhausted(e, inc, candidates, s); err != nil {
				return nil, err
			}
		}
		if s.Stop {
			_, err := paging.Stop(c.ctx, c.tx, c.now, e.ID)
			return handles, err
		}
		reached, err := c.ring(e, inc, s)
		if err != nil {
			return nil, err
		}
		for _, r := range s.Ring {
			handles = append(handles, r.Handle)
		}
		// Nobody of this ring has any way to be reached: waiting for them would be
		// waiting for nothing. A pause after an exhausted list is kept.
		if len(s.Ring) == 0 || reached || s.Exhausted {
			return handles, paging.Advance(c.ctx, c.tx, c.now, e, s)
		}
		e.Round = s.Round
	}
}

// candidates gathers who may fill the slot of a hunt, with what was done so far.
func (c *change) candidates(e paging.Escalation, inc Incident) ([]paging.Candidate, error) {
	var members []oncall.Member
	if role, ok := e.Slot.Role(); ok {
		all, err := oncall.MembersOf(c.ctx, c.tx, role)
		if err != nil {
			return nil, err
		}
		members = oncall.Order(all, c.now)
	} else if handle, ok := e.Slot.Person(); ok {
		p, err := oncall.PersonByHandle(c.ctx, c.tx, handle)
		if err != nil {
			return nil, err
		}
		members = []oncall.Member{{Person: p}}
	}
	rung, busy, err := paging.Remember(c.ctx, c.tx, e)
	if err != nil {
		return nil, err
	}
	working := map[int64]bool{}
	if inc.ID != 0 {
		if working, err = c.responders(inc.ID); err != nil {
			return nil, err
		}
	}
	out := make([]paging.Candidate, 0, len(members))
	for _, m := range members {
		was := rung[m.Person.ID]
		out = append(out, paging.Candidate{
			PersonID: m.Person.ID, Handle: m.Person.Handle, Place: m.Place,
			Asleep: !m.Person.Awake(c.now), Busy: busy[m.Person.ID] || working[m.Person.ID],
			Round: was.Round, State: was.State,
		})
	}
	return out, nil
}

// ring makes the pages of a step, writes them on the timeline, and asks the people
// into the incident's rooms. reached is false when no way leads to any of them.
func (c *change) ring(e paging.Escalation, inc Incident, s paging.Step) (reached bool, err error) {
	if len(s.Ring) == 0 {
		return false, nil
	}
	rung, err := paging.Ring(c.ctx, c.tx, c.now, c.Routes, e, s)
	if err != nil {
		return false, err
	}
	c.rings = true
	ways := map[int64]int{}
	for _, r := range rung {
		ways[r.PersonID] = r.Ways
		reached = reached || r.Ways > 0
	}
	if inc.ID == 0 {
		return reached, nil
	}
	text := c.ringWords(e, s, ways)
	if err := c.record(inc.ID, "page", oncall.Actor{}, text); err != nil {
		return false, err
	}
	if !c.hushed {
		if err := c.sayRooms(inc.ID, text); err != nil {
			return false, err
		}
	}
	return reached, c.invite(inc, s)
}

func (c *change) ringWords(e paging.Escalation, s paging.Step, ways map[int64]int) string {
	who := oncall.Plural(len(s.Ring), "person", "people")
	if len(s.Ring) == 1 {
		one := s.Ring[0]
		who = one.Handle
		switch {
		case ways[one.PersonID] == 0:
			who += ", to whom no way leads,"
		case one.Asleep:
			who += ", where it is night,"
		}
	}
	text := fmt.Sprintf("Paging %s for %s", who, slotTitle(c.ctx, c.tx, e.Slot))
	if s.Round > 1 {
		text += fmt.Sprintf(", round %d", s.Round)
	}
	return text + "."
}

// invite asks the people of a step into the incident's rooms.
func (c *change) invite(inc Incident, s paging.Step) error {
	rooms, err := roomsOf(c.ctx, c.tx, inc.ID)
	if err != nil || len(rooms) == 0 {
		return err
	}
	for _, one := range s.Ring {
		if one.Round > 0 {
			continue // asked in an earlier round
		}
		accounts, err := oncall.AccountsOf(c.ctx, c.tx, one.PersonID)
		if err != nil {
			return err
		}
		for _, r := range rooms {
			for _, a := range accounts {
				if a.Network == r.Network {
					c.notices = append(c.notices, notice.Notice{
						Network: r.Network, Kind: notice.Invite, Room: r.Room, Account: a.Name, Incident: &inc.ID,
					})
				}
			}
		}
	}
	return nil
}

// exhausted says aloud that a list was gone through and nobody took the slot.
func (c *change) exhausted(e paging.Escalation, inc Incident, candidates []paging.Candidate, s paging.Step) error {
	var asked, silent []string
	taken := false
	for _, one := range candidates {
		if one.Round > 0 {
			asked = append(asked, one.Handle)
		}
		if one.State == paging.PageOpen {
			silent = append(silent, one.Handle)
		}
		taken = taken || one.State == paging.PageAcked
	}
	text := fmt.Sprintf("Nobody has taken %s. Asked: %s.", slotTitle(c.ctx, c.tx, e.Slot), oncall.JoinNames(asked))
	if taken {
		text = fmt.Sprintf("No answer yet for %s from %s.", slotTitle(c.ctx, c.tx, e.Slot), oncall.JoinNames(silent))
	}
	switch role, isRole := e.Slot.Role(); {
	case isRole && len(candidates) == 0 && c.hushed:
		return c.record(inc.ID, "exhausted", oncall.Actor{}, fmt.Sprintf("Nobody can be rung for %s: nobody has said yes to it.", slotTitle(c.ctx, c.tx, e.Slot)))
	case isRole && len(candidates) == 0:
		text = fmt.Sprintf("Nobody can be rung for %s: nobody has said yes to it. Whoever can do it: !role take %s.", slotTitle(c.ctx, c.tx, e.Slot), role)
	case s.Stop:
		text += " I stop ringing."
	case s.Round == e.Round:
		text += fmt.Sprintf(" Nobody is left to ring. Whoever can do it: !role take %s.", role)
	case len(s.Ring) > 0:
		text += fmt.Sprintf(" Going around again, round %d.", s.Round)
	default:
		text += fmt.Sprintf(" Round %d begins in %s.", s.Round, span(s.Wait))
	}
	if inc.ID == 0 {
		c.sayPlace(e.Cause, text)
		return nil
	}
	if err := c.record(inc.ID, "exhausted", oncall.Actor{}, text); err != nil {
		return err
	}
	if err := c.sayAll(inc.ID, text); err != nil {
		return err
	}
	if b, held, err := batonOf(c.ctx, c.tx, inc.ID); err != nil {
		return err
	} else if held {
		return c.tell(b.Holder, inc.ID, text+" You hold the baton.")
	}
	return nil
}
