package command

import (
	"context"
	"fmt"

	"batsignal/incidents"
	"batsignal/oncall"
)

// leadCommands are about who does what in an incident: the baton and the roles.
func (s Services) leadCommands() []*Command {
	return []*Command{{
		Name: "baton", Default: "who", Summary: "Tells and changes who leads an incident.", Example: "baton take",
		Subs: []*Command{
			{Name: "who", Summary: "Tells who holds the baton.", Example: "baton who", Params: []Param{incidentOption}, Run: s.batonWho},
			{
				Name: "take", Needs: Known | LetIn, Summary: "Takes the baton, or asks an active holder for it.", Example: "baton take", Params: []Param{incidentOption},
				Run: s.onIncident(func(ctx context.Context, c *Call, inc incidents.Incident) (string, error) {
					return s.Incidents.Take(ctx, c.Actor(), inc.ID)
				}),
			},
			{
				Name: "pass", Needs: Known, Summary: "Offers the baton to somebody, who must accept.", Example: "baton pass maria",
				Params: []Param{incidentOption, {Name: "person", Help: "who should lead"}},
				Run: s.onIncident(func(ctx context.Context, c *Call, inc incidents.Incident) (string, error) {
					return s.Incidents.Pass(ctx, c.Actor(), inc.ID, c.Text("person"))
				}),
			},
			{
				Name: "accept", Needs: Known, Summary: "Accepts the baton that was offered to you.", Example: "baton accept", Params: []Param{incidentOption},
				Run: s.onIncident(func(ctx context.Context, c *Call, inc incidents.Incident) (string, error) {
					return s.Incidents.Accept(ctx, c.Actor(), inc.ID)
				}),
			},
			{
				Name: "drop", Needs: Known, Summary: "Lays the baton down; then visibly nobody leads.", Example: "baton drop", Params: []Param{incidentOption},
				Run: s.onIncident(func(ctx context.Context, c *Call, inc incidents.Incident) (string, error) {
					return s.Incidents.Drop(ctx, c.Actor(), inc.ID)
				}),
			},
		},
	}, {
		Name: "role", Aliases: []string{"roles"}, Default: "list", Summary: "Tells and changes who does which role in an incident.", Example: "role list",
		Subs: []*Command{
			{Name: "list", Summary: "Lists the roles, filled or not.", Example: "role list", Params: []Param{incidentOption}, Run: s.roleList},
			{
				Name: "take", Needs: Known | LetIn, Summary: "Takes a role, paged or not.", Example: "role take communications",
				Params: []Param{incidentOption, {Name: "role", Kind: Rest, Help: "which role"}},
				Run: s.onIncident(func(ctx context.Context, c *Call, inc incidents.Incident) (string, error) {
					return s.Incidents.TakeRole(ctx, c.Actor(), inc.ID, c.Text("role"))
				}),
			},
			{
				Name: "assign", Needs: Known | LetIn, Summary: "Gives a role to somebody who is here.", Example: "role assign maria communications",
				Params: []Param{incidentOption, {Name: "person", Help: "who"}, {Name: "role", Kind: Rest, Help: "which role"}},
				Run: s.onIncident(func(ctx context.Context, c *Call, inc incidents.Incident) (string, error) {
					return s.Incidents.AssignRole(ctx, c.Actor(), inc.ID, c.Text("person"), c.Text("role"))
				}),
			},
			{
				Name: "leave", Needs: Known, Summary: "Leaves a role; if it is empty then, the next person is rung.", Example: "role leave communications",
				Params: []Param{incidentOption, {Name: "role", Kind: Rest, Help: "which role"}},
				Run: s.onIncident(func(ctx context.Context, c *Call, inc incidents.Incident) (string, error) {
					return s.Incidents.LeaveRole(ctx, c.Actor(), inc.ID, c.Text("role"))
				}),
			},
		},
	}}
}

// onIncident makes a verb of something done to one incident that answers in a
// sentence.
func (s Services) onIncident(do func(context.Context, *Call, incidents.Incident) (string, error)) func(context.Context, *Call) (Reply, error) {
	return func(ctx context.Context, c *Call) (Reply, error) {
		inc, err := s.pick(ctx, c)
		if err != nil {
			return Reply{}, err
		}
		text, err := do(ctx, c, inc)
		if err != nil {
			return Reply{}, err
		}
		return s.unlessAnnounced(ctx, c, inc.ID, sentence(text))
	}
}

func (s Services) batonWho(ctx context.Context, c *Call) (Reply, error) {
	inc, err := s.pick(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	lead, err := s.leadWords(ctx, inc, c)
	return sentence(fmt.Sprintf("Baton of %s: %s.", inc.Ref(), lead)), err
}

// leadWords says who holds the baton, and since when.
func (s Services) leadWords(ctx context.Context, inc incidents.Incident, c *Call) (string, error) {
	b, held, err := s.Incidents.Lead(ctx, inc.ID)
	if err != nil || !held {
		return "nobody", err
	}
	return fmt.Sprintf("%s since %s", b.Handle, oncall.Clock(b.Since, c.Zone)), nil
}

func (s Services) roleList(ctx context.Context, c *Call) (Reply, error) {
	inc, err := s.pick(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	states, err := s.Incidents.RoleStates(ctx, inc.ID)
	return Reply{Blocks: []Block{List{Title: inc.Ref() + ": " + inc.Title, Items: roleLines(states)}}}, err
}

// roleLines writes one line for each role.
func roleLines(states []incidents.RoleState) []string {
	var lines []string
	for _, st := range states {
		var filled []string
		for _, one := range st.Filled {
			filled = append(filled, one.Handle)
		}
		text := oncall.JoinNames(filled)
		switch {
		case len(filled) > 0:
		case st.Hunting && len(st.Rung) > 0:
			text = fmt.Sprintf("empty, ringing %s, round %d", oncall.JoinNames(st.Rung), st.Round)
		case st.Hunting:
			text = fmt.Sprintf("empty, nobody can be rung, round %d", st.Round)
		default:
			text = "empty"
		}
		lines = append(lines, st.Role.Title+": "+text)
	}
	return lines
}
