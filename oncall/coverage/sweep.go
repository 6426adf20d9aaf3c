package coverage

import (
	"cmp"
	"slices"
	"time"
)

// What changes at an event.
type change uint8

const (
	wake   change = iota // everybody with the same hours, which are number which
	absent               // member which
	quiet                // member which has quiet hours
	on                   // member which comes on by schedule of
	lost                 // member which would be on by a schedule, and is away
	alien                // member which is on and may not be rung; noMember is somebody else
)

// noMember stands for a person who is not on the roster.
const noMember = -1

// event is a change at an instant.
type event struct {
	at    int64
	which int32
	what  change
	by    int8 // +1 begins, -1 ends
}

// sweep goes once through a role's events by time.
type sweep struct {
	in       Input
	first    int64
	last     int64
	events   []event
	sleepers [][]int // members by number of their hours
	awake    []int   // by member, like all of these
	absent   []int
	quiet    []int
	on       []int
	lost     []int
	aliens   map[int]int // by member
	counted  []bool
	have     int
	duty     int // how many who count are on
	missing  int // how many are absent, or lost: only then is it asked who
	changed  bool
	nowOn    []int64 // only for the moment
	nowAwake []int64
	lists    []int64 // room for lists that stay: one at a time would be a hundred thousand
}

func look(in Input, w *wakings) Report {
	r := Report{Role: in.Role, From: w.from.UTC(), Until: w.until.UTC(), Members: in.Members, Scheduled: len(in.Schedules) > 0}
	n := len(in.Members)
	s := &sweep{
		in: in, first: w.from.UnixNano(), last: w.until.UnixNano(), aliens: map[int]int{},
		awake: make([]int, n), absent: make([]int, n), quiet: make([]int, n), on: make([]int, n), lost: make([]int, n), counted: make([]bool, n),
	}
	s.collect(w)
	slices.SortFunc(s.events, func(a, b event) int { return cmp.Compare(a.at, b.at) })

	short := shortages{report: &r, sweep: s}
	at := s.first
	for i := 0; at < s.last; {
		for ; i < len(s.events) && s.events[i].at <= at; i++ {
			s.apply(s.events[i])
		}
		until := s.last
		if i < len(s.events) {
			until = min(until, s.events[i].at)
		}
		from, to := instant(at), instant(until)
		s.span(&r, from, to)
		short.see(from, to)
		at = until
	}
	short.end()
	slices.SortStableFunc(r.Gaps, func(a, b Gap) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Kind, b.Kind))
	})
	return r
}

func instant(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }

// collect makes events of everything that begins and ends.
func (s *sweep) collect(w *wakings) {
	place := make(map[int64]int, len(s.in.Members))
	alike := map[hours]int{}
	for i, m := range s.in.Members {
		place[m.Person.ID] = i
		if !m.Active {
			continue
		}
		h := hours{m.Person.Zone, m.Person.Wakes, m.Person.Sleeps}
		k, seen := alike[h]
		if !seen {
			k = len(s.sleepers)
			alike[h] = k
			s.sleepers = append(s.sleepers, nil)
			for _, up := range w.of(h) {
				s.add(wake, k, up.from, up.until)
			}
		}
		s.sleepers[k] = append(s.sleepers[k], i)
		for _, a := range m.Absences {
			s.add(absent, i, a.From.UnixNano(), a.Until.UnixNano())
		}
		if t := m.Terms; t.QuietFrom != nil && t.QuietUntil != nil && !t.QuietSev1 {
			for _, still := range w.of(hours{m.Person.Zone, *t.QuietFrom, *t.QuietUntil}) {
				s.add(quiet, i, still.from, still.until)
			}
		}
	}
	for _, plan := range s.in.Schedules {
		for _, shift := range plan.Shifts {
			i, known := place[shift.Person]
			if !known {
				i = noMember
			}
			what := on
			switch {
			case shift.Shadow || shift.Person == 0:
				continue
			case !known || !s.in.Members[i].Active:
				what = alien
			case shift.Away:
				what = lost
			}
			s.add(what, i, shift.From.UnixNano(), shift.Until.UnixNano())
		}
	}
}

func (s *sweep) add(what change, which int, from, until int64) {
	from, until = max(from, s.first), min(until, s.last)
	if from < until {
		s.events = append(s.events, event{from, int32(which), what, +1}, event{until, int32(which), what, -1})
	}
}

func (s *sweep) apply(e event) {
	which, by := int(e.which), int(e.by)
	switch e.what {
	case wake:
		for _, i := range s.sleepers[which] {
			s.move(i, s.awake, by)
		}
	case absent:
		s.missing += by
		s.move(which, s.absent, by)
	case quiet:
		s.move(which, s.quiet, by)
	case on:
		s.move(which, s.on, by)
	case lost:
		s.missing += by
		s.lost[which] += by
	case alien:
		if s.aliens[which] += by; s.aliens[which] == 0 {
			delete(s.aliens, which)
		}
	}
}

// move changes one of a member's counts and keeps the totals right.
func (s *sweep) move(i int, counts []int, by int) {
	wasOn := s.isOn(i)
	counts[i] += by
	s.changed = true
	if isOn := s.isOn(i); isOn != wasOn {
		s.duty += sign(isOn)
	}
	if counts := s.isOn(i) || s.isAwake(i); counts != s.counted[i] {
		s.counted[i] = counts
		s.have += sign(counts)
	}
}

func (s *sweep) there(i int) bool   { return s.absent[i] == 0 && s.quiet[i] == 0 }
func (s *sweep) isOn(i int) bool    { return s.on[i] > 0 && s.there(i) }
func (s *sweep) isAwake(i int) bool { return s.awake[i] > 0 && s.there(i) }

func sign(more bool) int {
	if more {
		return 1
	}
	return -1
}

// span adds who is there now, or lengthens the span before when they are the same.
func (s *sweep) span(r *Report, from, until time.Time) {
	n := len(r.Spans)
	if n > 0 && !s.changed {
		r.Spans[n-1].Until = until
		return
	}
	s.changed = false
	s.nowOn, s.nowAwake = s.nowOn[:0], s.nowAwake[:0]
	for i := range s.in.Members {
		if !s.there(i) {
			continue
		}
		if s.on[i] > 0 {
			s.nowOn = append(s.nowOn, s.in.Members[i].Person.ID)
		}
		if s.awake[i] > 0 {
			s.nowAwake = append(s.nowAwake, s.in.Members[i].Person.ID)
		}
	}
	next := Span{From: from, Until: until, Have: s.have}
	if n > 0 { // lists are shared with the span before where they can be
		next.On, next.Awake = r.Spans[n-1].On, r.Spans[n-1].Awake
	}
	sameOn, sameAwake := slices.Equal(next.On, s.nowOn), slices.Equal(next.Awake, s.nowAwake)
	if n > 0 && sameOn && sameAwake {
		r.Spans[n-1].Until = until
		return
	}
	if !sameOn {
		next.On = s.store(s.nowOn)
	}
	if !sameAwake {
		next.Awake = s.store(s.nowAwake)
	}
	r.Spans = append(r.Spans, next)
}

// store copies a list to where it stays.
func (s *sweep) store(list []int64) []int64 {
	const block = 4096
	n := len(list)
	if cap(s.lists)-len(s.lists) < n {
		s.lists = make([]int64, 0, max(block, n))
	}
	from := len(s.lists)
	s.lists = append(s.lists, list...)
	return s.lists[from : from+n : from+n]
}
