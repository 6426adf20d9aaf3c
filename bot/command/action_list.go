package command

import (
	"context"
	"fmt"
	"strings"

	"batsignal/incidents/action"
	"batsignal/oncall/fault"
)

// mostListed is how many actions one answer lists.
const mostListed = 12

func (s Services) actions(ctx context.Context, c *Call) (Reply, error) {
	which := c.Text("which")
	if which == "" && c.Given("incident") {
		which = "incident"
	}
	switch which {
	case "mine":
		if c.PersonID == 0 {
			return Reply{}, fault.New(fault.Forbidden, "I do not know who you are, so I do not know what is yours. !actions open lists everybody's.")
		}
		return s.listed(ctx, c, "To do for "+c.Handle, mine(c))
	case "open":
		return s.listed(ctx, c, "To do", action.Filter{State: action.Open})
	case "room":
		return s.ofRoom(ctx, c)
	case "incident":
		inc, err := s.pick(ctx, c)
		if err != nil {
			return Reply{}, err
		}
		return s.listed(ctx, c, "Actions of "+inc.Ref(), action.Filter{Incident: inc.ID})
	}
	if c.PersonID != 0 {
		own, err := s.Actions.List(ctx, mine(c))
		if err != nil {
			return Reply{}, err
		}
		if len(own) > 0 || c.Room == "" {
			return s.drawn(c, "To do for "+c.Handle, own), nil
		}
	}
	if c.Room == "" {
		return s.listed(ctx, c, "To do", action.Filter{State: action.Open})
	}
	return s.ofRoom(ctx, c)
}

// mine are the caller's, those of restricted meetings too, whose words are only shown
// to them alone.
func mine(c *Call) action.Filter {
	return action.Filter{State: action.Open, Person: c.PersonID, Restricted: true}
}

// ofRoom lists what was noted in a room. In the rooms of an incident that is the
// incident's, whichever of them it was noted in.
func (s Services) ofRoom(ctx context.Context, c *Call) (Reply, error) {
	if c.Room == "" {
		return Reply{}, fault.New(fault.Invalid, "This is no room. Ask in one, or say !actions mine or !actions open.")
	}
	incident, err := s.Actions.Here(ctx, c.Network, c.Room)
	if err != nil {
		return Reply{}, err
	}
	f := action.Filter{State: action.Open, Network: c.Network, Room: c.Room, Restricted: true}
	if incident != 0 {
		f = action.Filter{State: action.Open, Incident: incident, Restricted: true}
	}
	return s.listed(ctx, c, "To do from "+c.Room, f)
}

func (s Services) listed(ctx context.Context, c *Call, title string, f action.Filter) (Reply, error) {
	list, err := s.Actions.List(ctx, f)
	if err != nil {
		return Reply{}, err
	}
	return s.drawn(c, title, list), nil
}

func (s Services) drawn(c *Call, title string, list []action.Item) Reply {
	if len(list) == 0 {
		return sentence(title + ": nothing. !action add TEXT notes something.")
	}
	l := List{Title: fmt.Sprintf("%s (%d)", title, len(list))}
	var buttons Actions
	for _, it := range list[:min(len(list), mostListed)] {
		l.Items = append(l.Items, s.words(c, it))
		if own := it.State == action.Open && c.PersonID != 0 && owns(c, it); own && len(buttons) < 4 {
			buttons = append(buttons, action.DoneAction(it.ID))
		}
	}
	r := Reply{Blocks: []Block{l}}
	if more := len(list) - mostListed; more > 0 {
		say := fmt.Sprintf("And %d more.", more)
		if s.PublicURL != "" {
			say = fmt.Sprintf("And %d more: %s/actions", more, strings.TrimRight(s.PublicURL, "/"))
		}
		r.Blocks = append(r.Blocks, Line(say))
	}
	if len(buttons) > 0 {
		r.Blocks = append(r.Blocks, buttons)
	}
	return r
}

// words are an action in one line.
func (s Services) words(c *Call, it action.Item) string {
	return it.Head(c.Now, c.Zone) + s.saying(c, it)
}

// saying is what an action says, after a colon, where it may be seen.
func (s Services) saying(c *Call, it action.Item) string {
	if !maySee(c, it) {
		return " (of a restricted meeting)."
	}
	return ": " + it.Text
}

// maySee tells whether what an action says may be shown where it is asked for: the
// words of a restricted meeting stay in its room, and with those who have to act.
func maySee(c *Call, it action.Item) bool {
	return !it.Restricted || c.Room == "" && owns(c, it) ||
		c.Room != "" && c.Network == it.Network && strings.EqualFold(c.Room, it.Room)
}

func owns(c *Call, it action.Item) bool {
	for _, o := range it.Owners {
		if o.Handle != "" && o.Handle == c.Handle {
			return true
		}
	}
	return false
}
