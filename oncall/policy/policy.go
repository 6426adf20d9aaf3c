// Package policy owns escalation policies: who is rung after whom, as data that
// people write, and which one a role follows at which severity.
//
// It does not know who is on or awake: oncall/duty makes people of the targets, and
// oncall/paging decides whom of them to ring next.
package policy

import (
	"encoding/json"
	"strings"
	"time"

	"batsignal/oncall"
)

// Policy is one way to look for somebody, step by step.
type Policy struct {
	Name    string // small letters, digits and hyphens: what is typed
	Title   string
	Version int // whoever changes it must have seen this one; 0 is new
	Repeats int // how often the steps are gone through; 0 is for ever
	Needs   int // how many must answer before the slot is filled; 0 is one
	Steps   []Step
}

// Step is whom to ring at one point. Whoever is rung stays rung while later steps
// ring others.
type Step struct {
	Targets []Target
	Wait    time.Duration // for each ring, if nobody answers; 0 is the role's patience
	All     bool          // ring everybody of the step at once, not one after the other
}

// Target is whom a step rings, or the room that it tells.
type Target struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"` // of a room "#ops", or "libera/#ops" on one network only
}

// Kind is what sort of target it is.
type Kind string

// The kinds of targets.
const (
	Role     Kind = "role"     // everybody on its roster
	Schedule Kind = "schedule" // whoever is on by it
	Person   Kind = "person"   // by handle; only who may be rung for some role
	Room     Kind = "room"     // is told that the step begins; nobody is rung by it
)

// Kinds lists the kinds, in the order in which people are told of them.
func Kinds() []Kind { return []Kind{Schedule, Role, Person, Room} }

// Rings tells whether anybody can be rung by a step: rooms are only told.
func (s Step) Rings() bool {
	for _, t := range s.Targets {
		if t.Kind != Room {
			return true
		}
	}
	return false
}

// Rooms lists the rooms that a step tells, in order.
func (s Step) Rooms() []string {
	var rooms []string
	for _, t := range s.Targets {
		if t.Kind == Room {
			rooms = append(rooms, t.Name)
		}
	}
	return rooms
}

// Says tells a step in a sentence or two: what it rings and tells, and how long it waits.
func (s Step) Says() string {
	var rings, says []string
	for _, t := range s.Targets {
		switch t.Kind {
		case Schedule:
			rings = append(rings, "whoever is on by "+t.Name)
		case Role:
			rings = append(rings, "the roster of "+t.Name)
		case Person:
			rings = append(rings, t.Name)
		}
	}
	if rooms := s.Rooms(); len(rooms) > 0 {
		says = append(says, "Tells "+oncall.JoinNames(rooms)+".")
	}
	if len(rings) > 0 {
		text := "Rings " + oncall.JoinNames(rings)
		if s.All {
			text += ", all at once"
		} else {
			text += ", one after the other"
		}
		if s.Wait > 0 {
			text += ", and waits " + oncall.Lasting(s.Wait)
		}
		says = append(says, text+".")
	}
	return strings.Join(says, " ")
}

// Builtin is the policy of a role that uses none: whoever is on by its schedules, in
// their order, then the rest of its roster. It has no name.
func Builtin(role string, schedules ...string) Policy {
	p := Policy{Title: "who is on, then the roster"}
	if len(schedules) > 0 {
		var on Step
		for _, name := range schedules {
			on.Targets = append(on.Targets, Target{Schedule, name})
		}
		p.Steps = append(p.Steps, on)
	} else {
		p.Title = "the roster"
	}
	p.Steps = append(p.Steps, Step{Targets: []Target{{Role, role}}})
	return p
}

// stored is a step as the database and other programs read it.
type stored struct {
	Targets []Target `json:"targets"`
	Wait    float64  `json:"wait_seconds,omitempty"`
	All     bool     `json:"all,omitempty"`
}

// MarshalJSON writes the wait in seconds.
func (s Step) MarshalJSON() ([]byte, error) {
	return json.Marshal(stored{Targets: s.Targets, Wait: s.Wait.Seconds(), All: s.All})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Step) UnmarshalJSON(b []byte) error {
	var in stored
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	*s = Step{Targets: in.Targets, Wait: time.Duration(in.Wait * float64(time.Second)), All: in.All}
	return nil
}
