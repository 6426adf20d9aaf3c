package schedule

import (
	"slices"
	"time"
)

// On tells who is on at an instant, first whoever comes in addition, then by layer.
// Nobody is listed twice. The overrides are this schedule's, the absences anybody's.
//
// From and Until of a shift are its real ends: it reaches over all time at which the
// same person is on by the same layer, for the same other person and as absent or
// present as at the instant. Of a shift that has no end, [Shift.Endless] is true.
func (s Schedule) On(overrides []Override, absences []Absence, at time.Time) []Shift {
	p := s.plan(overrides, absences)
	shifts := p.at(at, every)
	for i := range shifts {
		about := p.about(&shifts[i])
		about.forth(&shifts[i], at)
		about.back(&shifts[i], at)
	}
	return shifts
}

// Onward is On for whoever only looks ahead: a shift is said to begin at the instant,
// whenever it did. That is half the work.
func (s Schedule) Onward(overrides []Override, absences []Absence, at time.Time) []Shift {
	p := s.plan(overrides, absences)
	shifts := p.at(at, every)
	for i := range shifts {
		p.about(&shifts[i]).forth(&shifts[i], at)
		shifts[i].From = at.UTC()
	}
	return shifts
}

// Who is On without From and Until, which are nearly all of the work.
func (s Schedule) Who(overrides []Override, absences []Absence, at time.Time) []Shift {
	p := s.plan(overrides, absences)
	return p.at(at, every)
}

func every(int) bool { return true }

// Present leaves out who is away and who only looks on: the rest can be rung.
func Present(shifts []Shift) []Shift {
	return slices.DeleteFunc(slices.Clone(shifts), func(s Shift) bool { return s.Away || s.Shadow })
}

// Endless tells whether a shift goes on for as long as nobody changes the schedule.
// Its Until is then the first day of the year 9999.
func (s Shift) Endless() bool { return !s.Until.Before(never) }

// at lists who is on, by some of the layers, without times.
func (p *plan) at(at time.Time, counts func(layer int) bool) []Shift {
	var seats []seat
	for i := range p.layers {
		if !counts(i) {
			continue
		}
		r := &p.layers[i]
		if first, last := r.turns(at); first <= last && r.openAt(at) {
			seats = p.take(seats, i, first, last)
		}
	}
	return p.list(p.decide(seats, at), at)
}

// same tells whether two shifts that follow each other are one.
func (s Shift) same(other Shift) bool {
	return s.Layer == other.Layer && s.Person == other.Person && s.Shadow == other.Shadow && s.Of == other.Of && s.Away == other.Away
}
