package reachability

import (
	"slices"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/fault"
	"batsignal/oncall/policy"
)

// known refuses a policy that rings what is not among the facts: somebody who is spelt
// wrongly would only be missing from the figures. The error is fault.NotFound.
func known(f duty.Facts, p policy.Policy) error {
	people := map[string]bool{}
	for _, m := range f.Members {
		people[m.Person.Handle] = true
	}
	for _, s := range p.Steps {
		for _, t := range s.Targets {
			known := true
			switch t.Kind {
			case policy.Person:
				known = people[t.Name]
			case policy.Role:
				known = slices.ContainsFunc(f.Roles, func(r oncall.Role) bool { return r.Name == t.Name })
			case policy.Schedule:
				_, known = f.Plan.Named(t.Name)
			}
			if !known {
				return fault.New(fault.NotFound, "The policy %s rings the %s %s, and there is none who can be rung.", p.Name, t.Kind, t.Name)
			}
		}
	}
	return nil
}
