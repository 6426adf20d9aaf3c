package policy

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// The limits of a policy.
const (
	MostSteps   = 20
	MostTargets = 20 // of one step
	MostRepeats = 100
	MostNeeds   = 50
	ShortWait   = 10 * time.Second // nobody answers faster
	LongWait    = 24 * time.Hour

	longestTitle = 80 // in letters
)

var (
	validName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,47}$`)
	validRoom = regexp.MustCompile(`^([a-z0-9][a-z0-9_.-]{0,63}/)?[#&][^\s,/]{1,79}$`)
)

// Check refuses a policy that makes no sense by itself. Whether what it names exists
// is seen when it is saved.
func (p Policy) Check() error {
	if !validName.MatchString(p.Name) {
		return wrong("name", "%q cannot be a policy's name: up to 48 letters a-z, digits and hyphens, a letter first.", p.Name)
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(p.Title)); n == 0 || utf8.RuneCountInString(p.Title) > longestTitle {
		return wrong("title", "The policy %s needs a title of up to %d letters.", p.Name, longestTitle)
	}
	if p.Repeats < 0 || p.Repeats > MostRepeats {
		return wrong("repeats", "The policy %s is gone through 1 to %d times, or for ever: then its repeats are 0.", p.Name, MostRepeats)
	}
	if p.Needs < 0 || p.Needs > MostNeeds {
		return wrong("needs", "The policy %s needs 1 to %d people to answer.", p.Name, MostNeeds)
	}
	if len(p.Steps) == 0 || len(p.Steps) > MostSteps {
		return wrong("steps", "The policy %s needs 1 to %d steps, and has %d.", p.Name, MostSteps, len(p.Steps))
	}
	rings := false
	for i, s := range p.Steps {
		if field, err := s.check(); err != nil {
			return &FieldError{i, field, fault.New(fault.Invalid, "Step %d of the policy %s %s.", i+1, p.Name, err)}
		}
		rings = rings || s.Rings()
	}
	if !rings {
		return wrong("steps", "The policy %s tells rooms and rings nobody: add a role, a schedule or a person.", p.Name)
	}
	return nil
}

// FieldError is a refusal that is about one field, so that a form can say it there. Its
// sentence is the fault's.
type FieldError struct {
	Step  int    // which one, from 0; -1 is the policy itself
	Field string // "name", "title", "repeats", "needs", "steps"; of a step "targets" or "wait"
	Fault *fault.Error
}

// Error is the fault's.
func (e *FieldError) Error() string { return e.Fault.Error() }

// Unwrap returns the fault.
func (e *FieldError) Unwrap() error { return e.Fault }

// wrong is a refusal about a field of the policy itself.
func wrong(field, format string, args ...any) error {
	return &FieldError{-1, field, fault.New(fault.Invalid, format, args...)}
}

// check says what is wrong with a step, as the end of a sentence, and with which field.
func (s Step) check() (field string, err error) {
	if len(s.Targets) == 0 || len(s.Targets) > MostTargets {
		return "targets", fmt.Errorf("needs 1 to %d targets, and has %d", MostTargets, len(s.Targets))
	}
	seen := map[Target]bool{}
	for _, t := range s.Targets {
		if err := t.check(); err != nil {
			return "targets", err
		}
		if seen[t] {
			return "targets", fmt.Errorf("names the %s %s twice. Once is enough", t.Kind, t.Name)
		}
		seen[t] = true
	}
	switch {
	case s.Wait == 0:
		return "", nil
	case !s.Rings():
		return "wait", fmt.Errorf("only tells rooms, so nobody is waited for: leave its wait out, or add whom to ring")
	case s.Wait < ShortWait || s.Wait > LongWait:
		return "wait", fmt.Errorf("waits %s. A wait is 10 seconds to 24 hours", s.Wait)
	case s.Wait%time.Second != 0:
		return "wait", fmt.Errorf("waits %s. Waits are whole seconds", s.Wait)
	}
	return "", nil
}

func (t Target) check() error {
	switch t.Kind {
	case Role, Schedule, Person:
		if strings.TrimSpace(t.Name) == "" {
			return fmt.Errorf("has a %s without a name", t.Kind)
		}
	case Room:
		if !validRoom.MatchString(t.Name) {
			return fmt.Errorf("tells %q, which is no room. Write it like #ops, or like libera/#ops on one network only", t.Name)
		}
	default:
		return fmt.Errorf("has a target of the kind %q. The kinds are %s", t.Kind, kindNames())
	}
	return nil
}

func kindNames() string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, string(k))
	}
	return oncall.JoinNames(names)
}

// SplitRoom splits the name of a room target; network is "" for every network that
// has a room of that name.
func SplitRoom(name string) (network, room string) {
	if network, room, ok := strings.Cut(name, "/"); ok {
		return network, room
	}
	return "", name
}
