package coverage

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/schedule"
)

// Sentences names the gaps of a report for somebody in a zone, one group each. Without
// gaps there are none.
func Sentences(r Report, zone string) (out []string) {
	for _, g := range r.Groups() {
		out = append(out, r.Role.Title+": "+g.Words(zone)+".")
	}
	return out
}

// Words names the gaps of a group: "nobody is awake on Sundays 02:00–06:00 UTC
// (03:00–07:00 your time), since maria is away".
func (g Group) Words(zone string) string {
	text := g.Lack() + " " + g.Times(zone)
	if why := g.Why(); why != "" {
		text += ", since " + why
	}
	return text
}

// Lack says what is missing: "nobody is awake", "only 1 of 2 awake".
func (g Group) Lack() string {
	awake, on := g.all(Awake), g.all(On)
	switch {
	case awake == nil:
		return "nobody is on shift"
	case on == nil:
		return awake.few()
	case awake.Most == 0:
		return "nobody is on shift or awake"
	}
	return "nobody is on shift and " + awake.few()
}

// all is what all gaps of a kind lack, of which some may be cut off.
func (g Group) all(kind Kind) *Gap {
	var all *Gap
	for _, one := range g.Gaps {
		switch {
		case one.Kind != kind:
		case all == nil:
			all = &one
		default:
			all.Have, all.Most = min(all.Have, one.Have), max(all.Most, one.Most)
		}
	}
	return all
}

// few says how many are awake of how many there should be.
func (g Gap) few() string {
	switch {
	case g.Most == 0:
		return "nobody is awake"
	case g.Most == g.Have:
		return fmt.Sprintf("only %d of %d awake", g.Have, g.Want)
	case g.Have == 0:
		return fmt.Sprintf("at most %d of %d awake, at times nobody,", g.Most, g.Want)
	}
	return fmt.Sprintf("at most %d of %d awake, at times %d,", g.Most, g.Want, g.Have)
}

// Why says what made the gaps, as half a sentence; "" says nothing.
func (g Group) Why() string {
	var all []string
	for _, kind := range []Kind{Awake, On} {
		if one := g.all(kind); one != nil && one.Why != "" && !slices.Contains(all, one.Why) {
			all = append(all, one.Why)
		}
	}
	return strings.Join(all, " and ")
}

