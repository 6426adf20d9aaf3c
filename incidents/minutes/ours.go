package minutes

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Batsignal is our own dialect: the commands that MeetBot's users know, and none of
// the faults that they know.
func Batsignal() *Dialect {
	d := OpenStack()
	d.Name, d.InfoURL, d.Version = "batsignal", "", ""
	d.Commands = append([]string{"todo", "motion", "proposed", "proposal", "close", "voters", "quorum", "owner", "due", "adopt", "agenda", "next", "here", "pingall", "subtopic"}, d.Commands...)
	d.StartLines = []string{
		"Meeting started {startdate}. The chair is {chair}. What is said here is logged; a line that begins with [off] is not.",
		"Useful commands: #action #agreed #help #info #idea #link #topic #motion #undo #endmeeting. Anyone may end the meeting after {length}.",
	}
	d.EndLines = []string{
		"Meeting ended {enddate}: {tally}, {lines}.",
		"Minutes: {base}.html",
		"Log: {base}.log.html",
	}
	d.Busy = "A meeting is in progress here. A chair ends it with #endmeeting."
	d.VoteLine = "Vote: "
	d.NameRule, d.Match, d.Unassigned = slugName, ByIdentity, 0
	// Not its text: that may be what is to be forgotten.
	d.Undone = func(i *Item) string { return "#" + strings.ToLower(string(i.Kind)) }
	d.AnyoneEndsAfter, d.Idle = time.Hour, time.Hour
	d.OpsEnd, d.StrictStart, d.UnicodeWords, d.SaysRestricted, d.ChairsName, d.TidyTopic = true, false, true, true, true, true
	d.MergePeople, d.FullVotes, d.Explain, d.Own, d.Off, d.Numbered, d.UndoOwn = true, true, true, true, true, true, true
	return d
}

// slugName is a name that is safe as a file's and short: words of ASCII letters and
// digits where that is possible, other letters as they are.
func slugName(text string) string {
	var name strings.Builder
	blank := false
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case unicode.IsMark(r):
			continue // é is e
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if blank && name.Len() > 0 {
				name.WriteByte('-')
			}
			name.WriteRune(r)
			blank = false
		default:
			blank = true
		}
		if name.Len() >= 60 {
			break
		}
	}
	return name.String()
}

// lengthWords is a length of time in words: "60 minutes".
func lengthWords(d time.Duration) string { return fmt.Sprintf("%d minutes", int(d.Minutes())) }

// Tally says what came out of a meeting, in few words.
func (m *Meeting) Tally() string {
	var decisions, actions, unowned int
	for _, item := range m.Items {
		switch {
		case item.Gone:
		case item.Kind == Agreed || item.Kind == Accepted || item.Kind == Rejected:
			decisions++
		case item.Kind == Action:
			actions++
			if len(item.Owners) == 0 {
				unowned++
			}
		}
	}
	words := plural(decisions, "decision") + ", " + plural(actions, "action")
	if unowned > 0 {
		words += fmt.Sprintf(" (%d without an owner)", unowned)
	}
	return words
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
