package write

import (
	"fmt"
	"strings"
	"time"

	"batsignal/incidents/minutes"
)

// labels are the words before an item. Information has none.
var labels = map[minutes.ItemKind]string{
	minutes.TopicItem: "Topic", minutes.Agreed: "Agreed", minutes.Accepted: "Accepted", minutes.Rejected: "Rejected",
	minutes.VoteItem: "Vote", minutes.Inconclusive: "Inconclusive", minutes.Action: "Action", minutes.Idea: "Idea",
	minutes.Help: "Help wanted", minutes.Link: "Link",
}

// span says from when to when, with the zone: "Saturday 28 November 2026, 20:00 to 21:04 UTC".
func span(from, to time.Time) string {
	first, last := spanParts(from, to)
	return first + " to " + last + " UTC"
}

func spanParts(from, to time.Time) (first, last string) {
	const whole = onDay + ", " + atMinute
	if sameDay(from, to) {
		return from.UTC().Format(whole), to.UTC().Format(atMinute)
	}
	return from.UTC().Format(whole), to.UTC().Format(whole)
}

func sameDay(a, b time.Time) bool {
	a, b = a.UTC(), b.UTC()
	return a.YearDay() == b.YearDay() && a.Year() == b.Year()
}

// stampLayout is how much of an instant it takes to know it within the meeting.
func stampLayout(from, to time.Time) string {
	switch {
	case sameDay(from, to):
		return atMinute
	case from.UTC().Year() == to.UTC().Year():
		return "2 January " + atMinute
	}
	return "2 January 2006 " + atMinute
}

// listed joins words: "a, b and c".
func listed(list []string, last string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " " + last + " " + list[len(list)-1]
}

func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

func heads(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// voteWords is a vote's result without the words that the peers put around it.
func voteWords(text string) string {
	const before, between = `Voted on "`, `" Results are`
	rest, ok := strings.CutPrefix(text, before)
	i := strings.LastIndex(rest, between)
	if !ok || i < 0 {
		return text
	}
	return rest[:i] + strings.Replace(rest[i+len(between):], ",", "", 1)
}

// mapped is a list with each of its texts changed.
func mapped(list []string, change func(string) string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = change(s)
	}
	return out
}
