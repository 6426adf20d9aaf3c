package bot

import (
	"context"
	"fmt"

	"batsignal/incidents"
	"batsignal/incidents/action"
	"batsignal/oncall"
)

// openShown is how many incidents a handoff names.
const openShown = 5

// WhatIsOpen tells whoever comes on for a role what they find: the open incidents that
// want the role, and how many actions of incidents are to be done.
func WhatIsOpen(of *incidents.Service, actions *action.Service) func(ctx context.Context, role string) ([]string, error) {
	return func(ctx context.Context, role string) ([]string, error) {
		o, err := of.Overview(ctx, openShown, 1)
		if err != nil {
			return nil, err
		}
		var lines []string
		for _, st := range o.Open {
			if !wants(st, role) {
				continue
			}
			lines = append(lines, fmt.Sprintf("%s (severity %d) %s", st.Incident.Ref(), st.Incident.Severity, st.Incident.Title))
		}
		if more := len(o.MoreOpen); more > 0 {
			lines = append(lines, oncall.Plural(more, "more incident", "more incidents")+" (!incident list)")
		}
		todo, err := actions.List(ctx, action.Filter{State: action.Open})
		if err != nil {
			return nil, err
		}
		n := 0
		for _, item := range todo {
			if item.Incident != 0 {
				n++
			}
		}
		if n > 0 {
			lines = append(lines, oncall.Plural(n, "action of an incident", "actions of incidents")+" (!actions)")
		}
		return lines, nil
	}
}

// wants tells whether an incident has a role.
func wants(st incidents.Standing, role string) bool {
	for _, r := range st.Roles {
		if r.Role.Name == role {
			return true
		}
	}
	return false
}
