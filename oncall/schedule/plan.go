package schedule

import (
	"cmp"
	"math"
	"slices"
	"time"

	"batsignal/oncall/civil"
)

// plan is a schedule made ready for reckoning, with what was decided about it.
type plan struct {
	layers    []rotation
	overrides []Override // in order of ID
	absences  []Absence
}

// rotation is a layer made ready for reckoning.
type rotation struct {
	Layer
	zone  *time.Location
	sums  []int // how many units of a cycle are over before each turn of it; the last is all
	final int   // number of the last turn
}

func (s Schedule) plan(overrides []Override, absences []Absence) plan {
	byID := func(a, b Override) int { return cmp.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(overrides, byID) {
		overrides = slices.Clone(overrides)
		slices.SortStableFunc(overrides, byID)
	}
	p := plan{overrides: overrides, absences: absences, layers: make([]rotation, len(s.Layers))}
	for i, l := range s.Layers {
		p.layers[i] = l.rotation(s.Zone)
	}
	return p
}

func (l Layer) rotation(zone string) rotation {
	if l.Zone != "" {
		zone = l.Zone
	}
	r := rotation{Layer: l, zone: time.UTC, final: math.MaxInt}
	if known, err := civil.Zone(zone); err == nil { // checked when stored; a page must not fail on it
		r.zone = known
	}
	if len(l.Windows) > 0 && always(l.Windows) {
		r.Windows = nil
	}
	r.sums = make([]int, len(l.Turns)+1)
	for i, n := range l.Turns {
		r.sums[i+1] = r.sums[i] + n
	}
	switch {
	case !r.runs():
		r.final = -1
	case r.oneFor():
		r.final = 0
	case !l.Ends.IsZero():
		r.final = r.turnAt(l.Ends.AddMinutes(-1))
	}
	return r
}

// runs tells whether anybody is ever on by the layer.
func (r *rotation) runs() bool {
	return len(r.Members) > 0 && r.sums[len(r.sums)-1] > 0 && !r.Starts.IsZero() &&
		(r.Ends.IsZero() || r.Starts.Compare(r.Ends) < 0)
}

// oneFor tells whether nobody else ever takes over: then there are no handoffs, and a
// turn that lasts as long as the layer.
func (r *rotation) oneFor() bool {
	return !slices.ContainsFunc(r.Members, func(m int64) bool { return m != r.Members[0] })
}

func (r *rotation) member(turn int) int64 { return r.Members[turn%len(r.Members)] }
