// Package pagerduty makes a tree of what the REST API of PagerDuty (v2) answers: lists
// of schedules, escalation policies, users and overrides.
//
// docs/imports.md has the mapping. It reads what is given to it, and no network.
package pagerduty

import (
	"cmp"
	"fmt"

	"batsignal/integrations/rosterimport/draft"
	"batsignal/oncall"
	"batsignal/oncall/tree"
)

// export is one answer of the API, or several of them joined.
type export struct {
	Schedules []schedule `json:"schedules"`
	Schedule  *schedule  `json:"schedule"`
	Policies  []policy   `json:"escalation_policies"`
	Policy    *policy    `json:"escalation_policy"`
	Users     []user     `json:"users"`
	User      *user      `json:"user"`
	Overrides []override `json:"overrides"`
	More      bool       `json:"more"` // there are more pages of it
	Services  []any      `json:"services"`
}

type user struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Summary string `json:"summary"`
	Email   string `json:"email"`
	Zone    string `json:"time_zone"`
}

type reference struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Summary string `json:"summary"`
}

type schedule struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	Zone   string  `json:"time_zone"`
	Layers []layer `json:"schedule_layers"`
	Final  struct {
		Entries []entry `json:"rendered_schedule_entries"`
	} `json:"final_schedule"`
}

// entry is a time at which somebody is on in the end, as PagerDuty shows it.
type entry struct {
	Start string    `json:"start"`
	End   string    `json:"end"`
	User  reference `json:"user"`
}

type layer struct {
	Name         string `json:"name"`
	Start        string `json:"start"`
	End          string `json:"end"`
	VirtualStart string `json:"rotation_virtual_start"`
	TurnSeconds  int    `json:"rotation_turn_length_seconds"`
	Users        []struct {
		User reference `json:"user"`
	} `json:"users"`
	Restrictions []restriction `json:"restrictions"`
}

type restriction struct {
	Type     string `json:"type"`
	Start    string `json:"start_time_of_day"`
	Duration int    `json:"duration_seconds"`
	Day      int    `json:"start_day_of_week"` // Monday is 1
}

type policy struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Loops int    `json:"num_loops"`
	Rules []struct {
		Delay   int         `json:"escalation_delay_in_minutes"`
		Targets []reference `json:"targets"`
	} `json:"escalation_rules"`
}

type override struct {
	Start string    `json:"start"`
	End   string    `json:"end"`
	User  reference `json:"user"`
}

// Convert makes a tree of the answers of the API. An error is fault.Invalid or
// fault.Limited: a file is not what it should be.
func Convert(files [][]byte, o draft.Options) (tree.File, []draft.Note, error) {
	d := draft.New(o)
	var all export
	for _, text := range files {
		var e export
		if err := draft.Read(text, &e); err != nil {
			return tree.File{}, nil, err
		}
		all.join(e)
	}
	for _, u := range all.Users {
		d.AddUser(u.ID, cmp.Or(u.Name, u.Summary), "", u.Email)
	}
	if all.More {
		d.Note("export", "a list goes on after what is here (more: true). Fetch the other pages too, and give all files at once.")
	}
	for _, s := range all.Schedules {
		convertSchedule(d, s)
	}
	if all.Schedules != nil && d.File.Schedules == nil {
		d.File.Schedules = []tree.Schedule{}
	}
	for _, p := range all.Policies {
		convertPolicy(d, p)
	}
	if n := len(all.Overrides); n > 0 {
		d.Note("overrides", "%s not carried over: they are decisions, not rules. Those that are still to come are made with !override.", wereNot(n, "override"))
	}
	if len(all.Services) > 0 {
		d.Note("services", "they are not carried over. Have a role follow a policy instead (policies: in its entry).")
	}
	f, notes := d.Finish()
	return f, notes, nil
}

func wereNot(n int, what string) string {
	if n == 1 {
		return "1 " + what + " was"
	}
	return fmt.Sprintf("%d %ss were", n, what)
}

func (e *export) join(o export) {
	if o.Schedule != nil {
		o.Schedules = append(o.Schedules, *o.Schedule)
	}
	if o.Policy != nil {
		o.Policies = append(o.Policies, *o.Policy)
	}
	if o.User != nil {
		o.Users = append(o.Users, *o.User)
	}
	for _, s := range o.Schedules { // one that was fetched by itself knows more than the list
		replaced := false
		for i := range e.Schedules {
			if e.Schedules[i].ID == s.ID {
				replaced = true
				if len(s.Layers) >= len(e.Schedules[i].Layers) {
					e.Schedules[i] = s
				}
			}
		}
		if !replaced {
			e.Schedules = append(e.Schedules, s)
		}
	}
	e.Policies = append(e.Policies, o.Policies...)
	e.Users = append(e.Users, o.Users...)
	e.Overrides = append(e.Overrides, o.Overrides...)
	e.Services = append(e.Services, o.Services...)
	e.More = e.More || o.More
}

const mostRounds = 100

func convertPolicy(d *draft.Draft, p policy) {
	about := "policy " + oncall.Clip(draft.Line(p.Name), 60)
	name := d.Name("policy", p.ID, p.Name)
	out := tree.Policy{Name: name, Title: draft.Title(p.Name, name), Repeats: min(max(p.Loops, 0)+1, mostRounds)}
	for _, r := range p.Rules {
		step := tree.Step{Wait: minutes(r.Delay)}
		for _, t := range r.Targets {
			switch t.Type {
			case "user_reference", "user":
				if h, found := d.Handle(about, t.ID, t.Summary); found {
					step.Notify = append(step.Notify, "person "+h)
				}
			case "schedule_reference", "schedule":
				if target, found := d.Target(about, t.ID, cmp.Or(t.Summary, t.ID)); found {
					step.Notify = append(step.Notify, target)
				}
			default:
				d.Note(about, "a target of the type %q is not known here and is left out.", oncall.Clip(draft.Line(t.Type), 40))
			}
		}
		step.All = len(step.Notify) > 1
		if len(step.Notify) == 0 {
			d.Note(about, "a rule is left out, since nobody is left whom it rings.")
		}
		out.Steps = append(out.Steps, step)
	}
	d.AddPolicy(about, out)
}
