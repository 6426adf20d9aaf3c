// Package chatlog owns reading logs of chat: from the text that a bot, a client or a
// bouncer wrote to the events that the meeting machine takes. It does not know what
// the lines mean.
package chatlog

import (
	"strings"
	"time"

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

// Parse reads a log. Understood are, with a time of HH:MM:SS or HH:MM in brackets or
// not, with a date before it or not, or with no time at all:
//
//	09:00:00 <nick> text      [09:00] <@nick> text      2026-11-22T09:00:00Z < nick> text
//	09:00:00 * nick does it
//	09:00:00 *** nick is now known as other      -!- nick has joined
//
// Lines of any other form are left out: they are no lines of chat. Blanks at a line's
// end are not kept. A time more than half a day before that of the line before means
// that midnight passed; less than that is a clock that was set, or pieces of logs that
// were put together.
func Parse(text string, o Options) []Line {
	r := reader{zone: o.Zone, day: o.Date}
	if r.zone == nil {
		r.zone = time.UTC
	}
	if r.day.IsZero() {
		r.day = time.Unix(0, 0).UTC()
	}
	list := make([]Line, 0, strings.Count(text, "\n")+1)
	for number := 1; text != ""; number++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if e, ok := r.read(strings.TrimRight(line, " \t\r")); ok {
			list = append(list, Line{number, e})
		}
	}
	return list
}

// reader is where a log has got to.
type reader struct {
	zone *time.Location
	day  time.Time // the day of the last line
	last int       // its second of that day
}

func (r *reader) read(line string) (minutes.Event, bool) {
	rest := strings.TrimLeft(line, " \t")
	if day, after, ok := cutDate(rest); ok {
		rest = after
		if day != r.day.Format(time.DateOnly) {
			if t, err := time.Parse(time.DateOnly, day); err == nil {
				r.day, r.last = t, 0
			}
		}
	}
	second, rest, timed := cutTime(rest)
	e, ok := body(rest)
	if !ok {
		return e, false
	}
	if !timed {
		second = r.last
	}
	if second < r.last-12*3600 {
		r.day = r.day.AddDate(0, 0, 1)
	}
	r.last = second
	e.At = time.Date(r.day.Year(), r.day.Month(), r.day.Day(), 0, 0, second, 0, r.zone)
	return e, true
}

// cutDate takes a date off the beginning: "2026-11-22 " or "2026-11-22T".
func cutDate(s string) (day, rest string, ok bool) {
	if len(s) < 11 || s[4] != '-' || s[7] != '-' || s[10] != ' ' && s[10] != 'T' {
		return "", s, false
	}
	for i, c := range []byte(s[:10]) {
		if i != 4 && i != 7 && !isDigit(c) {
			return "", s, false
		}
	}
	return s[:10], s[11:], true
}

// cutTime takes a time of day off the beginning, in seconds after midnight.
func cutTime(s string) (second int, rest string, ok bool) {
	in, bracket := strings.CutPrefix(s, "[")
	h, a := twoDigits(in, 0)
	m, b := twoDigits(in, 3)
	if !a || !b || in[2] != ':' || h > 23 || m > 59 {
		return 0, s, false
	}
	second, in = h*3600+m*60, in[5:]
	if sec, ok := twoDigits(in, 1); ok && in[0] == ':' && sec <= 60 {
		second, in = second+min(sec, 59), in[3:]
	}
	in = strings.TrimPrefix(in, "Z")
	if bracket {
		var closed bool
		if in, closed = strings.CutPrefix(in, "]"); !closed {
			return 0, s, false
		}
	}
	trimmed := strings.TrimLeft(in, " \t")
	if trimmed == in && in != "" {
		return 0, s, false
	}
	return second, trimmed, true
}

func twoDigits(s string, i int) (int, bool) {
	if len(s) < i+2 || !isDigit(s[i]) || !isDigit(s[i+1]) {
		return 0, false
	}
	return int(s[i]-'0')*10 + int(s[i+1]-'0'), true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// body reads what follows the time.
func body(s string) (minutes.Event, bool) {
	switch {
	case strings.HasPrefix(s, "<"):
		nick, text, ok := strings.Cut(s[1:], ">")
		if nick = strings.TrimSpace(nick); !ok || nick == "" {
			return minutes.Event{}, false
		}
		return minutes.Event{Who: minutes.Who{Nick: bareNick(nick)}, Text: strings.TrimPrefix(text, " ")}, true
	case strings.HasPrefix(s, "*** "), strings.HasPrefix(s, "-!- "):
		return note(s[4:])
	case strings.HasPrefix(s, "* "):
		nick, text, _ := strings.Cut(strings.TrimLeft(s[2:], " "), " ")
		if nick == "" {
			return minutes.Event{}, false
		}
		return minutes.Event{Kind: minutes.Did, Who: minutes.Who{Nick: nick}, Text: text}, true
	}
	return minutes.Event{}, false
}

// bareNick is a nick without the sign of a rank in the room.
func bareNick(nick string) string {
	if rest := strings.TrimLeft(nick, "@+%&~!"); rest != "" {
		return rest
	}
	return nick
}

// note reads who came, left, or is called otherwise now.
func note(s string) (minutes.Event, bool) {
	nick, what, ok := strings.Cut(s, " ")
	if !ok || nick == "" {
		return minutes.Event{}, false
	}
	e := minutes.Event{Who: minutes.Who{Nick: nick}}
	if strings.HasPrefix(what, "[") || strings.HasPrefix(what, "(") { // user@host
		_, what, _ = strings.Cut(what, " ")
	}
	switch {
	case strings.HasPrefix(what, "is now known as "):
		e.Kind, e.Text = minutes.Renamed, strings.TrimSpace(strings.TrimPrefix(what, "is now known as "))
		return e, e.Text != ""
	case strings.HasPrefix(what, "has joined"):
		e.Kind = minutes.Joined
	case strings.HasPrefix(what, "has left"), strings.HasPrefix(what, "has quit"):
		e.Kind = minutes.Left
	default:
		return e, false
	}
	return e, true
}
