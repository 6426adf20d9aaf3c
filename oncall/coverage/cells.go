package coverage

import "time"

// Cell is one step of a heat map.
type Cell struct {
	From, Until time.Time
	Have        int // how many are on or awake when they are fewest
	Want        int
	On          int  // how many are on when they are fewest
	Short       bool // part of it is a gap of either kind
}

// Cells cuts a report into steps, for a map. Each shows its worst moment, so that a gap
// of ten minutes is seen.
func Cells(r Report, step time.Duration) []Cell {
	if step <= 0 || len(r.Spans) == 0 {
		return nil
	}
	var cells []Cell
	i, gaps := 0, newGapWalk(r.Gaps)
	for from := r.From; from.Before(r.Until); from = from.Add(step) {
		until := from.Add(step)
		if until.After(r.Until) {
			until = r.Until
		}
		for !r.Spans[i].Until.After(from) {
			i++
		}
		c := Cell{From: from, Until: until, Want: r.Role.Minimum, Have: r.Spans[i].Have, On: len(r.Spans[i].On)}
		for k := i; k < len(r.Spans) && r.Spans[k].From.Before(until); k++ {
			c.Have, c.On = min(c.Have, r.Spans[k].Have), min(c.On, len(r.Spans[k].On))
		}
		c.Short = gaps.meets(from, until)
		cells = append(cells, c)
	}
	return cells
}

// gapWalk tells of one time after the other whether a gap is in it.
type gapWalk struct {
	gaps []Gap // by start
	end  time.Time
}

func newGapWalk(gaps []Gap) *gapWalk { return &gapWalk{gaps: gaps} }

// meets must be asked by time.
func (w *gapWalk) meets(from, until time.Time) bool {
	for len(w.gaps) > 0 && w.gaps[0].From.Before(until) {
		if w.gaps[0].Until.After(w.end) {
			w.end = w.gaps[0].Until
		}
		w.gaps = w.gaps[1:]
	}
	return w.end.After(from)
}
