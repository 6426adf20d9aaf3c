package web

import (
	"html/template"
	"strings"
	"time"

	"batsignal/incidents"
	"batsignal/incidents/action"
	"batsignal/integrations/job"
	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// functions are what templates may call. They are few: what a page shows is
// decided in Go, how it looks in the template.
func (s *site) functions() template.FuncMap {
	return template.FuncMap{
		"visible": visible,

		"visibleLines": VisibleLines,
		"count64":      oncall.Plural[int64],
		"add64":        func(a, b int64) int64 { return a + b },
		"laneWord":     laneWord,
		"size":         job.Bytes,

		"typed":   func(command string) string { return s.Commands.Localize(command) },
		"ref":     incidents.Ref,
		"asset":   s.address,
		"clock":   func(t time.Time) string { return t.UTC().Format("15:04:05") },
		"date":    func(t time.Time) string { return t.UTC().Format("2 Jan 2006") },
		"instant": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"ago":     func(t time.Time) string { return ago(t, s.Now()) },
		"length":  length,
		"exactly": oncall.Lasting,
		"times":   oncall.Times[int],
		"kind":    kindWord,
		"joined":  oncall.JoinNames,
		"actWord": actWord,
		"count":   oncall.Plural[int],
		"entry":   entryOf,
		"moment":  momentFor,

		"personPath":   personPath,
		"rosterPath":   rosterPath,
		"schedulePath": schedulePath,
		"planned":      planned,
		"hours":        hoursOf,
		"commonZones":  commonZones,
		"importable":   func() bool { return s.Tree != nil },

		"pageStates":    func() []string { return pageStates },
		"pageStateWord": func(state string) string { return pageStateWord(paging.PageState(state)) },
		"money":         paging.Money,

		"paragraphs":  func(text string) []string { return strings.Split(text, "\n") },
		"linked":      linked,
		"roomPath":    roomPath,
		"namePath":    namePath,
		"linePath":    linePath,
		"meetingPath": meetingPath,
		"actionsPath": actionsPath,
		"actionRef":   action.Ref,
		"add":         func(a, b int) int { return a + b },
		"states":      func() []string { return []string{"open", "done", "dropped", "all"} },
		"textField":   textFieldOf,
		"overdue":     func(a action.Item) bool { return overdue(a, s.Now()) },
	}
}

// menuEntry is one entry of the menu.
type menuEntry struct {
	Address, Name string
	Current       bool
}

func entryOf(v view, address, name string) menuEntry {
	return menuEntry{address, name, v.Here == address}
}

// overdue tells whether the day of an open action is over.
func overdue(a action.Item, now time.Time) bool {
	return a.State == action.Open && !a.Due.IsZero() && a.Due.Before(dayOf(now))
}

// ago says how far an instant is from now, either way, to the precision that
// matters.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d > -time.Second && d < time.Second:
		return "just now"
	case d < 0:
		return "in " + length(-d)
	}
	return length(d) + " ago"
}

// length writes a duration in its largest unit that fits.
func length(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return oncall.Plural(int(d/time.Second), "second", "seconds")
	case d < time.Hour:
		return oncall.Plural(int(d/time.Minute), "minute", "minutes")
	case d < 2*day:
		return oncall.Plural(int(d/time.Hour), "hour", "hours")
	}
	return oncall.Plural(int(d/day), "day", "days")
}

// kindWord says what sort of thing a line of a timeline tells, where the stored word
// is not one that people use for it.
func kindWord(kind string) string {
	switch kind {
	case "ack":
		return "answer"
	case "action":
		return "to do"
	case "exhausted":
		return "nobody yet"
	case "signal":
		return "bat-signal"
	}
	return kind
}

// actWord says what a line of the public record means.
func actWord(act string) string {
	switch act {
	case "asked":
		return "asked for"
	case "confirmed":
		return "confirmed and lit"
	case "refused":
		return "refused"
	case "expired":
		return "not confirmed in time"
	case "false-alarm":
		return "a false alarm"
	}
	return act
}
