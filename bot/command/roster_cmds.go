package command

import (
	"context"
	"fmt"

	"batsignal/oncall"
)

func (s Services) rosterCommands() []*Command {
	role := Param{Name: "role", Kind: Rest, Help: "which role"}
	anyRole := Param{Name: "role", Kind: Rest, Optional: true, Help: "which role; all of them if not said"}
	return []*Command{{
		Name: "roster", Group: "People", Default: "show", Summary: "Shows and changes who can be rung for which role.", Example: "roster show",
		Subs: append([]*Command{
			{Name: "show", Summary: "Lists who can be rung, awake people first.", Example: "roster show", Params: []Param{anyRole}, Run: s.rosterShow},
			{
				Name: "join", Needs: Proven, Summary: "Says yes to being rung for a role.", Example: "roster join --zone Europe/Berlin --awake 07:00-23:00 package fixing",
				Params: []Param{
					{Name: "zone", Kind: Option, Help: "your time zone, as in Europe/Berlin"},
					{Name: "awake", Kind: Option, Help: "your waking hours, as in 07:00-23:00"},
					{Name: "words", Kind: Option, Help: "your yes in your own words, in double quotes"},
					role,
				}, Run: s.rosterJoin,
			},
			{Name: "leave", Needs: Known, Summary: "Ends your yes at once.", Example: "roster leave", Params: []Param{anyRole}, Run: s.rosterLeave},
			{
				Name: "add", Needs: Known | Admin, Summary: "Lets somebody into a role; unless they said yes already they are asked.", Example: "roster add maria package fixing",
				Params: []Param{{Name: "person", Help: "a handle, or an account on this network"}, role}, Run: s.rosterAdd,
			},
			{
				Name: "remove", Needs: Known | Admin, Summary: "Takes somebody off a role, or off all.", Example: "roster remove maria package fixing",
				Params: []Param{{Name: "person", Help: "whose membership ends"}, anyRole}, Run: s.rosterRemove,
			},
		}, append(s.consentCommands(), s.inviteCommands()...)...),
	}, {
		Name: "leave", Needs: Known, Summary: "Takes you off the roster at once: off a role, or off all.", Example: "leave", Params: []Param{anyRole}, Run: s.rosterLeave,
	}}
}

func (s Services) rosterShow(ctx context.Context, c *Call) (Reply, error) {
	roles, err := oncall.Roles(ctx, s.DB)
	if err != nil {
		return Reply{}, err
	}
	if c.Given("role") {
		r, err := oncall.FindRole(ctx, s.DB, c.Text("role"))
		if err != nil {
			return Reply{}, err
		}
		roles = []oncall.Role{r}
	}
	members, err := oncall.Members(ctx, s.DB)
	if err != nil {
		return Reply{}, err
	}
	var r Reply
	for _, role := range roles {
		var of []oncall.Member
		for _, m := range members {
			if m.Role == role.Name {
				of = append(of, m)
			}
		}
		var names []string
		for _, m := range oncall.Order(of, c.Now) {
			name := m.Person.Handle + " " + c.Now.In(oncall.Location(m.Person.Zone)).Format("15:04")
			if !m.Person.Awake(c.Now) {
				name += " asleep"
			}
			names = append(names, name)
		}
		for _, m := range of {
			if !m.Active() {
				names = append(names, m.Person.Handle+" ("+m.Standing()+")")
			}
		}
		r.Blocks = append(r.Blocks, Line(role.Title+": "+oncall.JoinNames(names)))
	}
	return r, nil
}

func (s Services) rosterJoin(ctx context.Context, c *Call) (Reply, error) {
	h, err := hours(c.Text("awake"))
	if err != nil {
		return Reply{}, err
	}
	h.Zone = c.Text("zone")
	m, err := s.People.Join(ctx, c.Actor(), c.Text("role"), h, c.Text("words"))
	if err != nil {
		return Reply{}, err
	}
	text := fmt.Sprintf("Thank you. You can be rung for %s, as %s, between %s and %s %s first. To end it: %s",
		m.Role, m.Person.Handle, oncall.Minutes(m.Person.Wakes), oncall.Minutes(m.Person.Sleeps), m.Person.Zone, c.Typed("roster leave"))
	if !m.Active() {
		text = fmt.Sprintf("Thank you, your yes to %s is recorded. You are not rung before an admin lets you in: %s",
			m.Role, c.Typed("roster add "+m.Person.Handle+" "+m.Role))
	}
	return hoursEcho(sentence(text), c, m.Person, h), nil
}

// hoursEcho says hours that were changed on both clocks.
func hoursEcho(r Reply, c *Call, p oncall.Person, h oncall.Hours) Reply {
	if h.Zone != "" || h.Wakes != nil {
		r.Blocks = append(r.Blocks, Line("You are awake "+p.Profile().Awake(c.Now)+"."))
	}
	return r
}

func (s Services) rosterLeave(ctx context.Context, c *Call) (Reply, error) {
	left, err := s.People.Leave(ctx, c.Actor(), c.Handle, c.Text("role"))
	if err != nil {
		return Reply{}, err
	}
	text := fmt.Sprintf("You are not rung for %s any more.", oncall.JoinNames(left.Roles))
	if len(left.Schedules) > 0 {
		text += fmt.Sprintf(" You are on by %s no more.", oncall.JoinNames(left.Schedules))
	}
	r := sentence(text)
	if len(left.Shifts) > 0 {
		l := List{Title: "These shifts were yours; whoever is next has them, or nobody:"}
		for _, shift := range left.Shifts {
			l.Items = append(l.Items, shiftWords(shift, c.Zone))
		}
		r.Blocks = append(r.Blocks, l)
	}
	return r, nil
}

func (s Services) rosterAdd(ctx context.Context, c *Call) (Reply, error) {
	m, err := s.People.Add(ctx, c.Actor(), c.Text("person"), c.Text("role"))
	if err != nil {
		return Reply{}, err
	}
	if m.Active() {
		return sentence(fmt.Sprintf("%s can be rung for %s now.", m.Person.Handle, m.Role)), nil
	}
	return sentence(fmt.Sprintf("I asked %s about %s. Nobody is rung before saying yes.", m.Person.Handle, m.Role)), nil
}

func (s Services) rosterRemove(ctx context.Context, c *Call) (Reply, error) {
	ended, err := s.People.Remove(ctx, c.Actor(), c.Text("person"), c.Text("role"))
	return sentence(fmt.Sprintf("%s is not rung for %s any more.", c.Text("person"), oncall.JoinNames(ended))), err
}
