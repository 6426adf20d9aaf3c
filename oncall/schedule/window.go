package schedule

import (
	"slices"
	"time"

	"batsignal/oncall/civil"
)

const (
	minutesOfDay  = 24 * 60
	minutesOfWeek = 7 * minutesOfDay
)

// length is how many minutes of the dial a window is open.
func (w Window) length() int {
	if w.Until <= w.From {
		return w.Until - w.From + minutesOfDay
	}
	return w.Until - w.From
}

// on tells whether a window opens on a day of the week.
func (w Window) on(day time.Weekday) bool { return w.Days == 0 || w.Days.Has(day) }

// always tells whether windows leave no minute of the week out. Such windows are none:
// otherwise what never ends would be followed for ever, from day to day.
func always(windows []Window) bool {
	most := 0
	for _, w := range windows {
		most += 7 * w.length()
	}
	if most < minutesOfWeek {
		return false // as nearly all
	}
	var open [minutesOfWeek]bool
	left := minutesOfWeek
	for _, w := range windows {
		for day := range 7 {
			if !w.on(time.Weekday(day)) {
				continue
			}
			for m := range w.length() {
				if at := &open[(day*minutesOfDay+w.From+m)%minutesOfWeek]; !*at {
					*at = true
					left--
				}
			}
		}
	}
	return left == 0
}

// span is a stretch of time, without its end.
type span struct{ from, until time.Time }

func (s span) has(t time.Time) bool { return !t.Before(s.from) && t.Before(s.until) }

// lookAround is how many days around a day of the calendar may have windows that
// matter at an instant of it: a window may last for a day, and clocks were put back by
// a day before now.
const lookAround = 2

// openAt tells whether any window is open. It is if the layer has none.
func (r *rotation) openAt(at time.Time) bool {
	if len(r.Windows) == 0 {
		return true
	}
	today := civil.Of(at, r.zone).Midnight()
	for day := -lookAround; day <= lookAround; day++ {
		for s := range r.windowsOf(today.AddDays(day)) {
			if s.has(at) {
				return true
			}
		}
	}
	return false
}

// windowsOf yields the windows of a day of the calendar, as instants.
func (r *rotation) windowsOf(midnight civil.DateTime) func(func(span) bool) {
	return func(yield func(span) bool) {
		weekday := midnight.Weekday()
		for _, w := range r.Windows {
			if !w.on(weekday) {
				continue
			}
			from := midnight.AddMinutes(w.From)
			s := span{from.In(r.zone, civil.Start), from.AddMinutes(w.length()).In(r.zone, civil.End)}
			if s.from.Before(s.until) && !yield(s) {
				return
			}
		}
	}
}

// openings joins the windows of some time into stretches that do not touch.
func (r *rotation) openings(from, until time.Time) []span {
	var all []span
	last := civil.Of(until, r.zone).Midnight().AddDays(lookAround)
	for day := civil.Of(from, r.zone).Midnight().AddDays(-lookAround); day.Compare(last) <= 0; day = day.AddDays(1) {
		all = slices.AppendSeq(all, r.windowsOf(day))
	}
	slices.SortFunc(all, func(a, b span) int { return a.from.Compare(b.from) })
	var joined []span
	for _, s := range all {
		if n := len(joined) - 1; n >= 0 && !s.from.After(joined[n].until) {
			if s.until.After(joined[n].until) {
				joined[n].until = s.until
			}
			continue
		}
		joined = append(joined, s)
	}
	return joined
}
