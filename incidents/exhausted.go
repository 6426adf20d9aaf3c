package incidents

import (
	"cmp"
	"fmt"
	"slices"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
	"batsignal/oncall/policy"
)

// exhausted says aloud that a list was gone through and nobody took the slot.
func (c *change) exhausted(e paging.Escalation, inc Incident, candidates []paging.Candidate, left []duty.LeftOut, s paging.Step) error {
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
	var actions []notice.Action
	if role, isRole := e.Slot.Role(); isRole && inc.ID != 0 {
		actions = append(actions, TakeRoleAction(inc.ID, oncall.Role{Name: role, Title: slotTitle(c.ctx, c.tx, e.Slot)}))
	}
	text := fmt.Sprintf("Nobody has taken %s. Asked: %s.", slotTitle(c.ctx, c.tx, e.Slot), namesOrNumber(asked))
	if taken {
		text = fmt.Sprintf("No answer yet for %s from %s.", slotTitle(c.ctx, c.tx, e.Slot), namesOrNumber(silent))
	}
	if len(candidates) > 0 && len(left) > 0 {
		text += " Not asked: " + leftOutWords(left) + "."
	}
	role, isRole := e.Slot.Role()
	switch {
	case isRole && len(candidates) == 0:
		text = fmt.Sprintf("Nobody can be rung for %s: %s.", slotTitle(c.ctx, c.tx, e.Slot), nobodyWords(left))
		if c.hushed && len(left) == 0 { // the opening says as much
			return c.record(inc.ID, "exhausted", oncall.Actor{}, text)
		}
		text += fmt.Sprintf(" Whoever can do it: !role take %s.", role)
	case s.Stop && isRole && !taken:
		text += fmt.Sprintf(" The policy says how often, so I stop ringing. To ring again: !page %s. Whoever can do it: !role take %s.", role, role)
	case s.Stop:
		text += " I stop ringing."
	case s.Round == e.Round && isRole:
		text += fmt.Sprintf(" Nobody is left to ring. Whoever can do it: !role take %s.", role)
	case s.Round == e.Round:
		text += " Nobody is left to ring."
	case len(s.Ring) > 0:
		text += fmt.Sprintf(" Going around again, round %d.", s.Round)
	default:
		text += fmt.Sprintf(" Round %d begins in %s.", s.Round, span(s.Wait))
	}
	if inc.ID == 0 {
		c.sayPlace(e.Cause, text)
		return nil
	}
	c.boardChanged(inc.ID)
	if err := c.record(inc.ID, "exhausted", oncall.Actor{}, text); err != nil {
		return err
	}
	if err := c.sayAll(inc.ID, text, actions...); err != nil {
		return err
	}
	if b, held, err := batonOf(c.ctx, c.tx, inc.ID); err != nil {
		return err
	} else if held {
		return c.tell(b.Holder, inc.ID, text+" You hold the baton.")
	}
	return nil
}

// nobodyWords says why nobody can be rung for a role.
func nobodyWords(left []duty.LeftOut) string {
	return cmp.Or(leftOutWords(left), "nobody has said yes to it")
}

// leftOutWords says who would be asked and is not, with the reasons that everybody may
// know; "" is nobody.
func leftOutWords(left []duty.LeftOut) string {
	if len(left) > namesMost {
		if !slices.ContainsFunc(left, func(l duty.LeftOut) bool { return l.Reason != onlySealed }) {
			return oncall.Plural(len(left), "person", "people") + " reached by sealed addresses only"
		}
		return oncall.Plural(len(left), "person", "people") + " who are away, in their quiet hours, have had as many calls as agreed, or are reached by sealed addresses only"
	}
	words := make([]string, 0, len(left))
	for _, l := range left {
		words = append(words, fmt.Sprintf("%s (%s)", l.Handle, l.Reason))
	}
	if len(words) == 0 {
		return ""
	}
	return oncall.JoinNames(words)
}

// begin tells the rooms of the steps of a policy that begin, on the networks that are
// here.
func (c *change) begin(e paging.Escalation, inc Incident, begun []duty.Begun) {
	text := fmt.Sprintf("Somebody is needed for %s: %s", slotTitle(c.ctx, c.tx, e.Slot), ended(e.Why))
	if role, isRole := e.Slot.Role(); isRole && inc.ID != 0 {
		text += fmt.Sprintf(" Whoever can do it: !role take --inc %d %s", inc.ID, role)
	}
	told := map[string]bool{}
	for _, b := range begun {
		for _, name := range b.Rooms {
			network, room := policy.SplitRoom(name)
			for _, n := range c.Networks {
				if key := n.Name + "/" + room; (network == "" || network == n.Name) && !told[key] {
					told[key] = true
					c.say(n.Name, room, inc.ID, text)
				}
			}
		}
	}
}
