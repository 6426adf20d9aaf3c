package goalert

import (
	"slices"
	"time"

	"batsignal/integrations/rosterimport/draft"
	"batsignal/oncall"
	"batsignal/oncall/civil"
	rules "batsignal/oncall/schedule"
	"batsignal/oncall/tree"
)

// converting is a draft with what schedules and policies refer to.
type converting struct {
	*draft.Draft
	rotations map[string]rotation
	used      []string
}

// anyMonday is where the turns of one person begin, who has nobody to hand over to.
const anyMonday = "2024-01-01 00:00"

func (c *converting) schedule(s schedule) {
	about := "schedule " + oncall.Clip(draft.Line(s.Name), 60)
	name := c.Name("schedule", s.ID, s.Name)
	out := tree.Schedule{Name: name, Title: draft.Title(s.Name, name), Zone: s.Zone}
	if _, err := civil.Zone(s.Zone); err != nil {
		c.Note(about, "it is not carried over: its time zone %q is not in the zone database.", oncall.Clip(draft.Line(s.Zone), 40))
		return
	}
	for _, t := range s.Targets {
		at := about + ", target " + oncall.Clip(draft.Line(t.Target.Name), 40)
		only, ever, ok := windows(t.Rules)
		switch {
		case !ok:
			c.Note(at, "it is not carried over: I cannot read one of its rules.")
			continue
		case !ever:
			c.Note(at, "it is not carried over: it is never on.")
			continue
		}
		layer, found := c.layer(at, t.Target, s.Zone, only)
		if found {
			layer.Name = draft.LayerName(out.Layers, t.Target.Name)
			out.Layers = append(out.Layers, layer)
		}
	}
	if len(out.Layers) > 1 {
		c.Note(about, "in GoAlert everybody who is on is told at once. Here the layers are asked in their order, or at once by a step with all: true.")
	}
	if n := len(s.Temporary); n > 0 {
		c.Note(about, "%s not carried over: they are decisions, not rules. Those that are still to come are made with !override.", temporary(n))
	}
	c.AddSchedule(about, out)
}

func temporary(n int) string {
	if n == 1 {
		return "1 temporary schedule is"
	}
	return oncall.Plural(n, "", "temporary schedules are")
}

func (c *converting) layer(about string, t target, zone string, only []string) (out tree.Layer, found bool) {
	switch t.Type {
	case "user":
		h, found := c.Handle(about, t.ID, t.Name)
		return tree.Layer{Starts: anyMonday, Every: draft.Turn(rules.Week, 1), Members: []string{h}, Only: only}, found
	case "rotation":
		r, known := c.rotations[t.ID]
		if !known {
			c.Note(about, "it is not carried over: the rotation is not in the answer.")
			return out, false
		}
		return c.rotation(about, r, zone, only)
	}
	c.Note(about, "it is not carried over: I know no targets of the type %q.", oncall.Clip(draft.Line(t.Type), 40))
	return out, false
}

// rotation makes a layer that begins with the turn that runs. Whose turn it is, is
// state in GoAlert, not arithmetic, so it is read from there.
func (c *converting) rotation(about string, r rotation, zone string, only []string) (out tree.Layer, found bool) {
	if !slices.Contains(c.used, r.ID) {
		c.used = append(c.used, r.ID)
	}
	if r.Zone != "" && r.Zone != zone {
		if len(only) == 0 {
			out.Zone, zone = r.Zone, r.Zone
		} else {
			c.Note(about, "the rotation hands over by the clock of %s and the rules are in %s; here both are in %s, so a handoff may move by an hour when clocks change.", r.Zone, zone, zone)
		}
	}
	z, err := civil.Zone(zone)
	unit := map[string]rules.Unit{"hourly": rules.Hour, "daily": rules.Day, "weekly": rules.Week, "monthly": rules.Month}[r.Type]
	n := max(r.Length, 1)
	handles := c.Handles(about, r.Users)
	active := r.Active
	if len(handles) != len(r.Users) {
		c.Note(about, "the turns of those who are left out go to the others, so who is on differs from GoAlert.")
		active = 0
	}
	switch {
	case err != nil:
		c.Note(about, "it is not carried over: its time zone %q is not in the zone database.", oncall.Clip(draft.Line(zone), 40))
		return out, false
	case unit == "":
		c.Note(about, "it is not carried over: I know no rotations of the type %q.", oncall.Clip(draft.Line(r.Type), 40))
		return out, false
	case len(handles) == 0:
		c.Note(about, "it is not carried over: nobody is in the rotation.")
		return out, false
	}
	begins, ok := c.begins(about, r, unit, n, z)
	if !ok {
		c.Note(about, "it is not carried over: it has no start that I can read.")
		return out, false
	}
	out.Starts, out.Every, out.Members, out.Only = begins.String(), draft.Turn(unit, n), draft.Rotated(handles, active), only
	return out, true
}

