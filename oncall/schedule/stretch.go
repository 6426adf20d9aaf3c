package schedule

import (
	"slices"
	"time"
)

// farthest is over how many handoffs a shift is followed. Somebody may stand in a
// layer that could hide them from this one and never does: that must not be looked
// for until the end of time. Then the shift is said to end where the search did.
const farthest = 2000

// about is the plan as far as it may matter to a shift. The rest is left out, so that a
// year with one person is not walked by the hour since another layer is.
func (p *plan) about(s *Shift) *plan {
	about := plan{layers: p.layers, overrides: concerning(p.overrides, s.Person)}
	for i := range p.absences {
		if p.absences[i].Person == s.Person {
			about.absences = append(about.absences, p.absences[i])
		}
	}
	return &about
}

// forth finds the real end of a shift of an instant: it goes from one edge to the next
// for as long as the same shift is on the list there. The plan is the one about it.
func (p *plan) forth(s *Shift, at time.Time) {
	s.Until = at
	for range farthest {
		if s.Until = p.edgeAfter(s, s.Until).UTC(); s.Endless() || !p.goesOn(s, s.Until) {
			break
		}
	}
}

// back finds its real beginning in the same way.
func (p *plan) back(s *Shift, at time.Time) {
	for range farthest {
		s.From = p.edgeUpTo(s, at).UTC()
		if at = s.From.Add(-1); !p.goesOn(s, at) {
			break
		}
	}
}

// goesOn tells whether a shift is on the list at an instant.
func (p *plan) goesOn(s *Shift, at time.Time) bool {
	return slices.ContainsFunc(p.at(at, func(layer int) bool { return p.matters(layer, s, at) }), s.same)
}

// concerning picks the overrides that have a part in where somebody is on: those that
// bring them, or somebody whom they come for, and those that replace these.
func concerning(overrides []Override, person int64) []Override {
	kin := []int64{person}
	for i := 0; i < len(kin); i++ {
		for j := range overrides {
			o := &overrides[j]
			if o.Person == kin[i] && o.Instead != 0 && !slices.Contains(kin, o.Instead) {
				kin = append(kin, o.Instead)
			}
		}
	}
	var picked []Override
	for i := range overrides {
		if o := &overrides[i]; slices.Contains(kin, o.Instead) || o.Instead == 0 && slices.Contains(kin, o.Person) {
			picked = append(picked, *o)
		}
	}
	return picked
}

// matters tells whether what goes on in a layer at an instant can have a part in a
// shift: as its own layer, or as one that hides it, where its person is listed first.
func (p *plan) matters(layer int, s *Shift, at time.Time) bool {
	r := &p.layers[layer]
	own := slices.IndexFunc(p.layers, func(r rotation) bool { return r.Name == s.Layer })
	if layer == own {
		return true
	}
	if own < 0 || r.Shadow && !s.Shadow || r.Shadow == s.Shadow && layer > own {
		return false // the shift goes before it
	}
	return slices.Contains(r.Members, s.Person) || slices.ContainsFunc(p.overrides, func(o Override) bool {
		return o.Person == s.Person && o.Instead != 0 && p.isFor(&o, layer) && !at.Before(o.From) && at.Before(o.Until)
	})
}

// edgeAfter is the first instant after another at which a shift may change.
func (p *plan) edgeAfter(s *Shift, at time.Time) time.Time {
	next := never
	sooner := func(t time.Time) {
		if t.After(at) && t.Before(next) {
			next = t
		}
	}
	for i := range p.layers {
		if p.matters(i, s, at) {
			p.layers[i].edgeAfter(at, sooner)
		}
	}
	p.decided(sooner)
	return next
}

// edgeUpTo is the last instant, this one included, at which a shift may have changed.
func (p *plan) edgeUpTo(s *Shift, at time.Time) time.Time {
	var last time.Time
	later := func(t time.Time) {
		if !t.After(at) && t.After(last) {
			last = t
		}
	}
	for i := range p.layers {
		if p.matters(i, s, at) {
			p.layers[i].edgeUpTo(at, later)
		}
	}
	p.decided(later)
	return last
}

// decided gives the ends of overrides and absences to a function.
func (p *plan) decided(edge func(time.Time)) {
	for i := range p.overrides {
		edge(p.overrides[i].From)
		edge(p.overrides[i].Until)
	}
	for i := range p.absences {
		edge(p.absences[i].From)
		edge(p.absences[i].Until)
	}
}
