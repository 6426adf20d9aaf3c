package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"batsignal/incidents"
)

// functions are what templates may call. They are few: what a page shows is
// decided in Go, how it looks in the template.
func (s *site) functions() template.FuncMap {
	return template.FuncMap{
		"visible": visible,
		"typed":   func(command string) string { return s.Commands.Localize(command) },
		"ref":     incidents.Ref,
		"asset":   s.address,
		"clock":   func(t time.Time) string { return t.UTC().Format("15:04:05") },
		"date":    func(t time.Time) string { return t.UTC().Format("2 Jan 2006") },
		"instant": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"ago":     func(t time.Time) string { return ago(t, s.Now()) },
		"length":  length,
		"joined":  joined,
		"actWord": actWord,
		"count":   count,
		"entry":   entryOf,
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
		return count(int(d/time.Second), "second", "seconds")
	case d < time.Hour:
		return count(int(d/time.Minute), "minute", "minutes")
	case d < 2*day:
		return count(int(d/time.Hour), "hour", "hours")
	}
	return count(int(d/day), "day", "days")
}

// count writes a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// joined writes "maria, jan and li".
func joined(names []string) string {
	switch len(names) {
	case 0:
		return "nobody"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
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
