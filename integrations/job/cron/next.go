package cron

import (
	"time"

	"batsignal/oncall/civil"
)

// farthest is how many days ahead a rule is looked for: 29 February may be eight years away.
const farthest = 9 * 366

// Next is the first instant after another one at which the rule comes, in its zone.
//
// What has its hours named comes once for each time of the dial: at the instant of the change
// where clocks are put forward over it, and the first time where it comes twice. What is done
// each hour, or every few, comes whenever the dial shows it.
func (r Rule) Next(after time.Time) time.Time {
	if r.zone == nil {
		return time.Time{}
	}
	// The day before may come again in part where clocks are put back at midnight.
	day := civil.Of(after, r.zone).Midnight().AddDays(-1)
	var best time.Time
	left := farthest
	for ; left > 0; left-- {
		if r.isOn(day) {
			best = r.firstOf(day, after, best)
		}
		if !best.IsZero() {
			// The next day may have begun before the end of this one, for the same reason.
			left = min(left, 2)
		}
		day = day.AddDays(1)
	}
	return best
}

// Upcoming are the next n instants after another one at which the rule comes.
func (r Rule) Upcoming(after time.Time, n int) []time.Time {
	var all []time.Time
	for range n {
		after = r.Next(after)
		if after.IsZero() {
			break
		}
		all = append(all, after)
	}
	return all
}

// isOn tells whether a date is one of the rule.
func (r Rule) isOn(day civil.DateTime) bool {
	onDay, onWeekday := has(r.day, day.Day), has(r.weekday, int(day.Weekday()))
	if r.either {
		onDay, onWeekday = onDay || onWeekday, true
	}
	return has(r.month, int(day.Month)) && onDay && onWeekday
}

// firstOf is the first instant of a date that is after one and before best; else it is best.
func (r Rule) firstOf(day civil.DateTime, after, best time.Time) time.Time {
	for _, hour := range values(r.hour) {
		for _, minute := range values(r.minute) {
			wall := day
			wall.Hour, wall.Minute = hour, minute
			start := wall.In(r.zone, civil.Start)
			if !r.flows {
				best = sooner(start, after, best)
				continue
			}
			for _, at := range [...]time.Time{start, wall.In(r.zone, civil.End)} {
				if civil.Of(at, r.zone) == wall { // else the dial leaves it out
					best = sooner(at, after, best)
				}
			}
			if !best.IsZero() && start.Sub(best) > widest {
				return best
			}
		}
		if !best.IsZero() && !r.flows {
			return best // times of the dial come in their order
		}
	}
	return best
}

// widest is more than clocks were ever put back by.
const widest = 26 * time.Hour

func sooner(at, after, best time.Time) time.Time {
	if at.After(after) && (best.IsZero() || at.Before(best)) {
		return at
	}
	return best
}
