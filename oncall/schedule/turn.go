package schedule

import (
	"sort"
	"time"

	"batsignal/oncall/civil"
)

// never is the end of what has none. It is a date, so that it can be compared and
// stored like others.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// begins is the wall time at which a turn begins. It is reckoned from the layer's own
// beginning, whatever number the turn has, so nothing adds up to a drift.
func (r *rotation) begins(turn int) civil.DateTime {
	cycle := len(r.Turns)
	units := turn/cycle*r.sums[cycle] + r.sums[turn%cycle]
	switch r.Unit {
	case Hour:
		return r.Starts.AddMinutes(units * 60)
	case Week:
		return r.Starts.AddDays(units * 7)
	case Month:
		return r.Starts.AddMonths(units)
	}
	return r.Starts.AddDays(units)
}

// turnAt is the number of the turn in which a wall time falls; before the layer
// starts it is negative.
func (r *rotation) turnAt(wall civil.DateTime) int {
	if wall.Compare(r.Starts) < 0 {
		return -1
	}
	var units int
	switch r.Unit {
	case Month:
		units = (wall.Year-r.Starts.Year)*12 + int(wall.Month-r.Starts.Month)
		if r.Starts.AddMonths(units).Compare(wall) > 0 {
			units--
		}
	case Hour:
		units = wall.MinutesSince(r.Starts) / 60
	case Week:
		units = wall.MinutesSince(r.Starts) / (7 * 24 * 60)
	default:
		units = wall.MinutesSince(r.Starts) / (24 * 60)
	}
	cycle := len(r.Turns)
	all := r.sums[cycle]
	return units/all*cycle + sort.SearchInts(r.sums, units%all+1) - 1
}

// opens is when a turn begins, and closes is when it ends. With clocks put back, the
// next one opens before.
func (r *rotation) opens(turn int) time.Time { return r.begins(turn).In(r.zone, civil.Start) }

func (r *rotation) closes(turn int) time.Time {
	switch {
	case turn < r.final:
		return r.begins(turn+1).In(r.zone, civil.End)
	case r.Ends.IsZero():
		return never
	}
	return r.Ends.In(r.zone, civil.End)
}

// turns gives the turns that an instant belongs to: from the first that has not
// closed by then to the last that has opened. None if first > last: before all of
// them it is 0 and -1, after all of them it is one more than the last, and the last.
func (r *rotation) turns(at time.Time) (first, last int) {
	if r.final < 0 {
		return 0, -1
	}
	likely := 0
	if r.final > 0 {
		likely = min(r.turnAt(civil.Of(at, r.zone)), r.final)
	}
	if likely <= 0 {
		if likely = 0; r.opens(0).After(at) {
			return 0, -1
		}
	}
	// By its clock an instant is in one turn. Only near a change of clocks is it in others.
	first, last = likely, likely
	for last < r.final && !r.opens(last+1).After(at) {
		last++
	}
	for first > 0 && r.closes(first-1).After(at) {
		first--
	}
	if first == r.final && !r.closes(first).After(at) { // the layer is over
		first++
	}
	return first, last
}
