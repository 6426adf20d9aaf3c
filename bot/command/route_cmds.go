package command

import (
	"context"
	"fmt"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/reach"
)

func (s Services) routeCommands() []*Command {
	return []*Command{{
		Name: "route", Default: "list", Summary: "Shows the ways to reach people, and tests them.", Example: "route list",
		Subs: []*Command{
			{Name: "list", Summary: "Tells how every route fares, what it costs and how much goes by it.", Example: "route list", Run: s.routeList},
			{
				Name: "test", Needs: Known, Summary: "Sends a test by every way of yours; admins test others too, outside of their quiet hours.", Example: "route test",
				Params: []Param{{Name: "person", Optional: true, Help: "whose ways; yours if not said"}}, Run: s.routeTest,
			},
		},
	}, {
		Name: "ready", Needs: Known, Summary: "Tells who can be reached by two ways that are known to work, and what the others have to type.", Example: "ready package fixing",
		Params: []Param{{Name: "of", Kind: Rest, Optional: true, Help: "a role or a person; all roles if not said"}}, Run: s.ready,
	}}
}

func (s Services) routeList(ctx context.Context, c *Call) (Reply, error) {
	routes, err := s.Incidents.RoutesNow(ctx)
	if err != nil {
		return Reply{}, err
	}
	l := List{Title: "People are reached by"}
	for _, r := range routes {
		l.Items = append(l.Items, fmt.Sprintf("%s: %s. It is used %s; %s; %s.", r.Name, r.State(c.Now), r.Is(), r.Limits(), r.Price()))
	}
	return Reply{Blocks: []Block{l, Line(incidents.QuietHours)}}, nil
}

func (s Services) routeTest(ctx context.Context, c *Call) (Reply, error) {
	handle := c.Handle
	if c.Given("person") {
		handle = c.Text("person")
	}
	p, err := oncall.PersonByHandle(ctx, s.DB, handle)
	if err != nil {
		return Reply{}, err
	}
	if p.ID != c.PersonID && !c.Rights.Has(Admin) {
		return Reply{}, fault.New(fault.Forbidden, "Only admins test the ways of others. Ask %s to do it: !route test", p.Handle)
	}
	say, err := s.Incidents.TestRoutes(ctx, c.Actor(), p)
	return privately(say), err
}

func (s Services) ready(ctx context.Context, c *Call) (Reply, error) {
	report, err := s.Incidents.Readiness(ctx)
	if err != nil {
		return Reply{}, err
	}
	if !c.Given("of") {
		return Reply{Blocks: readyAll(c, report)}, nil
	}
	if p, err := oncall.PersonByHandle(ctx, s.DB, c.Text("of")); err == nil {
		for _, one := range report.People {
			if one.ID == p.ID {
				return sentence(readyWords(one)), nil
			}
		}
		return sentence(p.Handle + " is rung for no role."), nil
	} else if fault.KindOf(err) != fault.NotFound {
		return Reply{}, err
	}
	role, err := oncall.FindRole(ctx, s.DB, c.Text("of"))
	if err != nil {
		return Reply{}, err
	}
	for _, one := range report.Roles {
		if one.Name == role.Name {
			l := List{Title: readyCount(one)}
			for _, p := range one.People {
				if !p.Ready {
					l.Items = append(l.Items, readyWords(p))
				}
			}
			return Reply{Blocks: []Block{l}}, nil
		}
	}
	return Reply{}, fault.New(fault.NotFound, "%s is no role any more.", role.Title)
}

// readyAll tells of every role in a line, and of the caller.
func readyAll(c *Call, report reach.Report) []Block {
	l := List{Title: fmt.Sprintf("%d of %s can be reached by two ways that are proven and were tested in the last 30 days",
		report.Ready, oncall.Plural(len(report.People), "person", "people"))}
	for _, role := range report.Roles {
		text := readyCount(role)
		var not []string
		for _, p := range role.People {
			if !p.Ready {
				not = append(not, p.Handle)
			}
		}
		if len(not) > 0 {
			text += "; not ready: " + oncall.JoinNames(not)
		}
		l.Items = append(l.Items, text)
	}
	blocks := []Block{l}
	for _, p := range report.People {
		if p.ID == c.PersonID && !p.Ready {
			blocks = append(blocks, Line(readyWords(p)))
		}
	}
	return blocks
}

func readyCount(r reach.Role) string {
	return fmt.Sprintf("%s: %d of %d ready", r.Title, r.Ready, len(r.People))
}

func readyWords(p reach.Person) string {
	if p.Ready {
		return fmt.Sprintf("%s is ready: %s known to work.", p.Handle, oncall.Plural(p.Counts(), "way", "ways"))
	}
	return p.Handle + " " + p.Why() + "."
}
