// Package scheduletest says who is on the slow way, for tests to compare with: it
// watches the clock for two days and counts every turn since the layer began.
// It also makes up schedules. It shares no arithmetic with oncall/schedule.
package scheduletest

import (
	"cmp"
	"math"
	"slices"
	"time"

	"batsignal/oncall/civil"
	"batsignal/oncall/schedule"
)

// On lists who is on at an instant (a whole second), as schedule.On does, without From
// and Until of the shifts.
func On(s schedule.Schedule, overrides []schedule.Override, absences []schedule.Absence, at time.Time) []schedule.Shift {
	var list []entry
	faces := map[string]face{}
	for i, l := range s.Layers {
		zone := cmp.Or(l.Zone, s.Zone)
		if _, looked := faces[zone]; !looked {
			faces[zone] = look(zone, at)
		}
		if !open(l, faces[zone]) {
			continue
		}
		for _, person := range onTurn(l, faces[zone]) {
			list = append(list, entry{layer: i, turn: person, person: person})
		}
	}
	list = decide(s, overrides, list, at)

	var shifts []schedule.Shift
	for i, e := range list {
		if hidden(s, list, i) {
			continue
		}
		shift := schedule.Shift{Layer: e.name(s), Person: e.person, Shadow: e.shadow(s), Override: e.override}
		if e.turn != 0 && e.turn != e.person {
			shift.Of = e.turn
		}
		for _, a := range absences {
			if a.Person == e.person && covers(a.From, a.Until, at) {
				shift.Away = true
			}
		}
		shifts = append(shifts, shift)
	}
	return shifts
}

// entry is one line of the list before anybody is struck out.
type entry struct {
	layer        int // -1: in addition
	turn, person int64
	override     int64
	cover        int64
}

func (e entry) name(s schedule.Schedule) string {
	if e.layer < 0 {
		return ""
	}
	return s.Layers[e.layer].Name
}

func (e entry) shadow(s schedule.Schedule) bool { return e.layer >= 0 && s.Layers[e.layer].Shadow }

// decide reads the overrides like a person who was handed them on slips of paper.
func decide(s schedule.Schedule, overrides []schedule.Override, list []entry, at time.Time) []entry {
	slips := slices.Clone(overrides)
	slices.SortStableFunc(slips, func(a, b schedule.Override) int { return cmp.Compare(a.ID, b.ID) })
	for _, o := range slips {
		if !covers(o.From, o.Until, at) {
			continue
		}
		if o.Instead == 0 {
			list = append([]entry{{layer: -1, person: o.Person, override: o.ID, cover: o.Cover}}, list...)
			continue
		}
		var next []entry
		for _, e := range list {
			meant := e.person == o.Instead && (o.Layer == "" || e.layer >= 0 && e.name(s) == o.Layer)
			if meant && o.Cover != 0 && e.cover == o.Cover {
				meant = false // the other half of the same swap put them there
			}
			if meant {
				e.person, e.override, e.cover = o.Person, o.ID, o.Cover
			}
			if e.person != 0 {
				next = append(next, e)
			}
		}
		list = next
	}
	return list
}

// hidden tells whether the person of a line stands on a better one too.
func hidden(s schedule.Schedule, list []entry, i int) bool {
	for j, other := range list {
		if j == i || other.person != list[i].person {
			continue
		}
		mine, theirs := list[i].shadow(s), other.shadow(s)
		if mine && !theirs || mine == theirs && j < i {
			return true
		}
	}
	return false
}

func covers(from, until, at time.Time) bool { return !from.After(at) && until.After(at) }

// face is what a clock has to say around an instant. Times on it are in seconds, as
// if it were in UTC.
type face struct {
	now     int64
	highest int64 // the latest time that it has shown up to now, now included
	lowest  int64 // the earliest time that it will show after now
}

// begun tells whether the clock has shown a time, or a later one.
func (f face) begun(wall int64) bool { return f.highest >= wall }

// ended tells whether it has shown a time, or a later one, and will not show that or
// an earlier one again.
func (f face) ended(wall int64) bool { return f.now >= wall && f.lowest > wall }

// look watches a clock from a day and two hours before until a day and two hours
// after: no clock was ever moved by more than a day. Where it jumps, it is watched
// by the second.
func look(zone string, at time.Time) face {
	place := location(zone)
	read := func(second int64) int64 {
		_, ahead := time.Unix(second, 0).In(place).Zone()
		return second + int64(ahead)
	}
	const step, reach = 15 * 60, 26 * 60 * 60
	now := at.Unix()
	f := face{now: read(now)}
	f.highest, f.lowest = f.now, read(now+1)
	see := func(second int64) {
		shown := read(second)
		if second <= now {
			f.highest = max(f.highest, shown)
		} else {
			f.lowest = min(f.lowest, shown)
		}
	}
	before := read(now - reach)
	for second := now - reach; second < now+reach; second += step {
		see(second)
		shown := read(second + step)
		jumps := shown-before != step
		before = shown
		if jumps {
			for s := second; s <= second+step; s++ {
				see(s)
			}
		}
	}
	return f
}

// onTurn counts turns from the first one on, and names the people of those that have
// begun and have not ended.
func onTurn(l schedule.Layer, f face) []int64 {
	if len(l.Members) == 0 {
		return nil
	}
	start, over := dial(l.Starts), int64(math.MaxInt64)
	if !l.Ends.IsZero() {
		over = dial(l.Ends)
	}
	var people []int64
	begin, units, unit := start, 0, seconds[l.Unit]
	for turn := 0; f.begun(begin) && begin < over; turn++ {
		units += l.Turns[turn%len(l.Turns)]
		end := min(start+int64(units)*unit, over)
		if l.Unit == schedule.Month {
			end = min(month(l.Starts, units), over)
		}
		if !f.ended(end) {
			if person := l.Members[turn%len(l.Members)]; !slices.Contains(people, person) {
				people = append(people, person)
			}
		}
		begin = end
	}
	return people
}

var seconds = map[schedule.Unit]int64{schedule.Hour: 60 * 60, schedule.Day: 24 * 60 * 60, schedule.Week: 7 * 24 * 60 * 60}

// month is the wall time so many months after another: on the same day, or on the last
// one that the month has.
func month(from civil.DateTime, months int) int64 {
	for day := from.Day; ; day-- {
		there := time.Date(from.Year, from.Month+time.Month(months), day, from.Hour, from.Minute, 0, 0, time.UTC)
		if there.Day() == day {
			return there.Unix()
		}
	}
}

// open tries the windows of all days around.
func open(l schedule.Layer, f face) bool {
	if len(l.Windows) == 0 {
		return true
	}
	const day = 24 * 60 * 60
	for midnight := f.now - f.now%day - 5*day; midnight <= f.now+5*day; midnight += day {
		weekday := time.Unix(midnight, 0).UTC().Weekday()
		for _, w := range l.Windows {
			if w.Days != 0 && !w.Days.Has(weekday) {
				continue
			}
			from, until := midnight+int64(w.From)*60, midnight+int64(w.Until)*60
			if until <= from {
				until += day
			}
			if f.begun(from) && !f.ended(until) {
				return true
			}
		}
	}
	return false
}

func dial(d civil.DateTime) int64 {
	return time.Date(d.Year, d.Month, d.Day, d.Hour, d.Minute, 0, 0, time.UTC).Unix()
}
