package coverage

import (
	"slices"
	"time"

	"batsignal/oncall/schedule"
)

// When is the times at which the gaps of a group come, as a rule. All of it is UTC;
// days are their midnights.
type When struct {
	At    time.Duration // after midnight
	Lasts time.Duration

	// Days are the days of the week on which it begins, from First to Last, without
	// Except. No days: on Dates and no others.
	Days   schedule.Days
	First  time.Time // zero is as far back as was looked
	Last   time.Time // zero is as far ahead as was looked
	Except []time.Time
	Dates  []time.Time

	on []time.Time // what comes of the rule
}

// everyDay are all days of the week.
const everyDay schedule.Days = 127

// weekdays are Monday to Friday, weekend the rest.
const (
	weekdays schedule.Days = 31
	weekend  schedule.Days = 96
)

// Starts are the days that the rule names between two instants: those on which a time
// begins that is at least partly between them.
func (w When) Starts(from, until time.Time) (days []time.Time) {
	for _, d := range starts(w.At, w.Lasts, from, until) {
		switch {
		case w.Days == 0:
			if has(w.Dates, d) {
				days = append(days, d)
			}
		case !w.First.IsZero() && d.Before(w.First), !w.Last.IsZero() && d.After(w.Last):
		case w.Days.Has(d.Weekday()) && !has(w.Except, d):
			days = append(days, d)
		}
	}
	return days
}

// starts are all days on which something could begin that is partly between two instants.
func starts(at, lasts time.Duration, from, until time.Time) (days []time.Time) {
	for d := midnight(from.Add(-at - lasts)); d.Add(at).Before(until); d = d.Add(day) {
		if overlap(d.Add(at), d.Add(at+lasts), from, until) {
			days = append(days, d)
		}
	}
	return days
}

// ruleOf finds the simplest rule for these days: every day, days of the week, either of
// them up to some day or from it on, either of them with exceptions, or a list.
func ruleOf(at, lasts time.Duration, days []time.Time, from, until time.Time) When {
	w := When{At: at, Lasts: lasts, on: days}
	all := starts(at, lasts, from, until)
	first, last := days[0], days[len(days)-1]
	for _, bounds := range [][2]time.Time{{}, {{}, last}, {first, {}}, {first, last}} {
		in := slices.DeleteFunc(slices.Clone(all), func(d time.Time) bool {
			return !bounds[0].IsZero() && d.Before(bounds[0]) || !bounds[1].IsZero() && d.After(bounds[1])
		})
		if set, ok := regular(days, in); ok {
			w.Days, w.First, w.Last = set, bounds[0], bounds[1]
			return w
		}
	}
	for _, set := range []schedule.Days{everyDay, weekdays} {
		of := slices.DeleteFunc(slices.Clone(all), func(d time.Time) bool { return !set.Has(d.Weekday()) })
		except := slices.DeleteFunc(slices.Clone(of), func(d time.Time) bool { return has(days, d) })
		if len(days)+len(except) == len(of) && len(except) <= 2 && len(days) >= 5 && subset(days, of) {
			w.Days, w.Except = set, except
			return w
		}
	}
	w.Dates = days
	return w
}

// regular tells whether days are all of those that there are, or all of some days of the
// week, and often enough to speak of a rule.
func regular(days, all []time.Time) (schedule.Days, bool) {
	if len(days) == len(all) {
		return everyDay, len(days) >= 3
	}
	var set schedule.Days
	var often [7]int
	for _, d := range days {
		set |= 1 << ((d.Weekday() + 6) % 7)
		often[d.Weekday()]++
	}
	for _, n := range often {
		if n == 1 {
			return 0, false
		}
	}
	for _, d := range all {
		if set.Has(d.Weekday()) && !has(days, d) {
			return 0, false
		}
	}
	return set, true
}

func subset(some, all []time.Time) bool {
	return !slices.ContainsFunc(some, func(d time.Time) bool { return !has(all, d) })
}
