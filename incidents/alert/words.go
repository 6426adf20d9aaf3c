package alert

import (
	"fmt"
	"strings"

	"batsignal/oncall"
)

const (
	longestLine = 400  // letters of one alert in a message
	longestTold = 1900 // letters of an announcement, which may have 2000
)

// Words is the alert as one line: "A12, severity 2: disk full on db1 (db1.example.org)".
func (l Line) Words() string {
	text := fmt.Sprintf("%s, severity %d", Ref(l.Alert), l.Severity)
	if l.Count > 1 {
		text += fmt.Sprintf(", %d times", l.Count)
	}
	if l.State != Triggered {
		text += ", " + string(l.State)
	}
	text += ": " + l.Summary
	if l.Source != "" && !strings.Contains(l.Summary, l.Source) {
		text += " (" + l.Source + ")"
	}
	return oncall.Clip(text, longestLine)
}

// Line is the alert as messages have it.
func (a Alert) Line() Line {
	return Line{Alert: a.ID, Severity: a.Severity, State: a.State, Summary: a.Summary, Source: a.Source, Count: a.Count}
}

// Items are all the lines as a message has them (paging.Message.Items); the last one
// counts what has no line.
func Items(lines []Line, more int) []string {
	items := make([]string, 0, len(lines)+1)
	for _, l := range lines {
		items = append(items, l.Words())
	}
	if more > 0 {
		items = append(items, "and "+oncall.Plural(more, "alert", "alerts")+" more")
	}
	return items
}

// Announcement is what rooms are told of alerts of a group: as many by name as fit. What
// to do about them is for people: the bat-signal is only ever suggested.
func Announcement(g Group, lines []Line, more int) string {
	head := oncall.Plural(len(lines)+more, "alert", "alerts") + " from " + g.Key
	switch {
	case g.State == GroupAcked && g.AckedBy != "":
		head += " (" + g.AckedBy + " looks at it)"
	case g.State == GroupResolved:
		head += " (over already)"
	case !g.Rings():
		head += " (nobody is rung for it)"
	}
	tail := ""
	if len(lines) > 0 {
		tail = " More: !alert show " + Ref(lines[0].Alert) + "."
	}
	if g.Severity <= 2 && g.State == GroupOpen {
		tail += " If it is an emergency for everybody: !batsignal <what is on fire>."
	}
	return head + ": " + named(lines, more, longestTold-len(head)-len(tail)) + "." + tail
}

// named lists as many alerts as fit, and counts the others.
func named(lines []Line, more, room int) string {
	var b strings.Builder
	for i, l := range lines {
		words := l.Words()
		if b.Len() > 0 {
			words = "; " + words
		}
		if b.Len()+len(words) > room-len("; and 1000000 more") {
			more += len(lines) - i
			break
		}
		b.WriteString(words)
	}
	if more > 0 {
		fmt.Fprintf(&b, "; and %d more", more)
	}
	return strings.TrimPrefix(b.String(), "; ")
}
