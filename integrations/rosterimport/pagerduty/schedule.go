package pagerduty

import (
	"slices"
	"strings"
	"time"

	"batsignal/integrations/rosterimport/draft"
	"batsignal/oncall"
	"batsignal/oncall/civil"
	rules "batsignal/oncall/schedule"
	"batsignal/oncall/tree"
)

const minutesOfDay = 24 * 60

func minutes(n int) time.Duration { return time.Duration(max(n, 0)) * time.Minute }

func convertSchedule(d *draft.Draft, s schedule) {
	about := "schedule " + oncall.Clip(draft.Line(s.Name), 60)
	name := d.Name("schedule", s.ID, s.Name)
	out := tree.Schedule{Name: name, Title: draft.Title(s.Name, name), Zone: s.Zone}
	zone, err := civil.Zone(s.Zone)
	if err != nil {
		d.Note(about, "it is not carried over: its time zone %q is not in the zone database.", oncall.Clip(draft.Line(s.Zone), 40))
		return
	}
	for _, l := range s.Layers {
		layer, found := convertLayer(d, about+", layer "+oncall.Clip(draft.Line(l.Name), 40), l, zone)
		switch {
		case !found:
		case d.Over(layer, s.Zone):
			d.Note(about, "the layer %s ended on %s and is left out.", oncall.Clip(draft.Line(l.Name), 40), layer.Ends)
		default:
			layer.Name = draft.LayerName(out.Layers, l.Name)
			out.Layers = append(out.Layers, layer)
		}
	}
	if len(s.Layers) == 0 {
		d.Note(about, "the export has no layers of it. Fetch it with include[]=schedule_layers, or by itself.")
	}
	if len(out.Layers) > 1 {
		order(d, about, &out, s)
		d.Note(about, "in PagerDuty a layer hides those below it. Here whoever is on by a lower layer is on too, and is asked after.")
	}
	d.AddSchedule(about, out)
}

// convertLayer makes a layer. The rotation is reckoned from its virtual start, on the
// clock of the schedule's zone; the first turn here is the one that its start falls in.
func convertLayer(d *draft.Draft, about string, l layer, zone *time.Location) (out tree.Layer, found bool) {
	var handles []string
	for _, u := range l.Users {
		if h, found := d.Handle(about, u.User.ID, u.User.Summary); found {
			handles = append(handles, h)
		} else {
			d.Note(about, "the turns of those who are left out go to the others, so who is on differs from PagerDuty.")
		}
	}
	start, virtual := l.Start, l.VirtualStart
	if virtual == "" {
		virtual = start
	}
	if start == "" {
		start = virtual
	}
	begins, ok1 := wall(d, about, start, zone)
	from, ok2 := wall(d, about, virtual, zone)
	every, unit, n, ok3 := draft.Every(l.TurnSeconds)
	if !ok3 && len(handles) == 1 {
		every, unit, n, ok3 = draft.Turn(rules.Week, 1), rules.Week, 1, true // there is nobody to hand over to
	}
	switch {
	case !ok1 || !ok2:
		d.Note(about, "it is not carried over: it has no start that I can read.")
		return out, false
	case !ok3:
		d.Note(about, "it is not carried over: a turn of %d seconds is not a whole number of hours.", l.TurnSeconds)
		return out, false
	case len(handles) == 0:
		d.Note(about, "it is not carried over: nobody is left in it.")
		return out, false
	}
	length := n * map[rules.Unit]int{rules.Hour: 60, rules.Day: minutesOfDay, rules.Week: 7 * minutesOfDay}[unit]
	turns := floor(begins.MinutesSince(from), length)
	first := from.AddMinutes(turns * length)
	if first != begins && !(begins.In(zone, civil.Start).Before(d.Now)) {
		d.Note(about, "it begins in the middle of a turn, on %s; here it begins with that turn, on %s.", begins, first)
	}
	out = tree.Layer{Starts: first.String(), Every: every, Members: draft.Rotated(handles, turns)}
	if l.End != "" {
		ends, ok := wall(d, about, l.End, zone)
		if !ok || ends.Compare(first) <= 0 {
			d.Note(about, "it is not carried over: it ends before it begins, or at a time that I cannot read.")
			return out, false
		}
		out.Ends = ends.String()
	}
	out.Only, found = windows(d, about, l.Restrictions)
	return out, found
}

