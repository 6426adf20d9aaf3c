// Package when owns how times are read that people type in chat and in forms, when they
// are tired: "tomorrow 18:00 Berlin", "for 4h", "sunday 03:00 to monday 09:00".
//
// It never guesses silently. What may mean two things is refused with both; everything
// else comes with how it was understood, to be echoed in UTC and in the zones of those
// concerned before it takes effect. It knows no person and reads no clock.
package when

import (
	"slices"
	"strings"
	"time"

	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

// Reader reads times as one person means them.
type Reader struct {
	Now  time.Time
	Zone string // the IANA name of the zone that is meant when none is written; empty is UTC
	// Zones knows further words for zones, in small letters, like the name of a colleague
	// or of an office; nil knows none. It answers with an IANA name.
	Zones func(word string) (string, bool)
}

// Moment is one instant, and how it was understood.
type Moment struct {
	At    time.Time // in UTC
	Zone  string    // the zone it was read in: the written one, else the speaker's
	Notes []string  // sentences about what is not obvious, to be shown with the echo
	zones []string
	now   time.Time
}

// Stretch is the time from one instant until before another, and how it was understood.
type Stretch struct {
	From, Until time.Time // in UTC
	Zone        string    // the zone that From was read in: the written one, else the speaker's
	Notes       []string  // sentences about what is not obvious, to be shown with the echo
	zones       []string
	now         time.Time
}

// Instant reads one instant: "now", "in 2h", "tomorrow 18:00 Berlin", "24 dec",
// 2026-12-24T18:00Z. A day without a time is its beginning. A weekday or a time of day
// by itself is the next one; a date without a year is the next one, today included. An
// error is fault.Invalid.
func (r Reader) Instant(text string) (Moment, error) {
	words, err := split(text)
	if err != nil {
		return Moment{}, err
	}
	if len(words) == 0 {
		return Moment{}, fault.New(fault.Invalid, "A time is missing. %s", examples)
	}
	p, err := r.point(words)
	if err != nil {
		return Moment{}, err
	}
	d, err := r.home(p.zone)
	if err != nil {
		return Moment{}, err
	}
	at, notes, err := d.first(p, civil.Start)
	if err != nil {
		return Moment{}, err
	}
	if err := d.near(at); err != nil {
		return Moment{}, err
	}
	return Moment{At: at.UTC(), Zone: d.zone.name, Notes: notes, zones: r.shown(d.zone), now: r.Now}, nil
}

// Duration reads how long something takes: "4h", "1h30m", "2 days". A day is 24 hours
// here, while [Reader.Span] counts days on the calendar. An error is fault.Invalid.
func (r Reader) Duration(text string) (time.Duration, error) {
	words, err := split(text)
	if err != nil {
		return 0, err
	}
	if len(words) > 0 && words[0] == "for" {
		words = words[1:]
	}
	l, rest, err := takeLength(words)
	if err != nil {
		return 0, err
	}
	if len(rest) > 0 || len(words) == 0 {
		return 0, fault.New(fault.Invalid, "I do not understand %s as a length of time. Write it like 4h, 1h30m or 2 days.", quoted(strings.Join(rest, " ")))
	}
	return time.Duration(l.days)*24*time.Hour + l.clock, nil
}

// String echoes the moment in UTC, in the zone it was read in, and in the speaker's, with
// the notes behind it.
func (m Moment) String() string {
	return withNotes(echo(m.At, m.now, m.zones), m.Notes)
}

// String echoes the stretch in UTC, in the zone it was read in, and in the speaker's, with
// the notes behind it.
func (s Stretch) String() string {
	return withNotes(echoSpan(s.From, s.Until, s.now, s.zones), s.Notes)
}

// Echo is String of another stretch that was worked out from this one, like the shift
// that it falls into, in further zones too (IANA names).
func (s Stretch) Echo(from, until time.Time, zones ...string) string {
	return withNotes(echoSpan(from, until, s.now, slices.Concat(s.zones, zones)), s.Notes)
}

// shown lists the zones that an echo shows: the one it was read in, then the speaker's.
func (r Reader) shown(z zone) []string { return []string{z.name, r.Zone} }

const examples = `Write it like tomorrow 18:00 Berlin, friday 09:00, in 2h, 24 dec 18:00 or 2026-12-24 18:00 UTC.`
