package schedule

import (
	"slices"
	"time"
)

// seat is a place in the list of who is on: by a layer, or in addition.
type seat struct {
	layer    int   // index; -1 in addition
	turn     int64 // whose turn it is by the rotation; 0 in addition
	person   int64 // who sits there
	override int64
	cover    int64
}

// added is the layer of who comes in addition.
const added = -1

// decide applies overrides to the seats of an instant, one after the other, so that
// who comes instead of somebody may be replaced in turn. The halves of one swap are
// applied at once, though: at a change of clocks both of them are on together, and
// whom one half brought in the other must not send away.
func (p *plan) decide(seats []seat, at time.Time) []seat {
	for i := range p.overrides {
		o := &p.overrides[i]
		if at.Before(o.From) || !at.Before(o.Until) {
			continue
		}
		if o.Instead == 0 {
			if o.Person != 0 {
				seats = slices.Insert(seats, 0, seat{layer: added, person: o.Person, override: o.ID, cover: o.Cover})
			}
			continue
		}
		for j := range seats {
			s := &seats[j]
			if s.person == o.Instead && p.isFor(o, s.layer) && (o.Cover == 0 || s.cover != o.Cover) {
				s.person, s.override, s.cover = o.Person, o.ID, o.Cover
			}
		}
		seats = slices.DeleteFunc(seats, func(s seat) bool { return s.person == 0 })
	}
	return seats
}

// isFor tells whether an override is about a layer. One that is about a certain layer
// is not about who comes in addition.
func (p *plan) isFor(o *Override, layer int) bool {
	return o.Layer == "" || layer != added && p.layers[layer].Name == o.Layer
}

// list makes shifts of seats that were decided, without their times: each person
// once, at the first seat where they are rung, or else at the first where they only
// look on.
func (p *plan) list(seats []seat, at time.Time) []Shift {
	shifts := make([]Shift, 0, len(seats))
	for _, s := range seats {
		shift := Shift{Person: s.person, Override: s.override}
		if s.layer != added {
			shift.Layer, shift.Shadow = p.layers[s.layer].Name, p.layers[s.layer].Shadow
		}
		if s.turn != s.person {
			shift.Of = s.turn
		}
		same := slices.IndexFunc(shifts, func(other Shift) bool { return other.Person == s.person })
		if same >= 0 {
			if shift.Shadow || !shifts[same].Shadow {
				continue
			}
			shifts = slices.Delete(shifts, same, same+1)
		}
		shift.Away = p.away(s.person, at)
		shifts = append(shifts, shift)
	}
	return shifts
}

func (p *plan) away(person int64, at time.Time) bool {
	for i := range p.absences {
		if a := &p.absences[i]; a.Person == person && !at.Before(a.From) && at.Before(a.Until) {
			return true
		}
	}
	return false
}

// take appends the seats of the turns from first to last of a layer.
func (p *plan) take(seats []seat, layer, first, last int) []seat {
	for turn := first; turn <= last; turn++ {
		person := p.layers[layer].member(turn)
		seats = append(seats, seat{layer: layer, turn: person, person: person})
	}
	return seats
}
