package coverage

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

const day = 24 * time.Hour

// Group is gaps of one report that are told of in one sentence: they lack the same, for
// the same reason, and come at the same time of the day.
type Group struct {
	When When
	Gaps []Gap // by time; two at the same time, if both kinds are missing
	// Since and Onward tell of a single gap that the look cut off: it began before, or
	// goes on after.
	Since, Onward bool
}

// moment is a stretch of time with the gaps, one or two, that are exactly there.
type moment struct {
	from, until time.Time
	gaps        []Gap
}

// likeness is what gaps have in common that are told of together.
type likeness struct {
	at, lasts time.Duration
	lacks     string
}

// Groups puts the gaps of a report together, by time of the first of each. Every gap is
// in one of them, and the times of their When, cut to the report, are those of the gaps.
func (r Report) Groups() []Group {
	var whole, cut []moment
	for _, m := range moments(r.Gaps) {
		if m.from.After(r.From) && m.until.Before(r.Until) {
			whole = append(whole, m)
		} else {
			cut = append(cut, m)
		}
	}
	var drafts []*draft
	known := map[likeness]*draft{}
	for _, m := range whole {
		l := likeness{sinceMidnight(m.from), m.until.Sub(m.from), m.lacks()}
		d, ok := known[l]
		if !ok {
			d = &draft{likeness: l}
			known[l] = d
			drafts = append(drafts, d)
		}
		d.add(m, midnight(m.from))
	}
	for _, m := range cut {
		drafts = r.joinCut(drafts, m)
	}
	slices.SortStableFunc(drafts, func(a, b *draft) int { return a.days[0].Add(a.at).Compare(b.days[0].Add(b.at)) })
	groups := make([]Group, 0, len(drafts))
	for _, d := range drafts {
		g := Group{When: ruleOf(d.at, d.lasts, d.days, r.From, r.Until), Gaps: d.gaps}
		if len(d.days) == 1 {
			g.Since, g.Onward = !d.gaps[0].From.After(r.From), !d.gaps[0].Until.Before(r.Until)
		}
		groups = append(groups, g)
	}
	return groups
}

// draft is a group in the making.
type draft struct {
	likeness
	days []time.Time // midnights UTC of the days on which its times begin, in order
	gaps []Gap
}

func (d *draft) add(m moment, day time.Time) {
	i, _ := slices.BinarySearchFunc(d.days, day, time.Time.Compare)
	d.days = slices.Insert(d.days, i, day)
	d.gaps = append(d.gaps, m.gaps...)
	slices.SortStableFunc(d.gaps, func(a, b Gap) int { return a.From.Compare(b.From) })
}

// joinCut adds what the edges of the report cut off to a group that it could belong to
// if one saw all of it, or makes it a group of its own.
func (r Report) joinCut(drafts []*draft, m moment) []*draft {
	for _, d := range drafts {
		if !d.wouldHave(m) {
			continue
		}
		begins := m.from
		switch {
		case m.from.After(r.From): // cut at the end
			if m.from.Add(d.lasts).Before(r.Until) {
				continue
			}
		case m.until.Before(r.Until): // cut at the beginning
			begins = m.until.Add(-d.lasts)
			if begins.After(r.From) {
				continue
			}
		default:
			continue
		}
		if sinceMidnight(begins) == d.at {
			d.add(m, midnight(begins))
			return drafts
		}
	}
	d := &draft{likeness: likeness{sinceMidnight(m.from), m.until.Sub(m.from), m.lacks()}}
	d.add(m, midnight(m.from))
	return append(drafts, d)
}

// wouldHave tells whether a moment could be the rest of one like those of a draft: it
// lacks the same kinds for the same reason, and no more than they do.
func (d *draft) wouldHave(m moment) bool {
	kinds := 1
	if len(d.gaps) > 1 && d.gaps[0].From.Equal(d.gaps[1].From) {
		kinds = 2
	}
	if len(m.gaps) != kinds {
		return false
	}
	for _, g := range m.gaps {
		if !slices.ContainsFunc(d.gaps, func(o Gap) bool {
			return o.Kind == g.Kind && o.Want == g.Want && o.Why == g.Why && o.Have <= g.Have && g.Most <= o.Most
		}) {
			return false
		}
	}
	return true
}

// moments joins gaps of different kinds at exactly the same time.
func moments(gaps []Gap) (out []moment) {
	for _, g := range gaps {
		i := slices.IndexFunc(out, func(m moment) bool { return m.from.Equal(g.From) && m.until.Equal(g.Until) })
		if i < 0 {
			i = len(out)
			out = append(out, moment{from: g.From, until: g.Until})
		}
		out[i].gaps = append(out[i].gaps, g)
		slices.SortFunc(out[i].gaps, func(a, b Gap) int { return cmp.Compare(a.Kind, b.Kind) })
	}
	return out
}

// lacks is what a moment lacks and why, to be compared.
func (m moment) lacks() (text string) {
	for _, g := range m.gaps {
		text += fmt.Sprintf("%s %d-%d/%d %s\n", g.Kind, g.Have, g.Most, g.Want, g.Why)
	}
	return text
}

func midnight(t time.Time) time.Time           { return t.UTC().Truncate(day) }
func sinceMidnight(t time.Time) time.Duration  { return t.Sub(midnight(t)) }
func overlap(from, until, a, b time.Time) bool { return from.Before(b) && a.Before(until) }
func has(list []time.Time, t time.Time) bool   { return slices.ContainsFunc(list, t.Equal) }
