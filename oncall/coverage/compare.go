package coverage

import "time"

const (
	// grown is how much longer a gap must have become to be told of anew.
	grown = 30 * time.Minute
	// settle is how long a gap must last to be told of at all: whoever edits a schedule
	// makes gaps by the way.
	settle = 5 * time.Minute
	// before is when a gap is told of again.
	before = 24 * time.Hour
	// daily is how many gaps at the same time of the day are a habit, which is told of
	// once in a while and not each day.
	daily = 4
	// again is that while: almost a week, so that it is the same day of the week.
	again = 6*24*time.Hour + 12*time.Hour
)

// ledger is the rows of one role, and what a new report makes of them.
type ledger struct {
	now    time.Time
	seen   time.Time // how far ahead the look before went; zero is there was none
	report Report
	rows   []*Known // open ones, and those that were told of again a short while ago
	gaps   []pair   // those of the report, with their rows
	closed []*Known // that somebody closed, having been told of
}

// pair is a gap and its row.
type pair struct {
	Gap
	row *Known
}

// compare finds the row of each gap, makes the rows that are missing, and closes those
// that are no gap any more.
func (l *ledger) compare() {
	kept := map[*Known]bool{}
	old := l.rows
	was := make([]Known, len(old)) // rows change on the way
	for i, k := range old {
		was[i] = *k
	}
	for _, g := range l.report.Gaps {
		var row, like *Known
		covered := time.Duration(0)
		for i, k := range old {
			if was[i].ClosedAt != nil || k.Kind != g.Kind || was[i].From.After(g.Until) || g.From.After(was[i].Until) {
				continue
			}
			like = &was[i]
			if row == nil && !kept[k] {
				row = k
			}
			covered += common(g.From, g.Until, was[i].From, was[i].Until)
		}
		if row == nil {
			row = l.found(g, like)
		} else {
			kept[row] = true
		}
		l.renew(row, g, covered)
		l.gaps = append(l.gaps, pair{g, row})
	}
	for _, k := range old {
		if k.ClosedAt != nil || kept[k] {
			continue
		}
		k.ClosedAt = &l.now
		if k.WarnedAt != nil && k.Until.After(l.now) && !l.within(k) {
			l.closed = append(l.closed, k)
		}
	}
}

// within tells whether a row is still part of some gap: then it was merged, not closed.
func (l *ledger) within(k *Known) bool {
	for _, g := range l.report.Gaps {
		if g.Kind == k.Kind && common(g.From, g.Until, k.From, k.Until) > 0 {
			return true
		}
	}
	return false
}

// found makes the row of a gap that is new, or was split off from one like it.
func (l *ledger) found(g Gap, like *Known) *Known {
	k := &Known{Role: l.report.Role.Name, Kind: g.Kind, From: g.From, Until: g.Until, Have: g.Have, Want: g.Want, Why: g.Why, FoundAt: l.now}
	if like == nil && !l.seen.IsZero() && !g.From.Before(l.seen) {
		like = l.habit(g) // it came in sight, and is one more of those that were told of
	}
	if like != nil {
		k.WarnedAt, k.RemindedAt = like.WarnedAt, like.RemindedAt
	}
	l.rows = append(l.rows, k)
	return k
}

// habit finds a gap that was told of and begins at the same time of the day.
func (l *ledger) habit(g Gap) *Known {
	for _, k := range l.rows {
		if k.WarnedAt != nil && k.Kind == g.Kind && sinceMidnight(k.From) == sinceMidnight(g.From) {
			return k
		}
	}
	return nil
}

// renew writes into a row what the gap is now. One that became worse, or longer where
// it could be seen before, is told of anew.
func (l *ledger) renew(k *Known, g Gap, covered time.Duration) {
	if k.ID != 0 && !l.seen.IsZero() {
		visible := common(g.From, g.Until, l.report.From, l.seen)
		longer := visible-covered > grown
		worse := g.Have < k.Have && k.Until.Before(l.seen)
		if longer || worse {
			k.FoundAt, k.WarnedAt, k.RemindedAt = l.now, nil, nil
		}
	}
	if g.From.After(l.report.From) || g.From.Before(k.From) {
		k.From = g.From // one that goes on keeps its beginning
	}
	k.Until, k.Have, k.Want, k.Why = g.Until, g.Have, g.Want, g.Why
}

// news are the gaps that nobody was told of yet. They are marked as told.
func (l *ledger) news() (out []Gap) {
	for _, p := range l.gaps {
		if p.row.WarnedAt == nil && !p.row.FoundAt.Add(settle).After(l.now) {
			p.row.WarnedAt = &l.now
			out = append(out, p.Gap)
		}
	}
	return out
}

// soon are the gaps to be told of again, since they come within a day. They are marked
// as told again.
func (l *ledger) soon() (out []Gap) {
	for _, p := range l.gaps {
		k := p.row
		mark := k.From.Add(-before)
		if k.WarnedAt == nil || k.RemindedAt != nil && !k.RemindedAt.Before(mark) || l.now.Before(mark) || !l.now.Before(k.From) ||
			!k.WarnedAt.Before(mark) || l.toldOften(k) {
			continue
		}
		k.RemindedAt = &l.now
		out = append(out, p.Gap)
	}
	return out
}

// toldOften tells whether a gap is one of many at the same time of the day of which one
// was told of a short while ago.
func (l *ledger) toldOften(k *Known) bool {
	open, lately := 0, false
	for _, o := range l.rows {
		if o.Kind != k.Kind || sinceMidnight(o.From) != sinceMidnight(k.From) {
			continue
		}
		if o.ClosedAt == nil {
			open++
		}
		for _, at := range []*time.Time{o.WarnedAt, o.RemindedAt} {
			lately = lately || at != nil && l.now.Sub(*at) < again
		}
	}
	return open >= daily && lately
}

// common is how much two times share.
func common(from, until, a, b time.Time) time.Duration {
	if a.After(from) {
		from = a
	}
	if b.Before(until) {
		until = b
	}
	return max(until.Sub(from), 0)
}
