package web

import (
	"slices"
	"time"

	"batsignal/oncall/schedule"
)

// lanesOf puts shifts that overlap side by side: each in the first lane that is free.
func lanesOf(shifts []schedule.Shift) []int {
	var ends []time.Time
	out := make([]int, len(shifts))
	for i, s := range shifts {
		lane := slices.IndexFunc(ends, func(end time.Time) bool { return !end.After(s.From) })
		if lane < 0 {
			lane, ends = len(ends), append(ends, time.Time{})
		}
		out[i], ends[lane] = lane, s.Until
	}
	return out
}

// lanesByLayer keeps each layer in lanes of its own, whoever comes in addition first.
func lanesByLayer(sched schedule.Schedule, shifts []schedule.Shift) []int {
	out := make([]int, len(shifts))
	first := 0
	for place := -1; place < len(sched.Layers); place++ {
		name := ""
		if place >= 0 {
			name = sched.Layers[place].Name
		}
		var mine []schedule.Shift
		var where []int
		for i, s := range shifts {
			if s.Layer == name {
				mine, where = append(mine, s), append(where, i)
			}
		}
		most := 0
		for i, lane := range lanesOf(mine) {
			out[where[i]] = first + lane
			most = max(most, lane+1)
		}
		first += most
	}
	return out
}

// stretch is a time from one instant until before another.
type stretch struct{ From, Until time.Time }

// gapsIn finds when nobody is on who can be rung.
func gapsIn(shifts []schedule.Shift, from, until time.Time) []stretch {
	present := schedule.Present(shifts)
	slices.SortStableFunc(present, func(a, b schedule.Shift) int { return a.From.Compare(b.From) })
	var out []stretch
	covered := from
	for _, s := range present {
		if s.From.After(covered) {
			out = append(out, stretch{covered, s.From})
		}
		if s.Until.After(covered) {
			covered = s.Until
		}
	}
	if covered.Before(until) {
		out = append(out, stretch{covered, until})
	}
	return out
}
