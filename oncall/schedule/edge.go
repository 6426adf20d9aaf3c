package schedule

import (
	"time"

	"batsignal/oncall/civil"
)

// edgeAfter gives a function the first edges of turns and windows after an instant.
// More of them do no harm.
func (r *rotation) edgeAfter(at time.Time, edge func(time.Time)) {
	first, last := r.turns(at)
	if first <= last {
		edge(r.closes(first))
	}
	if last < r.final {
		edge(r.opens(last + 1))
	}
	if len(r.Windows) > 0 && first <= last {
		r.windowEdge(at, 1, edge)
	}
}

// edgeUpTo gives a function the last edges of turns and windows up to an instant.
func (r *rotation) edgeUpTo(at time.Time, edge func(time.Time)) {
	first, last := r.turns(at)
	if first > 0 {
		edge(r.closes(first - 1))
	}
	if last >= 0 {
		edge(r.opens(last))
	}
	if len(r.Windows) > 0 && first <= last {
		r.windowEdge(at, -1, edge)
	}
}

// windowEdge gives a function the nearest edges of windows after an instant (step 1),
// or up to it (step -1), and some around.
func (r *rotation) windowEdge(at time.Time, step int, edge func(time.Time)) {
	today := civil.Of(at, r.zone).Midnight()
	// A window may come once a week, and on a day that a zone left out. Whatever is
	// found first, windows of the next few days may overlap it.
	days := 2*7 + lookAround
	for day := -lookAround; day <= days; day++ {
		for s := range r.windowsOf(today.AddDays(day * step)) {
			edge(s.from)
			edge(s.until)
			found := s.until.After(at)
			if step < 0 {
				found = !s.from.After(at)
			}
			if found {
				days = min(days, day+lookAround)
			}
		}
	}
}
