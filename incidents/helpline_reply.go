package incidents

import (
	"fmt"

	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// helpReply hears what somebody did with a call to a helpline. Who answers there takes the
// role, if they are somebody here: that the helpline stands for the role was decided when
// it was configured. Whoever nobody here knows is named, and the hunt goes on.
func (c *change) helpReply(r paging.Reply, id int64, place string) (paging.Response, error) {
	done := paging.Response{Done: true}
	hunt, found, err := findHelpHunt(c.ctx, c.tx, id)
	if err != nil {
		return done, err
	}
	wanted := false
	if found {
		wanted, err = c.helpNoted(r.Route, place, id, helpWanted)
	}
	if err != nil || !wanted {
		if err == nil {
			_, err = c.heard(r, paging.Way{}, string(r.Means), "it belongs to no hunt", done)
		}
		return done, err
	}
	incident, _ := incidentOf(hunt.Cause)
	inc, err := c.lock(incident) // before what else is changed, as everybody does it
	if err != nil {
		return done, err
	}
	if hunt, _, err = findHelpHunt(c.ctx, c.tx, id); err != nil {
		return done, err
	}
	name, _ := hunt.Slot.Role()
	if _, err := c.heard(r, paging.Way{}, string(r.Means), fmt.Sprintf("about %s in %s", name, inc.Ref()), done); err != nil {
		return done, err
	}
	over, err := c.helpNoted(r.Route, place, id, helpEnded)
	if err != nil {
		return done, err
	}
	role, inUse, err := oncall.RoleCalled(c.ctx, c.tx, name)
	if err != nil || !inUse {
		return done, err
	}
	person, known, err := oncall.PersonByAccount(c.ctx, c.tx, r.Route, r.Account)
	if err != nil {
		return done, err
	}
	a := oncall.Actor{Network: r.Route, Account: r.Account}
	if known {
		a.PersonID, a.Handle, a.Zone = person.ID, person.Handle, person.Zone
		if err := oncall.MarkHeard(c.ctx, c.tx, c.now, person.ID); err != nil {
			return done, err
		}
	}
	line := c.helpline(r.Route, place, name)
	open := !over && inc.Open() && hunt.State != "filled"
	switch {
	case r.Means == paging.PageAcked && open && known:
		return done, c.takeThere(inc, hunt, role, line, a)
	case r.Means == paging.PageAcked && open:
		return done, c.announce(inc, "ack", a, fmt.Sprintf("At %s %s answers for %s. Nobody here has that account, so I ring on. If it is one of us: !role take %s.",
			titleOf(line), whoThere(r), role.Title, role.Name))
	case r.Means == paging.PageAcked && known:
		return done, c.record(inc.ID, "ack", a, fmt.Sprintf("%s answers at %s for %s, which is taken care of.", person.Handle, titleOf(line), role.Title))
	case r.Means == paging.PageClosed && !over && inc.Open():
		text := fmt.Sprintf("At %s %s puts the call for %s away.", titleOf(line), whoThere(r), role.Title)
		if known {
			text = fmt.Sprintf("%s puts the call for %s away at %s.", person.Handle, role.Title, titleOf(line))
		}
		if open {
			text += fmt.Sprintf(" %s is still looked for.", oncall.UpperFirst(role.Title))
		}
		return done, c.announce(inc, "decline", a, text)
	}
	return done, nil // what we ended there ourselves comes back, too
}

// takeThere gives the role to somebody who answered at a helpline. A page of theirs for it
// is answered by that as well.
func (c *change) takeThere(inc Incident, hunt helpHunt, role oncall.Role, line paging.Helpline, a oncall.Actor) error {
	open, err := paging.OpenOf(c.ctx, c.tx, hunt.ID)
	if err != nil {
		return err
	}
	for _, p := range open {
		if p.PersonID == a.PersonID {
			if _, err := c.answer(p, paging.PageAcked, a.Network); err != nil {
				return err
			}
		}
	}
	if _, err := c.noteHelp(line.Route, line.Place, hunt.ID, helpAnswered); err != nil {
		return err
	}
	return c.fill(inc, role, a.PersonID, a, "ack", fmt.Sprintf("%s answers at %s and has %s.", a.Handle, titleOf(line), role.Title))
}

// whoThere names somebody by what they are called at the other service: their words, so
// they never come first.
func whoThere(r paging.Reply) string {
	if r.Text == "" {
		return r.Account
	}
	return fmt.Sprintf("%s (%s)", r.Text, r.Account)
}
