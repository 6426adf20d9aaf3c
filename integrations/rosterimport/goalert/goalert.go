// Package goalert makes a tree of what GoAlert answers to the query in [Query]: it has
// no file of its own to export.
//
// docs/imports.md has the mapping. It reads what is given to it, and no network.
package goalert

import (
	_ "embed" // for the query
	"slices"
	"time"

	"batsignal/integrations/rosterimport/draft"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/tree"
)

// Query is what to ask GoAlert for.
//
//go:embed query.graphql
var Query string

type list[T any] struct {
	Nodes []T `json:"nodes"`
	Page  struct {
		More bool `json:"hasNextPage"`
	} `json:"pageInfo"`
}

type export struct {
	Users     list[user]     `json:"users"`
	Rotations list[rotation] `json:"rotations"`
	Schedules list[schedule] `json:"schedules"`
	Policies  list[policy]   `json:"escalationPolicies"`
	Overrides list[any]      `json:"userOverrides"`
}

type answer struct {
	export
	Data   *export `json:"data"`
	Errors []struct {
		Message string `json:"message"`
	} `json:"errors"`
}

type user struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

type rotation struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Type   string   `json:"type"` // hourly, daily, weekly or monthly
	Length int      `json:"shiftLength"`
	Start  string   `json:"start"`
	Zone   string   `json:"timeZone"`
	Active int      `json:"activeUserIndex"`
	Users  []string `json:"userIDs"`
	Next   []string `json:"nextHandoffTimes"`
}

type target struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Name string `json:"name"`
}

type rule struct {
	Start string `json:"start"`
	End   string `json:"end"`
	Days  []bool `json:"weekdayFilter"` // from Sunday
}

type schedule struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Zone    string `json:"timeZone"`
	Targets []struct {
		Target target `json:"target"`
		Rules  []rule `json:"rules"`
	} `json:"targets"`
	Temporary []any `json:"temporarySchedules"`
}

type policy struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Repeat int    `json:"repeat"` // how often after the first time
	Steps  []struct {
		Delay   int      `json:"delayMinutes"`
		Targets []target `json:"targets"`
	} `json:"steps"`
}

// Convert makes a tree of the answers to the query. An error is fault.Invalid or
// fault.Limited: a file is not what it should be.
func Convert(files [][]byte, o draft.Options) (tree.File, []draft.Note, error) {
	d := draft.New(o)
	var all export
	for _, text := range files {
		var a answer
		if err := draft.Read(text, &a); err != nil {
			return tree.File{}, nil, err
		}
		if len(a.Errors) > 0 {
			return tree.File{}, nil, fault.New(fault.Invalid, "GoAlert answered with an error, not with data: %s", oncall.Clip(draft.Line(a.Errors[0].Message), 200))
		}
		if a.Data != nil {
			a.export = *a.Data
		}
		all.join(a.export)
	}
	c := converting{Draft: d, rotations: map[string]rotation{}}
	for _, u := range all.Users.Nodes {
		d.AddUser(u.ID, u.Name, "", u.Email)
	}
	if all.Users.Page.More || all.Rotations.Page.More || all.Schedules.Page.More || all.Policies.Page.More {
		d.Note("export", "a list goes on after what is here (hasNextPage). Fetch the rest too, and give all files at once.")
	}
	for _, r := range all.Rotations.Nodes {
		c.rotations[r.ID] = r
	}
	for _, s := range all.Schedules.Nodes {
		c.schedule(s)
	}
	if all.Schedules.Nodes != nil && d.File.Schedules == nil {
		d.File.Schedules = []tree.Schedule{}
	}
	for _, p := range all.Policies.Nodes {
		c.policy(p)
	}
	for _, r := range all.Rotations.Nodes {
		if !slices.Contains(c.used, r.ID) {
			d.Note("rotation "+oncall.Clip(draft.Line(r.Name), 60), "nothing uses it, so it is not carried over.")
		}
	}
	if n := len(all.Overrides.Nodes); n > 0 {
		d.Note("overrides", "%s of the answer: they are decisions, not rules, and not carried over. Those that are still to come are made with !override.", oncall.Plural(n, "override", "overrides"))
	}
	f, notes := d.Finish()
	return f, notes, nil
}

func (e *export) join(o export) {
	e.Users = both(e.Users, o.Users)
	e.Rotations = both(e.Rotations, o.Rotations)
	e.Schedules = both(e.Schedules, o.Schedules)
	e.Policies = both(e.Policies, o.Policies)
	e.Overrides = both(e.Overrides, o.Overrides)
}

func both[T any](a, b list[T]) list[T] {
	a.Nodes = append(a.Nodes, b.Nodes...)
	a.Page.More = a.Page.More || b.Page.More
	return a
}

const mostRounds = 100

func (c *converting) policy(p policy) {
	about := "policy " + oncall.Clip(draft.Line(p.Name), 60)
	name := c.Name("policy", p.ID, p.Name)
	out := tree.Policy{Name: name, Title: draft.Title(p.Name, name), Repeats: min(p.Repeat+1, mostRounds)}
	if p.Repeat < 0 {
		out.Repeats = 0
	}
	for _, s := range p.Steps {
		step := tree.Step{Wait: time.Duration(max(s.Delay, 0)) * time.Minute, All: true} // all of a step are told at once
		for _, t := range s.Targets {
			switch t.Type {
			case "user":
				if h, found := c.Handle(about, t.ID, t.Name); found {
					step.Notify = append(step.Notify, "person "+h)
				}
			case "rotation":
				c.bare(t)
				fallthrough
			case "schedule":
				if target, found := c.Target(about, t.ID, t.Name); found {
					step.Notify = append(step.Notify, target)
				}
			default:
				c.Note(about, "the target %s of the type %s is left out: it is no person here. A room is a target like room libera/#ops.",
					oncall.Clip(draft.Line(t.Name), 60), oncall.Clip(draft.Line(t.Type), 40))
			}
		}
		if len(step.Notify) == 0 {
			c.Note(about, "a step is left out, since nobody is left whom it rings.")
		}
		out.Steps = append(out.Steps, step)
	}
	c.AddPolicy(about, out)
}