// floor divides and rounds down, below zero too.
func floor(a, b int) int {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// wall reads an instant as the clock of a zone shows it.
func wall(d *draft.Draft, about, text string, zone *time.Location) (civil.DateTime, bool) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.Year() < 1970 || t.Year() > 9990 {
		return civil.DateTime{}, false
	}
	if t.Second() != 0 {
		d.Note(about, "times here have no seconds: %s is taken as its full minute.", oncall.Clip(draft.Line(text), 40))
	}
	return civil.Of(t, zone), true
}

// windows are the times to which a layer is restricted.
func windows(d *draft.Draft, about string, list []restriction) (only []string, found bool) {
	for _, r := range list {
		clock, _, _ := strings.Cut(r.Start, "Z")
		t, err := time.Parse("15:04:05", clock)
		if err != nil || r.Duration < 60 {
			d.Note(about, "it is not carried over: I cannot read one of its restrictions.")
			return nil, false
		}
		if t.Second() != 0 || r.Duration%60 != 0 {
			d.Note(about, "times here have no seconds: a restriction is taken in full minutes.")
		}
		from, length := t.Hour()*60+t.Minute(), r.Duration/60
		var more []string
		switch {
		case r.Type == "daily_restriction":
			more = draft.Window(0, from, min(length, minutesOfDay))
		case r.Type == "weekly_restriction" && r.Day >= 1 && r.Day <= 7:
			more = draft.Stretch(r.Day-1, from, length)
		default:
			d.Note(about, "it is not carried over: I do not know restrictions of the type %q.", oncall.Clip(draft.Line(r.Type), 40))
			return nil, false
		}
		if more == nil { // one of them is always, so all of them are
			return nil, true
		}
		for _, w := range more {
			if !slices.Contains(only, w) {
				only = append(only, w)
			}
		}
	}
	return only, true
}

// order finds out whether the first layer of the list is the top one, which has changed
// in the API over the years, by what PagerDuty says of who is on in the end. Without
// that the first is taken for the top, as the API has it for long.
func order(d *draft.Draft, about string, s *tree.Schedule, from schedule) {
	down := agreement(d, *s, from.Final.Entries)
	turned := *s
	turned.Layers = slices.Clone(s.Layers)
	slices.Reverse(turned.Layers)
	up := agreement(d, turned, from.Final.Entries)
	n := len(from.Final.Entries)
	switch {
	case n == 0 || max(up, down) == 0:
		d.Note(about, "its first layer, %s, is taken for the top one. If it is the lowest, turn the list round; with since= and until= in the address PagerDuty would tell.", s.Layers[0].Name)
		return
	case up > down:
		*s, down = turned, up
	}
	if down < n {
		d.Note(about, "of %d shifts that PagerDuty shows, %d are the same here. Overrides are not carried over; look at the others.", n, down)
	}
}

// agreement counts the shifts at whose middle the first who is on is the same.
func agreement(d *draft.Draft, s tree.Schedule, entries []entry) (same int) {
	ids, handles := map[string]int64{}, []string{""}
	for _, l := range s.Layers {
		for _, m := range l.Members {
			if ids[m] == 0 {
				ids[m] = int64(len(handles))
				handles = append(handles, m)
			}
		}
	}
	r, err := s.Rules(ids)
	if err != nil || r.Check() != nil {
		return 0
	}
	for _, e := range entries {
		from, err1 := time.Parse(time.RFC3339, e.Start)
		until, err2 := time.Parse(time.RFC3339, e.End)
		if err1 != nil || err2 != nil {
			continue
		}
		handle, known := d.Handle("schedule "+s.Title, e.User.ID, e.User.Summary)
		on := rules.Present(r.On(nil, nil, from.Add(until.Sub(from)/2)))
		if known && len(on) > 0 && handles[on[0].Person] == handle {
			same++
		}
	}
	return same
}
