package schedule

import (
	"slices"
	"time"
)

// Shifts tells who is on from an instant until another, by time, and at the same time
// as On lists them. A shift is cut where the range ends; otherwise its ends are those
// that On gives. Override is the one at its beginning.
func (s Schedule) Shifts(overrides []Override, absences []Absence, from, until time.Time) []Shift {
	if !from.Before(until) {
		return nil
	}
	from, until = from.UTC(), until.UTC()
	p := s.plan(overrides, absences).within(from, until)
	edges := []time.Time{from, until}
	edge := func(t time.Time) {
		if from.Before(t) && t.Before(until) {
			edges = append(edges, t.UTC())
		}
	}
	p.decided(edge)
	layers := make([]laid, len(p.layers))
	for i := range p.layers {
		layers[i] = p.layers[i].lay(from, until, edge)
	}
	slices.SortFunc(edges, time.Time.Compare)
	edges = slices.CompactFunc(edges, time.Time.Equal)

	var shifts []Shift
	var open, now []int // the shifts that go on up to the edge, and beyond it
	var seats []seat
	for i, at := range edges[:len(edges)-1] {
		seats = seats[:0]
		for layer := range layers {
			if first, last := layers[layer].turns(at); first <= last {
				seats = p.take(seats, layer, first, last)
			}
		}
		seats = p.decide(seats, at)
		now = now[:0]
		for _, shift := range p.list(seats, at) {
			known := slices.IndexFunc(open, func(k int) bool { return shifts[k].same(shift) })
			if known >= 0 {
				now = append(now, open[known])
			} else {
				shift.From = at
				now = append(now, len(shifts))
				shifts = append(shifts, shift)
			}
			shifts[now[len(now)-1]].Until = edges[i+1]
		}
		open, now = now, open
	}
	return shifts
}

// within leaves out what was decided about other times.
func (p plan) within(from, until time.Time) plan {
	p.overrides = slices.DeleteFunc(slices.Clone(p.overrides), func(o Override) bool {
		return !o.From.Before(until) || !from.Before(o.Until)
	})
	p.absences = slices.DeleteFunc(slices.Clone(p.absences), func(a Absence) bool {
		return !a.From.Before(until) || !from.Before(a.Until)
	})
	return p
}

// laid is a layer laid out over some time, to be read from its beginning to its end.
type laid struct {
	first    int    // number of the first of the stretches
	spans    []span // the stretches of turns; both their ends only grow
	cut      bool   // whether the layer has windows
	openings []span // they do not touch
}

// lay lays a layer out, and gives its edges to a function.
func (r *rotation) lay(from, until time.Time, edge func(time.Time)) laid {
	l := laid{cut: len(r.Windows) > 0}
	l.first, _ = r.turns(from)
	for turn := l.first; turn <= r.final; turn++ {
		s := span{r.opens(turn), r.closes(turn)}
		if !s.from.Before(until) {
			break
		}
		l.spans = append(l.spans, s)
	}
	if l.cut {
		l.openings = r.openings(from, until)
	}
	for _, s := range slices.Concat(l.spans, l.openings) {
		edge(s.from)
		edge(s.until)
	}
	return l
}

// turns gives the first and the last turn that an instant belongs to, none if first >
// last. Instants must be asked for in order, since what is over is dropped.
func (l *laid) turns(at time.Time) (first, last int) {
	for len(l.spans) > 0 && !at.Before(l.spans[0].until) {
		l.spans, l.first = l.spans[1:], l.first+1
	}
	for len(l.openings) > 0 && !at.Before(l.openings[0].until) {
		l.openings = l.openings[1:]
	}
	last = l.first - 1
	if l.cut && (len(l.openings) == 0 || at.Before(l.openings[0].from)) {
		return l.first, last
	}
	for _, s := range l.spans {
		if at.Before(s.from) {
			break
		}
		last++
	}
	return l.first, last
}
