// Package chatlog owns reading logs of chat: from the text that a bot, a client or a
// bouncer wrote to the events that the meeting machine takes. It does not know what
// the lines mean.
package chatlog

import (
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"batsignal/incidents/minutes"
)

// Line is one line of a log that was understood.
type Line struct {
	Number int // of the input line, from 1
	Event  minutes.Event
}

// Options say what a log itself does not.
type Options struct {
	Date time.Time      // the day of its first line; zero is 1 January 1970
	Zone *time.Location // of its times; nil is UTC
}

// Break stands in a log for the end of a line within one message, since a message is
// one line of the log.
const Break = " \u21b5 "

// Parse reads a whole log; see Lines.
func Parse(text string, o Options) []Line {
	return slices.AppendSeq(make([]Line, 0, strings.Count(text, "\n")+1), Lines(text, o))
}

// Lines reads a log, one line after the other. Understood are, with a time of HH:MM:SS
// or HH:MM in brackets or not, with a date before it or not, or with no time at all:
//
//	09:00:00 <nick> text      [09:00] <@nick> text      2026-11-22T09:00:00Z < nick> text
//	09:00:00 * nick does it
//	09:00:00 *** nick is now known as other      -!- nick has joined      *** Joins: nick (user@host)
//
// and the columns of WeeChat, with tabs between them. The lines by which irssi says
// that a day began are not of the chat, but set the day of those after them.
//
// Lines of any other form are left out: they are no lines of chat. Blanks at a line's
// end are not kept. A time more than half a day before that of the line before means
// that midnight passed, unless the line has a date; less than that is a clock that was
// set, or pieces of logs that were put together. A time with a Z is in UTC, whatever
// the zone of the log. A Break is the end of a line inside of what somebody said. What
// is no UTF-8 is a replacement character, and a zero byte is nothing.
func Lines(text string, o Options) iter.Seq[Line] {
	return func(yield func(Line) bool) {
		r := reader{zone: o.Zone, day: o.Date}
		if r.zone == nil {
			r.zone = time.UTC
		}
		if r.day.IsZero() {
			r.day = time.Unix(0, 0).UTC()
		}
		text := strings.TrimPrefix(text, "\ufeff")
		for number := 1; text != ""; number++ {
			var line string
			line, text, _ = strings.Cut(text, "\n")
			e, ok := r.read(trimRight(legible(line)))
			if ok && !yield(Line{number, e}) {
				return
			}
		}
	}
}

// Dated tells whether a log says by itself which day it is of: without that, its days
// are those of Options.
func Dated(text string) bool {
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		line = strings.Trim(line, " \t\r\n")
		if _, _, ok := cutDate(strings.TrimPrefix(line, "[")); ok {
			return true
		}
		if _, ok := newDay(line); ok {
			return true
		}
	}
	return false
}

// legible is a line without what no text holds.
func legible(line string) string {
	if !utf8.ValidString(line) {
		line = strings.ToValidUTF8(line, "\uFFFD")
	}
	if strings.IndexByte(line, 0) >= 0 {
		line = strings.ReplaceAll(line, "\x00", "")
	}
	return line
}

// reader is where a log has got to.
type reader struct {
	zone *time.Location
	day  time.Time // the day of the last line
	said string    // that day, as the last line with a date wrote it
	last int       // its second of that day
}

func (r *reader) read(line string) (minutes.Event, bool) {
	rest := trimLeft(line)
	if day, ok := newDay(rest); ok {
		r.day, r.said, r.last = day, "", 0
		return minutes.Event{}, false
	}
	c, rest := cutClock(rest)
	e, ok := body(rest)
	if !ok {
		e, ok = columns(rest, c.timed)
	}
	if !ok {
		return e, false
	}
	dated := c.date != ""
	if dated && c.date != r.said {
		if t, err := time.Parse(time.DateOnly, c.date); err == nil {
			r.day, r.said, r.last = t, c.date, 0
		}
	}
	if !c.timed {
		c.second = r.last
	}
	if c.second < r.last-12*3600 && !dated {
		r.day, r.said = r.day.AddDate(0, 0, 1), ""
	}
	r.last = c.second
	zone := r.zone
	if c.utc {
		zone = time.UTC
	}
	e.At = time.Date(r.day.Year(), r.day.Month(), r.day.Day(), 0, 0, c.second, 0, zone)
	return e, true
}
