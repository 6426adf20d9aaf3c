package ical

import (
	"bytes"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Calendar is a feed to be subscribed to.
type Calendar struct {
	Name    string
	Stamp   time.Time     // when the events were known so (DTSTAMP); the same bytes come out while it is the same
	Refresh time.Duration // how often readers are asked to look again; zero is an hour
	Events  []Event
}

// ContentType is that of what Bytes gives.
const ContentType = "text/calendar; charset=utf-8"

// Bytes writes the calendar. Instants are in UTC, so no reader needs to know a zone.
// Parts of a second are dropped. Texts may hold anything; control characters other than
// line breaks and tabs are left out.
func (c Calendar) Bytes() []byte {
	refresh := c.Refresh
	if refresh < time.Minute {
		refresh = time.Hour
	}
	every := "PT" + itoa(int(refresh/time.Minute)) + "M"
	var w Lines
	w.Add("BEGIN", "VCALENDAR")
	w.Add("VERSION", "2.0")
	w.Add("PRODID", "-//batsignal//schedules//EN")
	w.Add("CALSCALE", "GREGORIAN")
	w.Add("METHOD", "PUBLISH")
	w.Add("X-WR-CALNAME", Escape(c.Name))
	w.Add("REFRESH-INTERVAL;VALUE=DURATION", every)
	w.Add("X-PUBLISHED-TTL", every)
	for _, e := range c.Events {
		w.Add("BEGIN", "VEVENT")
		w.Add("UID", Escape(e.UID))
		w.Add("DTSTAMP", Instant(c.Stamp))
		w.Add("DTSTART", Instant(e.From))
		w.Add("DTEND", Instant(e.Until))
		w.text("SUMMARY", e.Summary)
		w.text("DESCRIPTION", e.Description)
		if url := address(e.URL); url != "" {
			w.Add("URL", url)
		}
		w.Add("END", "VEVENT")
	}
	if len(c.Events) == 0 {
		w.AddNothing()
	}
	w.Add("END", "VCALENDAR")
	return w.Bytes()
}

// Instant gives an instant as a value.
func Instant(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// address is a URL as a value, which knows no escapes.
func address(url string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(url, ""))
}

// Lines writes content lines. The zero Lines has none.
type Lines struct{ buffer bytes.Buffer }

// longestLine is in bytes, without the line break.
const longestLine = 75

// Add writes one content line, folded so that no letter is torn. The name may have
// parameters; the value must be escaped if it is a text.
func (w *Lines) Add(name, value string) {
	line, room := name+":"+value, longestLine
	for len(line) > room {
		cut := room
		for cut > 1 && !utf8.RuneStart(line[cut]) {
			cut--
		}
		w.buffer.WriteString(line[:cut] + "\r\n ")
		line, room = line[cut:], longestLine-1 // the blank counts
	}
	w.buffer.WriteString(line + "\r\n")
}

// AddNothing writes what a calendar has that has no entry: without any component it were
// none. Readers show a zone nowhere.
func (w *Lines) AddNothing() {
	for _, l := range [][2]string{
		{"BEGIN", "VTIMEZONE"}, {"TZID", "UTC"}, {"BEGIN", "STANDARD"}, {"DTSTART", "19700101T000000"},
		{"TZOFFSETFROM", "+0000"}, {"TZOFFSETTO", "+0000"}, {"END", "STANDARD"}, {"END", "VTIMEZONE"},
	} {
		w.Add(l[0], l[1])
	}
}

// text writes a line for a text, if there is one.
func (w *Lines) text(name, text string) {
	if text != "" {
		w.Add(name, Escape(text))
	}
}

// Bytes gives what was written.
func (w *Lines) Bytes() []byte { return w.buffer.Bytes() }

// Escape gives a text as a value: what would end it or part it is marked. Every kind of
// line break is one, and other control characters are left out.
func Escape(text string) string {
	var b strings.Builder
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	for _, r := range text {
		switch {
		case r == '\\' || r == ';' || r == ',':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			b.WriteString(`\n`)
		case unicode.IsControl(r) && r != '\t':
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
