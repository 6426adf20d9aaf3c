package minutes

import (
	"fmt"
	"strings"
	"time"
)

const (
	plainStart  = "Meeting started {start} UTC.  The chair is {chair}. Information about MeetBot at {info}."
	plainUseful = "Useful Commands: #action #agreed #help #info #idea #link #topic."
	oneMeeting  = "Can't start another meeting, one is in progress."
)

var plainEnd = []string{
	"Meeting ended {end} UTC.  Information about MeetBot at {info} . (v {version})",
	"Minutes:        {base}.html",
	"Minutes (text): {base}.txt",
	"Log:            {base}.log.html",
}

var plainCommands = strings.Fields(`accept accepted action agree agreed chair commands endmeeting halp help idea
	info link lurk meetingname meetingtopic nick reject rejected restrictlogs save startmeeting topic unchair undo unlurk`)

// Debian is MeetBot 0.1.4 as Debian runs it, the original.
func Debian() *Dialect {
	return &Dialect{
		Name: "debian", InfoURL: "http://wiki.debian.org/MeetBot", Version: "0.1.4", Commands: plainCommands,
		StartLines: []string{plainStart, plainUseful}, EndLines: plainEnd, Busy: oneMeeting,
		NameAtStart: Never, NameRule: joinedName, Match: WholeWord, Unassigned: 2, WarnAbsent: true, StrictStart: true,
		Undone: func(i *Item) string {
			// The peer prints the address of an object here; the kind is all that it tells.
			return fmt.Sprintf("<ircmeeting.items.%s object>", className(i.Kind))
		},
	}
}

// OpenStack is the fork that OpenStack and OpenDev run: votes, and anybody may end a
// meeting after an hour.
func OpenStack() *Dialect {
	d := Debian()
	d.Name = "openstack"
	d.Commands = append([]string{"startvote", "vote", "showvote", "endvote"}, plainCommands...)
	d.StartLines = []string{
		"Meeting started {start} UTC and is due to finish in 60 minutes.  The chair is {chair}. Information about MeetBot at {info}.",
		"Useful Commands: #action #agreed #help #info #idea #link #topic #startvote.",
	}
	d.NameAtStart, d.NameRule, d.AnyoneEndsAfter = IfGiven, underscoredName, time.Hour
	d.Undone = func(i *Item) string { return "#" + strings.ToLower(string(i.Kind)) + " " + i.Text }
	return d
}

// Fedora is the fork that Fedora ran: it finds owners by any part of a word, and shows
// every list even if it is empty.
func Fedora() *Dialect {
	d := Debian()
	d.Name, d.InfoURL, d.Version = "fedora", "https://github.com/fedora-infra/supybot-meetbot", "0.4"
	d.Commands = strings.Fields(strings.Replace(strings.Join(plainCommands, " "), " reject ", " ", 1))
	d.NameAtStart, d.Match, d.Unassigned, d.WarnAbsent, d.UnicodeWords = Always, Substring, 0, false, true
	d.Undone = func(i *Item) string {
		if i.Kind == TopicItem || i.Kind == Link {
			return fmt.Sprintf("<fmeet.items.%s object>", className(i.Kind))
		}
		return fmt.Sprintf("%s by %s at %s : %s", i.Kind, i.By, i.At.UTC().Format(time.TimeOnly), i.Text)
	}
	return d
}

func className(k ItemKind) string { return string(k[:1]) + strings.ToLower(string(k[1:])) }

// joinedName is a name in lower case, its words joined.
func joinedName(text string) string {
	return strings.Join(strings.Fields(strings.ToLower(text)), "_")
}

// underscoredName is the same with everything but ASCII letters and digits replaced.
func underscoredName(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, joinedName(text))
}
