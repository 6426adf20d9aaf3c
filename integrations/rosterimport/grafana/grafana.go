// Package grafana makes a tree of what the public API (v1) of Grafana OnCall lists:
// schedules, on-call shifts, escalation chains and policies, and users.
//
// docs/imports.md has the mapping. It reads what is given to it, and no network.
package grafana

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"batsignal/integrations/rosterimport/draft"
	"batsignal/oncall"
	"batsignal/oncall/tree"
)

// page is a list as the API answers it, or only its entries.
type page[T any] struct {
	Results []T
	More    bool
	Given   bool
}

// UnmarshalJSON reads both.
func (p *page[T]) UnmarshalJSON(text []byte) error {
	p.Given = true
	if text = bytes.TrimSpace(text); len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, &p.Results)
	}
	var full struct {
		Results []T     `json:"results"`
		Next    *string `json:"next"`
	}
	err := json.Unmarshal(text, &full)
	p.Results, p.More = full.Results, full.Next != nil
	return err
}

func (p *page[T]) join(o page[T]) {
	p.Results = append(p.Results, o.Results...)
	p.More, p.Given = p.More || o.More, p.Given || o.Given
}

type export struct {
	Users     page[user]     `json:"users"`
	Schedules page[schedule] `json:"schedules"`
	Shifts    page[shift]    `json:"on_call_shifts"`
	Chains    page[chain]    `json:"escalation_chains"`
	Policies  page[policy]   `json:"escalation_policies"`
}

type user struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
	Email    string `json:"email"`
}

type schedule struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Type      string   `json:"type"` // web, calendar or ical
	Zone      string   `json:"time_zone"`
	Shifts    []string `json:"shifts"`
	Overrides *string  `json:"ical_url_overrides"`
}

type chain struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type policy struct {
	Chain     string   `json:"escalation_chain_id"`
	Position  int      `json:"position"`
	Type      string   `json:"type"`
	Duration  int      `json:"duration"` // seconds
	Persons   []string `json:"persons_to_notify"`
	EachTime  []string `json:"persons_to_notify_next_each_time"`
	Scheduled string   `json:"notify_on_call_from_schedule"`
}

// Convert makes a tree of the lists. An error is fault.Invalid or fault.Limited: a file
// is not what it should be.
func Convert(files [][]byte, o draft.Options) (tree.File, []draft.Note, error) {
	d := draft.New(o)
	var all export
	for _, text := range files {
		var e export
		if err := draft.Read(text, &e); err != nil {
			return tree.File{}, nil, err
		}
		all.Users.join(e.Users)
		all.Schedules.join(e.Schedules)
		all.Shifts.join(e.Shifts)
		all.Chains.join(e.Chains)
		all.Policies.join(e.Policies)
	}
	for _, u := range all.Users.Results {
		d.AddUser(u.ID, u.Name, u.Username, u.Email)
	}
	if all.Users.More || all.Schedules.More || all.Shifts.More || all.Chains.More || all.Policies.More {
		d.Note("export", "a list goes on after what is here (next). Fetch the other pages too, and give all files at once.")
	}
	shifts := map[string]shift{}
	for _, s := range all.Shifts.Results {
		shifts[s.ID] = s
	}
	used := map[string]bool{}
	for _, s := range all.Schedules.Results {
		convertSchedule(d, s, shifts)
		for _, id := range s.Shifts {
			used[id] = true
		}
	}
	for _, s := range all.Shifts.Results {
		if !used[s.ID] {
			d.Note("shift "+oncall.Clip(draft.Line(cmp.Or(s.Name, s.ID)), 60), "no schedule has it, so it is not carried over.")
		}
	}
	if all.Schedules.Given && d.File.Schedules == nil {
		d.File.Schedules = []tree.Schedule{}
	}
	for _, c := range all.Chains.Results {
		convertChain(d, c, all.Policies.Results)
	}
	f, notes := d.Finish()
	return f, notes, nil
}

// convertChain makes a policy. A chain goes from step to step without waiting, and waits
// by steps of their own: what is between two waits is one step here.
func convertChain(d *draft.Draft, c chain, policies []policy) {
	about := "escalation chain " + oncall.Clip(draft.Line(c.Name), 60)
	name := d.Name("policy", c.ID, c.Name)
	out := tree.Policy{Name: name, Title: draft.Title(c.Name, name), Repeats: 1}
	var of []policy
	for _, p := range policies {
		if p.Chain == c.ID {
			of = append(of, p)
		}
	}
	slices.SortStableFunc(of, func(a, b policy) int { return cmp.Compare(a.Position, b.Position) })
	step := tree.Step{}
	for _, p := range of {
		if p.Type == "wait" {
			wait := time.Duration(max(p.Duration, 0)) * time.Second
			switch {
			case len(step.Notify) > 0:
				step.Wait = wait
				out.Steps, step = append(out.Steps, step), tree.Step{}
			case len(out.Steps) > 0:
				out.Steps[len(out.Steps)-1].Wait += wait
			default:
				d.Note(about, "it waits %s before it rings anybody; here somebody is rung at once.", wait)
			}
			continue
		}
		step.Notify = append(step.Notify, targets(d, about, p)...)
		step.All = len(step.Notify) > 1
	}
	if len(step.Notify) > 0 {
		out.Steps = append(out.Steps, step)
	}
	d.AddPolicy(about, out)
}

func targets(d *draft.Draft, about string, p policy) (notify []string) {
	switch p.Type {
	case "notify_persons", "notify_person_next_each_time":
		if p.Type == "notify_person_next_each_time" {
			d.Note(about, "a step takes another person each time; here all of them are rung. A schedule does what is meant.")
		}
		for _, h := range d.Handles(about, append(slices.Clone(p.Persons), p.EachTime...)) {
			notify = append(notify, "person "+h)
		}
	case "notify_on_call_from_schedule":
		if target, found := d.Target(about, p.Scheduled, p.Scheduled); found {
			notify = append(notify, target)
		}
	default:
		d.Note(about, "a step of the type %s is left out: there is nothing like it here.", oncall.Clip(draft.Line(p.Type), 60))
	}
	return notify
}
