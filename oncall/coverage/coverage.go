// Package coverage owns the look ahead: for each role who will be on and who will be
// awake, and where that is too few. Gaps are found, named in words, and warned of
// before anybody needs somebody.
//
// Finding and naming are pure functions of people, shifts and a time; Watch keeps what
// was found as rows and tells of it. It does not decide who is asked (oncall/duty does),
// and a sign of life counts for nothing here: it is about now, and this is about later.
package coverage

import (
	"slices"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/schedule"
)

// Ahead is how far coverage looks.
const Ahead = 14 * 24 * time.Hour

// Role is what has to be covered.
type Role struct {
	Name    string
	Title   string
	Leads   bool // its people are told of the gaps of every role
	Minimum int  // how many should be on or awake at any time; 0 asks for nobody
}

// Member is somebody on the role's roster.
type Member struct {
	Person   oncall.Person
	Active   bool // may be rung: said yes, and was let in
	Absences []schedule.Absence
	// Terms are what they agreed to. In quiet hours they are not there, unless severity
	// 1 rings them all the same: coverage is for the worst. Other limits count for
	// nothing here.
	Terms oncall.Terms
}

// Scheduled is a schedule that serves the role, as its shifts.
type Scheduled struct {
	Name   string
	Shifts []schedule.Shift
}

// Input is everything that the coverage of one role follows from.
type Input struct {
	Role      Role
	Members   []Member
	Schedules []Scheduled
}

// Report is the coverage of one role over a time.
type Report struct {
	Role        Role
	From, Until time.Time
	Members     []Member
	Scheduled   bool   // a schedule serves the role, so that somebody should be on
	Spans       []Span // without a break from From to Until
	Gaps        []Gap  // by time; of two at the same time the one of kind Awake first
}

// Span is a time in which nobody comes or goes.
type Span struct {
	From, Until time.Time
	// On and Awake are people who may be rung, in the roster's order: those on by a
	// schedule, and those in their waking hours. Lists are shared: do not change them.
	On, Awake []int64
	Have      int // how many different people that is
}

// Kind is what a gap lacks.
type Kind string

// The kinds of gaps.
const (
	// Awake: fewer people than the role's minimum are on or awake.
	Awake Kind = "awake"
	// On: schedules serve the role, and nobody is on by any of them.
	On Kind = "on"
)

// Gap is a time without a break in which a role lacks people.
type Gap struct {
	Kind        Kind
	From, Until time.Time
	Have        int     // how many there are when they are fewest
	Most        int     // how many there are when they are most; fewer than Want
	Want        int     // how many there should be
	Why         string  // why, as half a sentence: "maria is away"; "" says nothing
	Away        []int64 // people whose absence made it
}

// Look finds the coverage of roles from one instant to another. People with the same
// hours share the work of finding out when they are awake.
func Look(in []Input, from, until time.Time) []Report {
	w := wakings{from: from, until: until, known: map[hours][]stretch{}}
	reports := make([]Report, 0, len(in))
	for _, one := range in {
		reports = append(reports, look(one, &w))
	}
	return reports
}

// Person finds somebody of the roster.
func (r Report) Person(id int64) (oncall.Person, bool) {
	i := slices.IndexFunc(r.Members, func(m Member) bool { return m.Person.ID == id })
	if i < 0 {
		return oncall.Person{}, false
	}
	return r.Members[i].Person, true
}

// At is the span that an instant is in.
func (r Report) At(at time.Time) (Span, bool) {
	i, found := slices.BinarySearchFunc(r.Spans, at, func(s Span, at time.Time) int { return s.From.Compare(at) })
	if !found {
		i--
	}
	if i < 0 || !at.Before(r.Until) {
		return Span{}, false
	}
	return r.Spans[i], true
}

// Empty tells whether nobody at all can be rung for the role.
func (r Report) Empty() bool {
	return !slices.ContainsFunc(r.Members, func(m Member) bool { return m.Active })
}
