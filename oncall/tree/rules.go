package tree

import (
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/policy"
	"batsignal/oncall/schedule"
)

// Rules makes a schedule of the words, to reckon with. ids has the numbers of people by
// handle; whoever is not in it is left out. The error is fault.Invalid.
func (x Schedule) Rules(ids map[string]int64) (schedule.Schedule, error) {
	s := schedule.Schedule{Name: x.Name, Title: x.Title, Role: x.Role, Zone: x.Zone}
	for _, l := range x.Layers {
		out := schedule.Layer{Name: l.Name, Zone: l.Zone, Shadow: l.Shadow}
		var err error
		if out.Starts, err = civil.Parse(l.Starts); err != nil {
			return s, err
		}
		if l.Ends != "" {
			if out.Ends, err = civil.Parse(l.Ends); err != nil {
				return s, err
			}
		}
		if out.Unit, out.Turns, err = parseEvery(l.Every); err != nil {
			return s, fault.New(fault.Invalid, "In layer %s: %s.", l.Name, err)
		}
		for _, text := range l.Only {
			w, err := parseOnly(text)
			if err != nil {
				return s, fault.New(fault.Invalid, "In layer %s: %s.", l.Name, err)
			}
			out.Windows = append(out.Windows, w)
		}
		for _, m := range l.Members {
			if id, known := ids[m]; known {
				out.Members = append(out.Members, id)
			}
		}
		s.Layers = append(s.Layers, out)
	}
	return s, nil
}

// Rules makes a policy of the words, of version 0. The error is fault.Invalid.
func (x Policy) Rules() (policy.Policy, error) {
	p := policy.Policy{Name: x.Name, Title: x.Title, Repeats: x.Repeats, Needs: max(x.Needs, 1)}
	for _, s := range x.Steps {
		out := policy.Step{Wait: s.Wait, All: s.All}
		for _, text := range s.Notify {
			t, err := parseTarget(text)
			if err != nil {
				return p, fault.New(fault.Invalid, "The policy %s: %s.", x.Name, err)
			}
			out.Targets = append(out.Targets, t)
		}
		p.Steps = append(p.Steps, out)
	}
	return p, nil
}
