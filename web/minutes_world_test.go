package web_test

import (
	"net/url"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/corpustest"
)

// The rooms of the meetings that tests are told, and the day before the night of every
// story, on which they happen.
var (
	ops     = incidents.Room{Network: "libera", Room: "#ops"}
	dev     = incidents.Room{Network: "acme", Room: "#dev"}
	evening = night.AddDate(0, 0, -1).Truncate(24 * time.Hour)
)

// meets has a room say the lines of a log.
func (w *world) meets(at incidents.Room, day time.Time, log string) {
	w.t.Helper()
	w.meetsBy(w.meetings, at, day, log)
}

func (w *world) meetsBy(s *meeting.Service, at incidents.Room, day time.Time, log string) {
	w.t.Helper()
	var heard []meeting.Heard
	for _, line := range chatlog.Parse(log, chatlog.Options{Date: day}) {
		heard = append(heard, meeting.Heard{Room: at, Look: meeting.Look{Self: "batsignal"}, Event: line.Event})
	}
	w.hears(s, heard...)
}

func (w *world) hears(s *meeting.Service, heard ...meeting.Heard) {
	w.t.Helper()
	if _, err := s.Hear(ctx, heard...); err != nil {
		w.t.Fatal(err)
	}
}

// change edits a line, or takes it back.
func (w *world) change(at incidents.Room, when time.Time, kind minutes.EventKind, id, text string) {
	w.t.Helper()
	w.hears(w.meetings, meeting.Heard{Room: at, Event: minutes.Event{At: when, Kind: kind, ID: id, Text: text, Who: minutes.Who{Nick: "anna"}}})
}

// says is one line whose network gives it an id.
func (w *world) says(at incidents.Room, when time.Time, nick, id, text string) {
	w.t.Helper()
	w.hears(w.meetings, meeting.Heard{Room: at, Event: minutes.Event{At: when, ID: id, Text: text, Who: minutes.Who{Nick: nick}}})
}

// corpusLog is a log that the peers were held against.
func corpusLog(t *testing.T, name string) (log string, day time.Time) {
	t.Helper()
	for _, m := range corpustest.All(t) {
		if m.Name == name {
			return m.Log(t), m.Date(t)
		}
	}
	t.Fatalf("the corpus has no %s", name)
	return "", day
}

// weekly is a meeting with something of everything.
const weekly = `
20:00:00 <anna> #startmeeting Weekly ops sync
20:00:05 <bert> hi all
20:00:09 <bert> #info said before there was a topic
20:00:20 <anna> #topic Disks and fans
20:00:31 <bert> the fan in rack 4 rattles, see https://wiki.example/rack4 (and the pictures)
20:01:00 <kevin> * listens
20:01:04 <bert> wie immer: größere Lüfter für Gehäuse, und 会议 in Peking
20:01:20 <anna> #action kevin replaces the fan in rack 4 by friday
20:01:40 <anna> #action bert writes to the vendor
20:01:41 * bert sighs
20:02:00 <anna> #agreed no more than two fans a shelf
20:02:10 <bert> #link https://wiki.example/fans how they are numbered
20:02:30 <anna> #topic Certificates
20:02:45 <bert> #idea let them be renewed by a machine
20:03:00 <anna> #rejected renewing by hand
20:03:10 <bert> [off] between us, the vendor is slow
20:04:00 <anna> #endmeeting
`

// secretly is a meeting that is not for everybody.
const secretly = `
21:00:00 <anna> #startmeeting Staff kestrel
21:00:10 <anna> #restrictlogs
21:00:20 <anna> #topic the kestrel matter
21:00:30 <bert> kestrel was said
21:00:40 <anna> #action kevin writes the kestrel letter
21:00:50 <anna> #agreed kestrel it is
21:01:00 <anna> #endmeeting
`

// escaped is a path as an address has it.
func escaped(path string) string { return (&url.URL{Path: path}).EscapedPath() }
