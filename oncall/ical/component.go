package ical

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"batsignal/oncall/fault"
)

// file is what is read of a text before its events are understood.
type file struct {
	events    [][]property
	began     []int             // the line on which each event begins
	locations map[string]string // TZID to X-LIC-LOCATION
	cancelled bool              // METHOD:CANCEL takes back all events
	others    map[string]int    // components that are no events, by kind
	problems  []Problem
}

// readEntries understands each event of a text for itself.
func readEntries(text []byte, home *time.Location) ([]*entry, []Problem, error) {
	f, err := scan(text)
	if err != nil {
		return nil, nil, err
	}
	var entries []*entry
	problems := f.problems
	for i, properties := range f.events {
		b := builder{entry: &entry{line: f.began[i], cancelled: f.cancelled}, home: home, locations: f.locations}
		if b.build(properties) {
			entries = append(entries, b.entry)
		}
		problems = append(problems, b.problems...)
	}
	for _, kind := range slices.Sorted(mapKeys(f.others)) {
		problems = append(problems, Problem{Say: fmt.Sprintf("What is no event is left out: %s of the kind %s.", itoa(f.others[kind]), kind)})
	}
	return entries, problems, nil
}

func mapKeys(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// scan sorts the lines of a text into components. Only what stands directly in an event
// belongs to it: an alarm has a text and a time of its own.
func scan(text []byte) (*file, error) {
	f := &file{locations: map[string]string{}, others: map[string]int{}}
	var open []string // the components that the line is in
	var zoneID string
	calendar, first := false, true
	lines(text, func(line string, number int) {
		p, ok := parse(line, number)
		begin := ok && p.name == "BEGIN"
		name := strings.ToUpper(strings.TrimSpace(p.value))
		if first {
			calendar, first = begin && name == "VCALENDAR", false
		}
		if !calendar {
			return
		}
		top := ""
		if len(open) > 0 {
			top = open[len(open)-1]
		}
		switch {
		case !ok:
			if top == "VEVENT" || top == "VCALENDAR" || top == "" {
				f.problem(number, "This line is not understood and is left out.")
			}
		case begin:
			if name == "VEVENT" {
				if slices.Contains(open, "VEVENT") {
					f.problem(number, "An event begins inside another one, which has no end; both are read.")
					open = open[:slices.Index(open, "VEVENT")]
				}
				f.events, f.began = append(f.events, nil), append(f.began, number)
			} else if top == "VCALENDAR" && name != "VTIMEZONE" {
				f.others[name]++
			}
			open = append(open, name)
		case p.name == "END":
			open = f.end(open, name, number)
		case top == "VEVENT":
			last := len(f.events) - 1
			f.events[last] = append(f.events[last], p)
		case top == "VCALENDAR" && p.name == "METHOD":
			f.cancelled = strings.EqualFold(strings.TrimSpace(p.value), "CANCEL")
		case top == "VTIMEZONE" && p.name == "TZID":
			zoneID = p.value
		case top == "VTIMEZONE" && p.name == "X-LIC-LOCATION":
			f.locations[zoneID] = strings.TrimSpace(p.value)
		}
	})
	if !calendar {
		return nil, fault.New(fault.Invalid, "That is no calendar file: it does not begin with BEGIN:VCALENDAR. Export the calendar as .ics and try again.")
	}
	if len(open) > 0 {
		f.problem(0, "The file ends in the middle; it may have been cut off.")
	}
	return f, nil
}

// end closes a component, and those within it that have no end of their own.
func (f *file) end(open []string, name string, number int) []string {
	for i := len(open) - 1; i >= 0; i-- {
		if open[i] == name {
			if i < len(open)-1 {
				f.problem(number, "Something that began before this line has no end.")
			}
			return open[:i]
		}
		if len(open)-i > 10 {
			break // nothing real is nested so deeply
		}
	}
	f.problem(number, "Something ends here that did not begin.")
	return open
}

func (f *file) problem(line int, say string) {
	if len(f.problems) <= mostProblems {
		f.problems = append(f.problems, Problem{Line: line, Say: say})
	}
}
