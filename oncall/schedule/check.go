package schedule

import (
	"regexp"
	"slices"
	"unicode/utf8"

	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

// What a schedule may be at most.
const (
	mostLayers  = 20
	mostMembers = 500
	mostTurns   = 64
	longestTurn = 1000 // units
	mostWindows = 50
	longTitle   = 80 // letters
)

var (
	nameForm  = regexp.MustCompile(`^[a-z][a-z0-9-]{0,47}$`)
	layerForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
)

// Check refuses a schedule that cannot be reckoned with or stored. The error is
// fault.Invalid and names the layer and what is wrong with it.
func (s Schedule) Check() error {
	if !nameForm.MatchString(s.Name) {
		return wrong("name", nil, "The schedule's name is made of small letters, digits and hyphens, at most 48, and begins with a letter; %q is not.", clip(s.Name))
	}
	if n := utf8.RuneCountInString(s.Title); n < 1 || n > longTitle {
		return wrong("title", nil, "The schedule's title has 1 to %d letters; this one has %d.", longTitle, n)
	}
	if _, err := civil.Zone(s.Zone); err != nil {
		return wrong("zone", err, "The schedule needs a time zone: %s", sentence(err))
	}
	if len(s.Layers) > mostLayers {
		return wrong("layers", nil, "A schedule has at most %d layers; this one has %d. Make a second schedule.", mostLayers, len(s.Layers))
	}
	for i, l := range s.Layers {
		if err := l.check(i); err != nil {
			return err
		}
		if slices.ContainsFunc(s.Layers[:i], func(other Layer) bool { return other.Name == l.Name }) {
			return &FieldError{i, "name", -1, fault.New(fault.Invalid, "Two layers are called %s. Give one of them another name.", l.Name)}
		}
	}
	return nil
}

// wrong is a refusal about a field of the schedule itself.
func wrong(field string, cause error, format string, args ...any) error {
	return &FieldError{-1, field, -1, fault.Wrap(fault.Invalid, cause, format, args...)}
}

func (l Layer) check(place int) error {
	if !layerForm.MatchString(l.Name) {
		return &FieldError{place, "name", -1, fault.New(fault.Invalid,
			"A layer's name is made of small letters, digits and hyphens, at most 32, and begins with a letter or a digit; %q is not.", clip(l.Name))}
	}
	refuseItem := func(field string, item int, format string, args ...any) error {
		return &FieldError{place, field, item, fault.New(fault.Invalid, "In layer %s "+format, append([]any{l.Name}, args...)...)}
	}
	refuse := func(field, format string, args ...any) error { return refuseItem(field, -1, format, args...) }
	if l.Zone != "" {
		if _, err := civil.Zone(l.Zone); err != nil {
			return refuse("zone", "the time zone is wrong. %s", sentence(err))
		}
	}
	switch {
	case l.Starts.IsZero():
		return refuse("starts", "the start is missing. Say when the first handoff is, like 2026-03-30 09:00.")
	case !dated(l.Starts):
		return refuse("starts", "the start %s is not on the calendar. Write it like 2026-03-30 09:00.", l.Starts)
	case !l.Ends.IsZero() && !dated(l.Ends):
		return refuse("ends", "the end %s is not on the calendar. Write it like 2026-03-30 09:00.", l.Ends)
	case !l.Ends.IsZero() && l.Ends.Compare(l.Starts) <= 0:
		return refuse("ends", "the end %s is not after the start %s.", l.Ends, l.Starts)
	case !slices.Contains([]Unit{Hour, Day, Week, Month}, l.Unit):
		return refuse("unit", "turns are counted in hour, day, week or month, not in %q.", clip(string(l.Unit)))
	case len(l.Turns) == 0:
		return refuse("turns", "the turns are missing. Write 1 for a turn each %s.", l.Unit)
	case len(l.Turns) > mostTurns:
		return refuse("turns", "there are %d lengths of turns; %d is the most.", len(l.Turns), mostTurns)
	case len(l.Members) >= mostMembers:
		return refuse("members", "there are %d members; there must be fewer than %d.", len(l.Members), mostMembers)
	case slices.ContainsFunc(l.Members, func(m int64) bool { return m <= 0 }):
		return refuse("members", "a member is nobody we know.")
	case len(l.Windows) > mostWindows:
		return refuse("windows", "there are %d windows; %d is the most.", len(l.Windows), mostWindows)
	}
	for _, n := range l.Turns {
		if n < 1 || n > longestTurn {
			return refuse("turns", "a turn lasts from 1 to %d units, not %d.", longestTurn, n)
		}
	}
	for i, w := range l.Windows {
		switch {
		case w.Days > everyDay:
			return refuseItem("windows", i, "window %d is on a day that no week has.", i+1)
		case w.From < 0 || w.From >= minutesOfDay:
			return refuseItem("windows", i, "window %d begins outside the day: 00:00 to 23:59 is possible.", i+1)
		case w.Until < 0 || w.Until > minutesOfDay:
			return refuseItem("windows", i, "window %d ends outside the day: 00:00 to 24:00 is possible.", i+1)
		}
	}
	return nil
}

// everyDay is the set of all days.
const everyDay Days = 127

// dated tells whether the calendar has a wall time, in years that the database and
// four digits have.
func dated(d civil.DateTime) bool { return d.IsReal() && d.Year >= 1 && d.Year <= 9998 }

func sentence(err error) string { return fault.Say(err) }

func clip(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:39]) + "…"
	}
	return text
}