// begins is when the turn that runs began: one turn before the next handoff.
func (c *converting) begins(about string, r rotation, unit rules.Unit, n int, zone *time.Location) (civil.DateTime, bool) {
	if len(r.Next) > 0 {
		if next, err := time.Parse(time.RFC3339, r.Next[0]); err == nil && sane(next) {
			return later(civil.Of(next, zone), unit, -n), true
		}
	}
	start, err := time.Parse(time.RFC3339, r.Start)
	if err != nil || !sane(start) {
		return civil.DateTime{}, false
	}
	// Without it the handoffs are reckoned from the start of the rotation.
	first, now := civil.Of(start, zone), civil.Of(c.Now, zone)
	last := first
	per := map[rules.Unit]int{rules.Hour: 60, rules.Day: 24 * 60, rules.Week: 7 * 24 * 60, rules.Month: 31 * 24 * 60}[unit] * n
	for k := max(0, now.MinutesSince(first)/per-1); ; k++ {
		at := later(first, unit, k*n)
		if at.Compare(now) > 0 {
			break
		}
		last = at
	}
	c.Note(about, "the answer does not say when the next handoff is (nextHandoffTimes), so it is reckoned from the start of the rotation. Look at it.")
	return last, true
}

func sane(t time.Time) bool { return t.Year() >= 1970 && t.Year() < 9990 }

func later(d civil.DateTime, unit rules.Unit, n int) civil.DateTime {
	switch unit {
	case rules.Hour:
		return d.AddMinutes(60 * n)
	case rules.Week:
		return d.AddDays(7 * n)
	case rules.Month:
		return d.AddMonths(n)
	}
	return d.AddDays(n)
}

// windows are the times at which one of the rules holds; ever is false if none ever
// does.
func windows(list []rule) (only []string, ever, ok bool) {
	for _, r := range list {
		from, err1 := time.Parse("15:04", r.Start)
		until, err2 := time.Parse("15:04", r.End)
		if err1 != nil || err2 != nil || len(r.Days) != 7 {
			return nil, false, false
		}
		var days rules.Days
		for i, on := range r.Days {
			if on {
				days |= 1 << ((i + 6) % 7) // from Sunday to from Monday
			}
		}
		if days == 0 {
			continue
		}
		start := from.Hour()*60 + from.Minute()
		length := until.Hour()*60 + until.Minute() - start
		if length <= 0 {
			length += 24 * 60
		}
		w := draft.Window(days, start, length)
		if w == nil {
			return nil, true, true // always
		}
		ever = true
		if !slices.Contains(only, w[0]) {
			only = append(only, w[0])
		}
	}
	return only, ever, true
}

// bare makes a schedule of a rotation that a policy rings by itself: here a policy
// rings schedules.
func (c *converting) bare(t target) {
	r, known := c.rotations[t.ID]
	if !known || c.Named("schedule", t.ID) != "" {
		return
	}
	about := "rotation " + oncall.Clip(draft.Line(r.Name), 60)
	layer, found := c.rotation(about, r, r.Zone, nil)
	if !found {
		return
	}
	name := c.Name("schedule", t.ID, r.Name)
	layer.Name = draft.LayerName(nil, r.Name)
	c.Note(about, "a policy rings it by itself, so it is the schedule %s here.", name)
	c.AddSchedule(about, tree.Schedule{Name: name, Title: draft.Title(r.Name, name), Zone: r.Zone, Layers: []tree.Layer{layer}})
}
