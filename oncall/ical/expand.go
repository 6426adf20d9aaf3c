package ical

import (
	"time"

	"batsignal/oncall/civil"
)

// expansion makes occurrences of entries.
type expansion struct {
	from, until time.Time
	steps       int // of work that are left
	found       []occurrence
	problems    []Problem
}

// series is an event with what replaces some of its times.
type series struct {
	master   *entry
	replaced []*entry
}

func (x *expansion) all(entries []*entry) error {
	for _, s := range x.grouped(entries) {
		if s.master != nil && s.master.cancelled {
			continue
		}
		if s.master != nil {
			if err := x.master(s.master, s.replaced); err != nil {
				return err
			}
		}
		for _, e := range s.replaced {
			if e.cancelled {
				continue
			}
			if err := x.add(e, e.start, e.end, e.lasts, e.replaces.String()); err != nil {
				return err
			}
		}
	}
	return nil
}

// grouped brings together what has one UID, in the order of the file. Of two versions of
// the same the newer is taken.
func (x *expansion) grouped(entries []*entry) []*series {
	var all []*series
	byUID := map[string]*series{}
	place := map[string]int{} // of a replacement among those of its series
	for _, e := range entries {
		s, known := byUID[e.uid]
		if !known || e.uid == "" {
			s = &series{}
			all, byUID[e.uid] = append(all, s), s
		}
		switch {
		case e.replaces != nil:
			key := e.uid + "\x00" + e.replaces.String()
			i, twice := place[key]
			switch {
			case !twice || e.uid == "":
				place[key] = len(s.replaced)
				s.replaced = append(s.replaced, e)
			case e.sequence >= s.replaced[i].sequence:
				x.older(s.replaced[i])
				s.replaced[i] = e
			default:
				x.older(e)
			}
		case s.master == nil:
			s.master = e
		case e.sequence >= s.master.sequence:
			x.older(s.master)
			s.master = e
		default:
			x.older(e)
		}
	}
	return all
}

func (x *expansion) older(e *entry) {
	x.problems = append(x.problems, e.problem("The file has this event twice; this older version of it is left out."))
}

// times is a set of times, some of them whole days.
type times struct {
	instants map[int64]bool
	days     map[civil.DateTime]bool
}

func (t times) add(s stamp) {
	if s.day {
		t.days[s.wall] = true
	} else {
		t.instants[s.at(civil.Start).Unix()] = true
	}
}

func (t times) has(s stamp) bool {
	return t.days[s.wall.Midnight()] || t.instants[s.at(civil.Start).Unix()]
}

// master adds the times of an event that are neither taken out nor replaced.
func (x *expansion) master(e *entry, replaced []*entry) error {
	gone := times{map[int64]bool{}, map[civil.DateTime]bool{}}
	for _, s := range e.except {
		gone.add(s)
	}
	for _, r := range replaced {
		gone.add(*r.replaces)
	}
	seen := times{map[int64]bool{}, map[civil.DateTime]bool{}}
	repeats := len(e.rules)+len(e.extra) > 0
	var failed error
	one := func(s stamp, end *stamp, lasts *span) {
		if failed != nil || gone.has(s) || seen.has(s) {
			return
		}
		seen.add(s)
		which := ""
		if repeats {
			which = s.String()
		}
		failed = x.add(e, s, end, lasts, which)
	}
	for _, p := range e.extra {
		if p.end == nil && p.lasts == nil {
			one(p.start, e.end, e.lasts)
		} else if p.lasts != nil {
			one(p.start, nil, p.lasts)
		} else if !gone.has(p.start) && !seen.has(p.start) && failed == nil {
			seen.add(p.start)
			failed = x.put(e, p.start, p.end.at(civil.End), p.start.String())
		}
	}
	one(e.start, e.end, e.lasts)
	long := e.until(e.start, e.end, e.lasts).Sub(e.start.at(civil.Start))
	// A day to spare on both sides, for the zones.
	early := civil.Of(x.from.Add(-long), e.start.zone).AddDays(-1)
	late := civil.Of(x.until, e.start.zone).AddDays(1)
	for _, r := range e.rules {
		if !r.times(e.start, early, late, &x.steps, func(s stamp) { one(s, e.end, e.lasts) }) {
			x.problems = append(x.problems, e.problem("It repeats too often to be worked out; some of its times are missing."))
		}
	}
	return failed
}

// add adds one time of an event.
func (x *expansion) add(e *entry, s stamp, end *stamp, lasts *span, which string) error {
	return x.put(e, s, e.until(s, end, lasts), which)
}

func (x *expansion) put(e *entry, s stamp, until time.Time, which string) error {
	from := s.at(civil.Start)
	switch {
	case !until.After(from):
		if n := len(x.problems); n == 0 || x.problems[n-1].Line != e.line {
			x.problems = append(x.problems, e.problem("It ends when it begins or before, so it is left out."))
		}
		return nil
	case !until.After(x.from) || !from.Before(x.until):
		return nil
	case len(x.found) >= MostEvents:
		return tooMany()
	}
	x.found = append(x.found, occurrence{of: e, from: from, until: until, allDay: s.day, repeated: which})
	return nil
}
