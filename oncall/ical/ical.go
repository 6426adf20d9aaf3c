// Package ical owns calendars as files (RFC 5545): it reads the vacations and holidays
// that people keep in one, and writes the feeds that they subscribe to.
//
// Calendars of the world are never quite what the standard says. What is understood is
// taken, what is not is a [Problem] that names the event; nothing is dropped silently.
// It fetches nothing and knows no person.
package ical

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

// Limits on what is read.
const (
	MostBytes    = 1 << 20 // of a file
	MostEvents   = 5000    // that come out
	mostProblems = 200     // that are told
	mostSteps    = 1 << 22 // days that are looked at for all repetitions together
)

// Event is something that lasts from one instant until before another.
type Event struct {
	// UID is the identity: the same however often the file is read, at most 200 bytes. Of
	// an event that repeats, each time has its own.
	UID         string
	Summary     string
	Description string // may be empty
	URL         string // may be empty
	From, Until time.Time
}

// Problem is what was not understood.
type Problem struct {
	UID     string // of the event, as in the file; empty if it is about the whole file
	Summary string // of the event, for people
	Line    int    // where the event or the line begins, from 1
	Say     string // a plain sentence
}

// Holiday is a day on which a region does not work.
type Holiday struct {
	Day  civil.DateTime // midnight
	Name string
}

// Read gives the events of a calendar that touch [from, until), by time. What has no zone
// of its own (days, and times on the wall) is in zone, an IANA name. Events that repeat
// come once for each time, cancelled ones not at all. An error is fault.Invalid, for a
// text that is no calendar, or fault.Limited.
func Read(text []byte, zone string, from, until time.Time) ([]Event, []Problem, error) {
	home, err := civil.Zone(zone)
	if err != nil {
		return nil, nil, err
	}
	found, problems, err := read(text, home, from, until)
	if err != nil {
		return nil, nil, err
	}
	events := make([]Event, 0, len(found))
	for _, o := range found {
		events = append(events, o.event())
	}
	return events, problems, nil
}

// Holidays gives the days of a calendar of holidays in [from, until), by day and name. An
// event that has a time of day is a problem. An error is like that of [Read].
func Holidays(text []byte, from, until civil.DateTime) ([]Holiday, []Problem, error) {
	first, end := from.Midnight().In(time.UTC, civil.Start), until.Midnight().In(time.UTC, civil.End)
	found, problems, err := read(text, time.UTC, first, end)
	if err != nil {
		return nil, nil, err
	}
	var days []Holiday
	for _, o := range found {
		if !o.allDay {
			problems = append(problems, o.of.problem("It has a time of day; a holiday is a whole day."))
			continue
		}
		for t := civil.Later(o.from, first); t.Before(o.until) && t.Before(end); t = t.AddDate(0, 0, 1) {
			days = append(days, Holiday{Day: civil.Of(t, time.UTC), Name: o.of.summary})
			if len(days) > MostEvents {
				return nil, nil, tooMany()
			}
		}
	}
	slices.SortFunc(days, func(a, b Holiday) int {
		return cmp.Or(a.Day.Compare(b.Day), strings.Compare(a.Name, b.Name))
	})
	return slices.Compact(days), capped(problems), nil
}

// occurrence is one time that an event happens.
type occurrence struct {
	of          *entry
	from, until time.Time
	allDay      bool
	repeated    string // which of its times it is; empty: it has only one
}

func (o occurrence) event() Event {
	return Event{
		UID: o.of.identity(o.repeated), Summary: o.of.summary, Description: o.of.description, URL: o.of.url,
		From: o.from.UTC(), Until: o.until.UTC(),
	}
}

func read(text []byte, home *time.Location, from, until time.Time) ([]occurrence, []Problem, error) {
	if len(text) > MostBytes {
		return nil, nil, fault.New(fault.Limited, "The calendar is larger than 1 MiB. Export a shorter time, or only the events that matter.")
	}
	entries, problems, err := readEntries(text, home)
	if err != nil {
		return nil, nil, err
	}
	x := expansion{from: from, until: until, steps: mostSteps, problems: problems}
	if err := x.all(entries); err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(x.found, func(a, b occurrence) int {
		return cmp.Or(a.from.Compare(b.from), a.until.Compare(b.until), strings.Compare(a.of.uid, b.of.uid))
	})
	return x.found, capped(x.problems), nil
}

// capped tells the first problems only, and how many more there are.
func capped(problems []Problem) []Problem {
	if len(problems) <= mostProblems {
		return problems
	}
	rest := len(problems) - mostProblems
	return append(problems[:mostProblems:mostProblems], Problem{Say: plural(rest) + "."})
}

func plural(n int) string {
	if n == 1 {
		return "There is 1 more problem"
	}
	return "There are " + itoa(n) + " more problems"
}

func tooMany() error {
	return fault.New(fault.Limited, "The calendar has more than %d events in that time. Choose a shorter time or a smaller calendar.", MostEvents)
}
