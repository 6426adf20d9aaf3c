package command

import (
	"context"
	"fmt"
	"strings"

	"batsignal/integrations/job/freeze"
	"batsignal/oncall/fault"
)

func (s Services) freezeCommand() *Command {
	return &Command{
		Name: "freeze", Needs: Known, Default: "list", Summary: "Shows and sets when nothing risky is done.", Example: "freeze list",
		Subs: []*Command{
			{Name: "list", Summary: "Says whether there is a freeze now, and lists those that come.", Example: "freeze list", Run: s.freezeList},
			{
				Name: "add", Needs: Known | LetIn, Summary: "Sets a freeze.", Example: `freeze add 23 december to 2 january --because "the holidays"`,
				Params: []Param{
					{Name: "because", Kind: Option, Help: "why, in double quotes"},
					{Name: "time", Kind: Words, Help: "from when to when, as in 23 december to 2 january"},
				}, Run: s.freezeAdd,
			},
			{
				Name: "lift", Needs: Known | LetIn, Summary: "Ends a freeze early.", Example: "freeze lift F3",
				Params: []Param{{Name: "freeze", Kind: Number, Prefix: "F", Help: "which one"}},
				Run: func(ctx context.Context, c *Call) (Reply, error) {
					w, err := freeze.Lift(ctx, s.DB, c.Now, c.Actor(), c.Rights.Has(Admin), c.Number("freeze"))
					if err != nil {
						return Reply{}, err
					}
					return sentence(fmt.Sprintf("%s is lifted: %s.", w.Ref(), w.Title)), nil
				},
			},
		},
	}
}

func (s Services) freezeList(ctx context.Context, c *Call) (Reply, error) {
	why, until, err := freeze.Frozen(ctx, s.DB, s.Freezes, c.Now)
	if err != nil {
		return Reply{}, err
	}
	windows, err := freeze.List(ctx, s.DB, c.Now)
	if err != nil {
		return Reply{}, err
	}
	r := sentence("Nothing is frozen now.")
	if why != "" {
		r = sentence(fmt.Sprintf("Nothing risky is done until %s: %s.", stamp(until, c), strings.TrimRight(why, ".")))
	}
	if days := s.Freezes.Words(); days != "" {
		r.Blocks = append(r.Blocks, Line("Every week: "+days+"."))
	}
	var l List
	for _, w := range windows {
		if w.LiftedAt == nil {
			l.Items = append(l.Items, fmt.Sprintf("%s from %s to %s: %s (%s)", w.Ref(), stamp(w.BeginsAt, c), stamp(w.EndsAt, c), w.Title, w.MadeBy))
		}
	}
	if len(l.Items) > 0 {
		r.Blocks = append(r.Blocks, l)
	}
	return r, nil
}

func (s Services) freezeAdd(ctx context.Context, c *Call) (Reply, error) {
	st, err := span(c, c.Text("time"))
	if err != nil {
		return Reply{}, err
	}
	if !c.Given("because") {
		return Reply{}, fault.New(fault.Invalid, "Say why, so that people know what they wait for: --because \"the release\".")
	}
	w, err := freeze.Add(ctx, s.DB, c.Now, c.Actor(), st.From, st.Until, c.Text("because"))
	if err != nil {
		return Reply{}, err
	}
	return sentence(fmt.Sprintf("%s: nothing risky is done, %s", w.Ref(), endSentence(st.Echo(w.BeginsAt, w.EndsAt, c.Zone)))), nil
}