// Away are the people whose absence made the gaps.
func (g Group) Away() (people []int64) {
	for _, one := range g.Gaps {
		people = append(people, one.Away...)
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// Times names when the gaps are, in UTC and beside it in the reader's zone.
func (g Group) Times(zone string) string {
	only := g.Gaps[0]
	switch {
	case g.Since && g.Onward:
		return "all the time until " + dayOf(only.Until) + " at least"
	case g.Since:
		return "until " + dayClock(only.Until) + " UTC" + g.beside(zone, func(z *time.Location) string { return dayClock(only.Until.In(z)) })
	case g.Onward:
		return "from " + dayClock(only.From) + " UTC on" + g.beside(zone, func(z *time.Location) string { return dayClock(only.From.In(z)) })
	}
	return g.When.Words(zone)
}

func (g Group) beside(zone string, text func(*time.Location) string) string {
	local := text(oncall.Location(zone))
	if zone == "" || local == text(time.UTC) {
		return ""
	}
	return " (" + local + " your time)"
}

// Words names times by their rule, in UTC and beside it in the reader's zone.
func (w When) Words(zone string) string {
	if w.Days == 0 && len(w.Dates) == 1 {
		return w.once(zone)
	}
	text := w.daysWords() + " " + w.utcClocks()
	if zone == "" {
		return text
	}
	return text + w.localWords(oncall.Location(zone))
}

// once names a single time: "Sun 6 Dec 02:00–06:00 UTC".
func (w When) once(zone string) string {
	from := w.Dates[0].Add(w.At)
	text := period(from, from.Add(w.Lasts)) + " UTC"
	z := oncall.Location(zone)
	local := period(from.In(z), from.Add(w.Lasts).In(z))
	if zone == "" || local+" UTC" == text {
		return text
	}
	if w.Lasts < day && midnight(from).Equal(wallMidnight(from.In(z))) {
		local = from.In(z).Format("15:04") + "–" + from.Add(w.Lasts).In(z).Format("15:04")
	}
	return text + " (" + local + " your time)"
}

// period writes a time from one instant to another, in their own zone.
func period(from, until time.Time) string {
	if until.Sub(from) < day {
		return dayClock(from) + "–" + until.Format("15:04")
	}
	return dayClock(from) + " to " + dayClock(until)
}

// daysWords names the days of a rule.
func (w When) daysWords() string {
	if w.Days == 0 {
		return dates(w.Dates)
	}
	text := weekWords(w.Days)
	switch {
	case !w.First.IsZero() && !w.Last.IsZero():
		text += " from " + dayOf(w.First) + " to " + dayOf(w.Last)
	case !w.First.IsZero():
		text += " from " + dayOf(w.First)
	case !w.Last.IsZero():
		text += " until " + dayOf(w.Last)
	}
	if len(w.Except) > 0 {
		text += " except " + dates(w.Except)
	}
	return text
}

func weekWords(set schedule.Days) string {
	switch set {
	case everyDay:
		return "every day"
	case weekdays:
		return "on weekdays"
	case weekend:
		return "on weekends"
	}
	var names []string
	for i := range 7 {
		if d := time.Weekday((i + 1) % 7); set.Has(d) {
			names = append(names, d.String()+"s")
		}
	}
	return "on " + oncall.JoinNames(names)
}

// clocks writes the time of day of what begins on a day: "02:00–06:00".
func (w When) clocks(zone *time.Location, on time.Time) string {
	from := on.Add(w.At).In(zone)
	if w.Lasts >= day {
		return "from " + from.Format("15:04")
	}
	return from.Format("15:04") + "–" + from.Add(w.Lasts).Format("15:04")
}

// utcClocks is the same in UTC, for every day alike.
func (w When) utcClocks() string {
	switch {
	case w.Lasts == day && w.At == 0:
		return "all day UTC"
	case w.Lasts >= day:
		return w.clocks(time.UTC, w.on[0]) + " UTC, for " + lasting(w.Lasts)
	}
	return w.clocks(time.UTC, w.on[0]) + " UTC"
}

func lasting(d time.Duration) string {
	text := oncall.Plural(int(d/time.Hour), "hour", "hours")
	if m := int(d % time.Hour / time.Minute); m > 0 {
		text += " and " + oncall.Plural(m, "minute", "minutes")
	}
	return text
}

// localWords writes the same times as a clock in a zone shows them; where that clock
// changes meanwhile, each time with the day from which it is.
func (w When) localWords(zone *time.Location) string {
	var parts []string
	last := ""
	for _, d := range w.on {
		clocks, shift, from := w.clocks(zone, d), "", d.Add(w.At)
		if clocks == w.clocks(time.UTC, d) {
			clocks = "the same"
		}
		switch here := wallMidnight(from.In(zone)); {
		case w.always(): // one day is like another
		case here.Before(d):
			shift = " the day before"
		case here.After(d):
			shift = " the day after"
		}
		if clocks+shift == last {
			continue
		}
		last = clocks + shift
		if len(parts) == 0 {
			parts = append(parts, clocks+" your time"+shift)
			continue
		}
		parts = append(parts, "from "+dayOf(from.In(zone))+" "+clocks+shift)
	}
	if len(parts) == 1 && last == "the same" {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// always tells whether the rule is every day, without bounds.
func (w When) always() bool {
	return w.Days == everyDay && w.First.IsZero() && w.Last.IsZero() && len(w.Except) == 0
}

// wallMidnight is the day that a clock shows, as its midnight in UTC.
func wallMidnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

func dayOf(t time.Time) string    { return t.Format("Mon 2 Jan") }
func dayClock(t time.Time) string { return t.Format("Mon 2 Jan 15:04") }

func dates(days []time.Time) string {
	names := make([]string, len(days))
	for i, d := range days {
		names[i] = dayOf(d)
	}
	return oncall.JoinNames(names)
}
