package action

import (
	"bufio"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// WriteICal writes actions as a calendar of to-dos (RFC 5545). base is where the web
// pages are seen from; it makes the identity of a to-do one that no other installation
// has. now dates what has no date of its own.
func WriteICal(w io.Writer, items []Item, base string, now time.Time) error {
	c := calendar{w: bufio.NewWriter(w)}
	c.line("BEGIN", "VCALENDAR")
	c.line("VERSION", "2.0")
	c.line("PRODID", "-//batsignal//actions//EN")
	c.line("CALSCALE", "GREGORIAN")
	c.line("X-WR-CALNAME", "Actions")
	for _, it := range items {
		c.todo(it, base, now)
	}
	if len(items) == 0 {
		// A calendar without any component is none. Readers show a zone nowhere.
		for _, l := range [][2]string{
			{"BEGIN", "VTIMEZONE"}, {"TZID", "UTC"}, {"BEGIN", "STANDARD"}, {"DTSTART", "19700101T000000"},
			{"TZOFFSETFROM", "+0000"}, {"TZOFFSETTO", "+0000"}, {"END", "STANDARD"}, {"END", "VTIMEZONE"},
		} {
			c.line(l[0], l[1])
		}
	}
	c.line("END", "VCALENDAR")
	if c.err != nil {
		return c.err
	}
	return c.w.Flush()
}

// statuses are what RFC 5545 calls how far a to-do is.
var statuses = map[State]string{Open: "NEEDS-ACTION", Done: "COMPLETED", Dropped: "CANCELLED"}

func (c *calendar) todo(it Item, base string, now time.Time) {
	changed := it.ChangedAt
	if changed.IsZero() {
		changed = now
	}
	c.line("BEGIN", "VTODO")
	c.line("UID", "action-"+strconv.FormatInt(it.ID, 10)+"@"+hostOf(base))
	c.line("DTSTAMP", instant(changed)) // without a METHOD it is the same as LAST-MODIFIED
	c.line("LAST-MODIFIED", instant(changed))
	if !it.CreatedAt.IsZero() {
		c.line("CREATED", instant(it.CreatedAt))
	}
	c.line("SUMMARY", escaped(Ref(it.ID)+": "+it.Text))
	about := "Owner: " + it.Whose()
	if where := it.Where(); where != "" {
		about += "\nNoted: " + where
	}
	if it.IssueURL != "" {
		about += "\nTracked: " + it.IssueURL
	}
	c.line("DESCRIPTION", escaped(about))
	if !it.Due.IsZero() {
		c.line("DUE;VALUE=DATE", it.Due.Format("20060102"))
	}
	c.line("STATUS", statuses[it.State])
	if it.State == Done {
		if !it.ClosedAt.IsZero() {
			c.line("COMPLETED", instant(it.ClosedAt))
		}
		c.line("PERCENT-COMPLETE", "100")
	}
	if base != "" {
		c.line("URL", PageOf(base, it.ID))
	}
	c.line("END", "VTODO")
}

// hostOf is the host of an address, as the right side of an identity.
func hostOf(base string) string {
	if u, err := url.Parse(base); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return "batsignal.invalid"
}

func instant(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// escaped is a text as a value: what would end it or part it is marked, and no control
// character is left.
func escaped(text string) string {
	var b strings.Builder
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for _, r := range text {
		switch {
		case r == '\\' || r == ';' || r == ',':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteByte(' ')
		case unicode.IsControl(r):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// calendar writes content lines and remembers the first error.
type calendar struct {
	w   *bufio.Writer
	err error
}

// longestLine is in bytes, without the line break.
const longestLine = 75

// line writes one content line, folded so that no letter is torn.
func (c *calendar) line(name, value string) {
	line, room := name+":"+value, longestLine
	for len(line) > room {
		cut := room
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		c.write(line[:cut] + "\r\n ")
		line, room = line[cut:], longestLine-1 // the blank counts
	}
	c.write(line + "\r\n")
}

func (c *calendar) write(s string) {
	if c.err == nil {
		_, c.err = c.w.WriteString(s)
	}
}
