package draft

import (
	"fmt"
	"slices"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/schedule"
	"batsignal/oncall/tree"
)

const (
	minutesOfDay = 24 * 60
	longestTurn  = 1000 // units, see oncall/schedule
)

// Every writes the length of a turn of so many seconds; found is false if there is no
// unit for it.
func Every(seconds int) (every []string, unit schedule.Unit, n int, found bool) {
	for _, u := range []struct {
		schedule.Unit
		seconds int
	}{{schedule.Week, 7 * 86400}, {schedule.Day, 86400}, {schedule.Hour, 3600}} {
		if seconds > 0 && seconds%u.seconds == 0 && seconds/u.seconds <= longestTurn {
			n := seconds / u.seconds
			return Turn(u.Unit, n), u.Unit, n, true
		}
	}
	return nil, "", 0, false
}

// Turn writes a turn of so many units.
func Turn(unit schedule.Unit, n int) []string {
	return []string{oncall.Plural(n, string(unit), string(unit)+"s")}
}

// Window writes times of day on some days that last for some minutes, at most a day. A
// whole day every day is always: no window.
func Window(days schedule.Days, from, minutes int) []string {
	everyDay := days == 0 || days == 127
	if everyDay && minutes >= minutesOfDay {
		return nil
	}
	until := from + minutes
	if until > minutesOfDay {
		until -= minutesOfDay
	}
	hours := oncall.Minutes(from) + "-" + oncall.Minutes(until)
	if everyDay {
		return []string{hours}
	}
	return []string{oncall.WriteDays(int(days)) + " " + hours}
}

// Stretch writes a time of the week that begins on a day (Monday is 0) and may last for
// several: each day of it, those with the same hours together.
func Stretch(day, from, minutes int) []string {
	if minutes >= 7*minutesOfDay {
		return nil
	}
	days := map[string]int{}
	var order []string
	for left := minutes; left > 0; day, from = day+1, 0 {
		take := min(left, minutesOfDay-from)
		hours := oncall.Minutes(from) + "-" + oncall.Minutes(from+take)
		if days[hours] == 0 {
			order = append(order, hours)
		}
		days[hours] |= 1 << (day % 7)
		left -= take
	}
	var out []string
	for _, hours := range order {
		out = append(out, oncall.WriteDays(days[hours])+" "+hours)
	}
	return out
}

// Rotated is a list that begins at another place of it; from may be negative.
func Rotated[T any](list []T, from int) []T {
	if len(list) == 0 {
		return nil
	}
	from = (from%len(list) + len(list)) % len(list)
	return append(slices.Clone(list[from:]), list[:from]...)
}

// LayerName gives a layer a name that no other of its schedule has.
func LayerName(layers []tree.Layer, title string) string {
	base := Slug(title, 28)
	if base == "" {
		base = "layer"
	}
	name := base
	for n := 2; slices.ContainsFunc(layers, func(l tree.Layer) bool { return l.Name == name }); n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}

// Over tells whether a layer has ended by now.
func (d *Draft) Over(l tree.Layer, zone string) bool {
	if l.Ends == "" || d.Now.IsZero() {
		return false
	}
	z, err := civil.Zone(zone)
	end, err2 := civil.Parse(l.Ends)
	return err == nil && err2 == nil && !end.In(z, civil.End).After(d.Now)
}

// AddSchedule takes a schedule into the tree, if it can be one. What is wrong with it
// is noted.
func (d *Draft) AddSchedule(about string, s tree.Schedule) {
	s.Role = d.Role
	if rules, err := s.Rules(nil); err != nil {
		d.Note(about, "it is not carried over: %s", strings.TrimSpace(err.Error()))
		return
	} else if err := rules.Check(); err != nil {
		d.Note(about, "it is not carried over: %s", err.Error())
		return
	}
	if len(s.Layers) == 0 {
		d.Note(about, "nothing of it could be carried over, so nobody is on by it. Write its layers yourself.")
	}
	d.File.Schedules = append(d.File.Schedules, s)
}

// AddPolicy takes a policy into the tree, without steps that have nobody to ring.
func (d *Draft) AddPolicy(about string, p tree.Policy) {
	rings := false
	p.Steps = slices.DeleteFunc(p.Steps, func(s tree.Step) bool { return len(s.Notify) == 0 })
	for i := range p.Steps {
		var once []string
		for _, t := range p.Steps[i].Notify {
			if !slices.Contains(once, t) {
				once = append(once, t)
			}
			rings = rings || !strings.HasPrefix(t, "room ")
		}
		p.Steps[i].Notify = once
		if len(once) == 1 && !strings.HasPrefix(once[0], "schedule ") {
			p.Steps[i].All = false // one person is everybody
		}
	}
	if !rings {
		d.Note(about, "it is not carried over: nothing that it rings is in the export.")
		return
	}
	if rules, err := p.Rules(); err != nil || rules.Check() != nil {
		if err == nil {
			err = rules.Check()
		}
		d.Note(about, "it is not carried over: %v", err)
		return
	}
	d.File.Policies = append(d.File.Policies, p)
}

// Target is a schedule of the export as a target of a policy, if it was carried over.
func (d *Draft) Target(about, id, title string) (target string, found bool) {
	name := d.Named("schedule", id)
	if name != "" && slices.ContainsFunc(d.File.Schedules, func(s tree.Schedule) bool { return s.Name == name }) {
		return "schedule " + name, true
	}
	d.Note(about, "the schedule %s is not in the export, or was not carried over, and is not rung.", oncall.Clip(Line(title), 60))
	return "", false
}
