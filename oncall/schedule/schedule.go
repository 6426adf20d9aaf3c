// Package schedule owns who is on by a schedule: rotations with several layers, what
// was changed for a while, and who is away. It is arithmetic: pure functions of a
// schedule and a time.
//
// It does not store anything (oncall/rota does), and knows neither roles nor who is
// asked first (oncall/duty does). Rules are on the clock on the wall; what instants
// they mean is decided by oncall/civil, so that at a change of clocks shifts overlap
// and never leave a gap.
package schedule

import (
	"time"

	"batsignal/oncall/civil"
)

// Schedule is one plan of who is on.
type Schedule struct {
	ID      int64
	Name    string // small letters, digits and hyphens: what is typed
	Title   string
	Role    string // the role that whoever is on is asked for first; "" serves none
	Zone    string // IANA name; that of layers which have none of their own
	Version int    // of its rules; whoever changes them must have seen this one
	Layers  []Layer
}

// Layer is one rotation. Whoever is on by an earlier layer is asked before whoever is
// on by a later one.
type Layer struct {
	Name    string
	Zone    string         // "" is the schedule's
	Starts  civil.DateTime // the first handoff: the first member is on from here
	Ends    civil.DateTime // zero is never
	Unit    Unit
	Turns   []int    // how many units each turn lasts: {1} every unit, {4, 3} four and three in turn
	Members []int64  // persons, in order; somebody may stand there more than once
	Windows []Window // when the layer is on at all; none is always
	Shadow  bool     // is shown and told, and not rung
}

// Unit is what turns are counted in.
type Unit string

// The units. A day, week or month ends at the same time on the clock as it began.
const (
	Hour  Unit = "hour"
	Day   Unit = "day"
	Week  Unit = "week"
	Month Unit = "month"
)

// Window is a time of day, on some days of the week, in the layer's zone.
type Window struct {
	Days  Days `json:"days"`  // 0 is every day
	From  int  `json:"from"`  // minutes after midnight
	Until int  `json:"until"` // minutes after midnight; From or before it is on the next day
}

// Days is a set of days of the week: Monday is 1, Tuesday 2, Sunday 64.
type Days uint8

// Has tells whether a day is in the set.
func (d Days) Has(day time.Weekday) bool { return d&(1<<((day+6)%7)) != 0 }

// Override is what was decided for a while. It never reaches beyond its range.
type Override struct {
	ID       int64
	Schedule int64
	Layer    string // "" is all of them
	From     time.Time
	Until    time.Time
	Person   int64 // who comes; 0 is nobody
	Instead  int64 // whom they replace; 0 is nobody: they come in addition, and first
	Cover    int64 // the request that it comes of; 0 is none
	Note     string
}

// Absence is a time at which somebody cannot be asked.
type Absence struct {
	ID     int64
	Person int64
	From   time.Time
	Until  time.Time
	Note   string
}

// Shift is a stretch of time at which somebody is on.
type Shift struct {
	Layer  string // "" for somebody who comes in addition
	Person int64
	From   time.Time
	Until  time.Time
	Shadow bool
	// Of is whose turn it is by the rotation, where that is somebody else.
	Of int64
	// Away says that Person is absent then: nobody is on by this layer, unless somebody
	// covers. Such a shift is a gap and is listed so that it can be named.
	Away bool
	// Override is the last one that made it what it is; 0 is none.
	Override int64
}
