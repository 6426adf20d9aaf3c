package retrospective

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"batsignal/incidents/minutes/write"
	"batsignal/oncall"
)

// tidy is what somebody wrote as a document keeps it: whole letters, lines that end in
// one way, and nothing that is not seen but turns or hides what is.
func tidy(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(text, "\uFFFD"))
	text = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && acts(r) {
			return -1
		}
		return r
	}, text)
	text = strings.TrimRightFunc(text, unicode.IsSpace)
	if text == "" {
		return ""
	}
	return strings.TrimLeft(text, "\n") + "\n"
}

// acts tells whether a letter is not seen but changes what one sees. The joiners of
// Persian and of composed emoji stay, and the blank without width that keeps a name from
// being a mention.
func acts(r rune) bool {
	switch r {
	case 0x200b, 0x200c, 0x200d:
		return false
	case 0x2028, 0x2029:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) || r >= 0xe0000 && r <= 0xe0fff
}

// quote is somebody's text in one line of the document, where nothing of it acts.
func quote(text string) string {
	text = strings.ReplaceAll(tidy(text), "\u200b", "")
	if text = write.QuoteMarkdown(text); text == "" {
		return "(no text)"
	}
	return text
}

// named is who did something.
func named(who string) string {
	if who == "" {
		return "the bot"
	}
	return quote(who)
}

// The layouts of instants, all in UTC.
const (
	onDay    = "Monday 2 January 2006"
	atSecond = "15:04:05"
)

func instant(t time.Time) string { return t.UTC().Format(onDay + ", " + atSecond + " UTC") }

// clock is an instant within an incident: its day is only said where it is another one.
func clock(t, from time.Time) string {
	if sameDay(t, from) {
		return t.UTC().Format(atSecond)
	}
	return t.UTC().Format("2 January " + atSecond)
}

func sameDay(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}

// length writes how long something took, in its two largest units.
func length(d time.Duration) string {
	d = d.Round(time.Second)
	units := []struct {
		of        time.Duration
		one, many string
	}{{24 * time.Hour, "day", "days"}, {time.Hour, "hour", "hours"}, {time.Minute, "minute", "minutes"}, {time.Second, "second", "seconds"}}
	for i, u := range units {
		if d < u.of && u.of > time.Second {
			continue
		}
		words := oncall.Plural(int(d/u.of), u.one, u.many)
		if rest := d % u.of; i+1 < len(units) && rest >= units[i+1].of {
			words += " " + oncall.Plural(int(rest/units[i+1].of), units[i+1].one, units[i+1].many)
		}
		return words
	}
	return ""
}

// list is the lines of a section as far as they have room; more says where the rest is.
type list struct {
	strings.Builder
	room int // bytes
	left int // lines that had none
}

func (l *list) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...) + "\n"
	if l.left > 0 || l.Len()+len(text) > l.room {
		l.left++
		return
	}
	l.WriteString(text)
}

// end says what was left out, and "None." of nothing.
func (l *list) end(nothing string) string {
	switch {
	case l.left > 0:
		fmt.Fprintf(l, "\nThere is no room here for %s more; the page of the incident has them.\n", oncall.Plural(l.left, "line", "lines"))
	case l.Len() == 0:
		l.WriteString(nothing + "\n")
	}
	return l.String()
}
