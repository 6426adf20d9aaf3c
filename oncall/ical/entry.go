package ical

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"batsignal/oncall/civil"
)

// entry is one VEVENT: an event, all times of one that repeats, or what replaces one of
// them.
type entry struct {
	uid, summary, description, url string

	line      int
	start     stamp
	end       *stamp
	lasts     *span
	rules     []rule
	except    []stamp
	extra     []period
	replaces  *stamp
	cancelled bool
	sequence  int
}

// period is one more time of an event, as RDATE gives it. Without an end it lasts as long
// as the event.
type period struct {
	start stamp
	end   *stamp
	lasts *span
}

const longestUID = 200

// identity is the UID of an event, or of one time of it.
func (e *entry) identity(time string) string {
	uid := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, e.uid)
	if uid == "" {
		uid = e.start.String() + " " + e.summary // the standard demands a UID, some calendars have none
	}
	if time != "" {
		uid += "/" + time
	}
	if len(uid) > longestUID {
		sum := sha256.Sum256([]byte(uid))
		uid = hex.EncodeToString(sum[:])
	}
	return uid
}

func (e *entry) problem(say string, args ...any) Problem {
	return Problem{UID: e.uid, Summary: e.summary, Line: e.line, Say: fmt.Sprintf(say, args...)}
}

// until is the end of what begins at a time of the event. It is counted on the wall, as
// calendars show it: what lasts from 22:00 to 06:00 does so when clocks change, too.
func (e *entry) until(begins stamp, end *stamp, lasts *span) time.Time {
	from := begins.at(civil.Start)
	switch {
	case end != nil && end.zone == e.start.zone:
		wall := begins.wall.AddMinutes(end.wall.MinutesSince(e.start.wall))
		if end.day && wall == begins.wall {
			wall = wall.AddDays(1) // some calendars write the last day, not the day after
		}
		return end.moved(wall).at(civil.End)
	case end != nil:
		return from.Add(end.at(civil.End).Sub(e.start.at(civil.Start)))
	case lasts != nil && lasts.days == 0:
		return from.Add(lasts.clock)
	case lasts != nil:
		return begins.moved(begins.wall.AddDays(lasts.days)).at(civil.End).Add(lasts.clock)
	case begins.day:
		return begins.moved(begins.wall.AddDays(1)).at(civil.End)
	}
	return from
}

// builder makes an entry of the properties of an event.
type builder struct {
	*entry
	home      *time.Location
	locations map[string]string
	problems  []Problem
	started   bool
}

// build is false when the event cannot be used at all; the problem is told then.
func (b *builder) build(properties []property) bool {
	// First what names the event, so that each problem can.
	for _, p := range properties {
		switch p.name {
		case "UID":
			b.uid = strings.TrimSpace(plain(p.value))
		case "SUMMARY":
			b.summary = plain(p.value)
		}
	}
	usable := true
	for _, p := range properties {
		usable = b.take(p) && usable
	}
	switch {
	case !usable: // told already
	case !b.started:
		b.tell("It has no beginning (DTSTART), so it is left out.")
	default:
		return true
	}
	return false
}

// take reads one property; false when the event cannot be used without it.
func (b *builder) take(p property) bool {
	switch p.name {
	case "DESCRIPTION":
		b.description = plain(p.value)
	case "URL":
		b.url = strings.TrimSpace(p.value)
	case "STATUS":
		b.cancelled = b.cancelled || strings.EqualFold(strings.TrimSpace(p.value), "CANCELLED")
	case "SEQUENCE":
		b.sequence, _ = strconv.Atoi(strings.TrimSpace(p.value)) // nonsense is the first version
	case "DTSTART":
		s, ok := b.stamp(p, p.value, "so it is left out")
		b.start, b.started = s, true
		return ok
	case "DTEND":
		s, ok := b.stamp(p, p.value, "so it is left out")
		b.end = &s
		return ok
	case "DURATION":
		l, ok := parseSpan(p.value)
		if !ok {
			b.tell("Its length %s is not understood, so it is left out.", quoted(p.value))
		}
		b.lasts = &l
		return ok
	case "RECURRENCE-ID":
		if p.params["RANGE"] != "" {
			b.tell("It changes all times after one (RANGE), which is not understood; only that one is changed.")
		}
		s, ok := b.stamp(p, p.value, "so it is left out")
		b.replaces = &s
		return ok
	case "RRULE":
		r, trouble := parseRule(p.value)
		if trouble != "" {
			b.tell("How it repeats is not understood (%s), so only its first time is taken.", trouble)
			return true
		}
		b.rules = append(b.rules, r)
	case "EXRULE":
		b.tell("When it does not repeat (EXRULE) is not understood, so it may come too often.")
	case "EXDATE":
		for value := range strings.SplitSeq(p.value, ",") {
			if s, ok := b.stamp(p, value, "so that time is not taken out"); ok {
				b.except = append(b.except, s)
			}
		}
	case "RDATE":
		for value := range strings.SplitSeq(p.value, ",") {
			b.takeExtra(p, value)
		}
	}
	return true
}

// takeExtra reads one value of RDATE: a time, or a time with its end or length.
func (b *builder) takeExtra(p property, value string) {
	const left = "so that time is left out"
	begin, rest, isPeriod := strings.Cut(value, "/")
	s, ok := b.stamp(p, begin, left)
	if !ok {
		return
	}
	extra := period{start: s}
	if isPeriod {
		if l, ok := parseSpan(rest); ok {
			extra.lasts = &l
		} else if end, ok := b.stamp(p, rest, left); ok {
			extra.end = &end
		} else {
			return
		}
	}
	b.extra = append(b.extra, extra)
}

// stamp reads a time in the zone that its property names; what it cannot read it tells.
func (b *builder) stamp(p property, value, consequence string) (stamp, bool) {
	zone := b.home
	s, ok := parseStamp(value, zone)
	if !ok {
		b.tell("Its %s %s is not understood, %s.", p.name, quoted(value), consequence)
		return s, false
	}
	if id := p.params["TZID"]; id != "" && !s.day && s.zone == b.home {
		if s.zone, ok = zoneOf(id, b.locations); !ok {
			b.tell("The time zone %s is not known, %s.", quoted(id), consequence)
			return s, false
		}
	}
	return s, true
}

func (b *builder) tell(say string, args ...any) {
	const most = 20 // of one event
	p := b.problem(say, args...)
	if len(b.problems) < most && !slices.Contains(b.problems, p) {
		b.problems = append(b.problems, p)
	}
}

// quoted is a piece of the file, short and harmless, for a sentence about it.
func quoted(text string) string {
	if r := []rune(text); len(r) > 60 {
		text = string(r[:59]) + "…"
	}
	return strconv.Quote(text)
}
