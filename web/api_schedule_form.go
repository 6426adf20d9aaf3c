package web

import (
	"fmt"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/schedule"
)

func (p *api) writeSchedule(a *asked, sched schedule.Schedule) (apiSchedule, error) {
	list, err := p.writeSchedules(a, sched)
	if err != nil {
		return apiSchedule{}, err
	}
	return list[0], nil
}

// writeSchedules writes schedules as programs read them, with the handles of people.
func (p *api) writeSchedules(a *asked, list ...schedule.Schedule) ([]apiSchedule, error) {
	var ids []int64
	for _, sched := range list {
		for _, l := range sched.Layers {
			ids = append(ids, l.Members...)
		}
	}
	handles, err := p.handles(a, ids...)
	out := make([]apiSchedule, 0, len(list))
	for _, sched := range list {
		one := apiSchedule{Name: sched.Name, Title: sched.Title, Role: sched.Role, Zone: sched.Zone, Version: sched.Version, Layers: []apiLayer{}}
		for _, l := range sched.Layers {
			one.Layers = append(one.Layers, writeLayer(l, handles))
		}
		out = append(out, one)
	}
	return out, err
}

func writeLayer(l schedule.Layer, handles map[int64]string) apiLayer {
	out := apiLayer{
		Name: l.Name, Zone: l.Zone, Starts: l.Starts.String(), Ends: l.Ends.String(), Unit: string(l.Unit),
		Turns: append([]int{}, l.Turns...), Members: []string{}, Shadow: l.Shadow,
	}
	for _, m := range l.Members {
		out.Members = append(out.Members, handles[m])
	}
	for _, w := range l.Windows {
		days := w.Days
		if days == 0 {
			days = 127
		}
		out.Windows = append(out.Windows, apiWindow{Days: oncall.WriteDays(int(days)), Hours: oncall.Minutes(w.From) + "-" + oncall.Minutes(w.Until)})
	}
	return out
}

// readSchedule reads a schedule that a program sends. What is wrong is said with where it
// stands; what cannot be reckoned with is found by its own Check.
func (p *api) readSchedule(a *asked, in apiSchedule) (schedule.Schedule, error) {
	out := schedule.Schedule{Name: in.Name, Title: in.Title, Role: in.Role, Zone: in.Zone}
	if in.Role != "" {
		if _, err := p.roleNamed(a, in.Role); fault.KindOf(err) == fault.NotFound {
			return out, wrong("role", "%s", fault.Say(err))
		} else if err != nil {
			return out, err
		}
	}
	people, err := p.everybody(a, in)
	if err != nil {
		return out, err
	}
	for i, l := range in.Layers {
		layer, err := readLayer(l, indexed("layers", i), people)
		if err != nil {
			return out, err
		}
		out.Layers = append(out.Layers, layer)
	}
	return out, out.Check()
}

// everybody is whom a schedule may name, by handle; it asks once, however many it names.
func (p *api) everybody(a *asked, in apiSchedule) (map[string]int64, error) {
	out := map[string]int64{}
	for _, l := range in.Layers {
		if len(l.Members) == 0 {
			continue
		}
		people, err := oncall.People(a.ctx(), p.DB)
		for _, one := range people {
			out[one.Handle] = one.ID
		}
		return out, err
	}
	return out, nil
}

func readLayer(in apiLayer, at string, people map[string]int64) (out schedule.Layer, err error) {
	out = schedule.Layer{Name: in.Name, Zone: in.Zone, Unit: schedule.Unit(in.Unit), Turns: in.Turns, Shadow: in.Shadow}
	if out.Starts, err = civil.Parse(in.Starts); err != nil {
		return out, wrong(at+".starts", "%s", fault.Say(err))
	}
	if in.Ends != "" {
		if out.Ends, err = civil.Parse(in.Ends); err != nil {
			return out, wrong(at+".ends", "%s", fault.Say(err))
		}
	}
	for i, handle := range in.Members {
		id, known := people[handle]
		if !known {
			return out, wrong(fmt.Sprintf("%s.members[%d]", at, i), "I know nobody called %q.", oncall.Clip(handle, 64))
		}
		out.Members = append(out.Members, id)
	}
	for i, w := range in.Windows {
		days, err := oncall.ParseDays(w.Days)
		if err != nil {
			return out, wrong(fmt.Sprintf("%s.windows[%d].days", at, i), "%s", fault.Say(err))
		}
		from, until, err := oncall.ParseHours(w.Hours)
		if err != nil {
			return out, wrong(fmt.Sprintf("%s.windows[%d].hours", at, i), "%s", fault.Say(err))
		}
		out.Windows = append(out.Windows, schedule.Window{Days: schedule.Days(days), From: from, Until: until}) //nolint:gosec // ParseDays gives seven bits
	}
	return out, nil
}
