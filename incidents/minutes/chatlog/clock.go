package chatlog

import (
	"strings"
	"time"
)

// clock is when a line says that it was said.
type clock struct {
	date   string // "2026-11-22"; "" is none
	timed  bool
	second int  // of its day
	utc    bool // whatever the zone of the log
}

// cutClock takes the date and the time off the beginning of a line: "09:00", "[09:00]",
// "2026-11-22 09:00:00", "[2026-11-22 09:00:00]", "2026-11-22 [09:00]". What is neither
// stays.
func cutClock(s string) (c clock, rest string) {
	in, bracket := strings.CutPrefix(s, "[")
	c.date, in, _ = cutDate(in)
	undated := s
	if !bracket {
		undated = in
		in, bracket = strings.CutPrefix(in, "[")
	}
	c, in, ok := c.cutTime(in)
	if ok && bracket {
		in, ok = strings.CutPrefix(in, "]")
	}
	rest = trimLeft(in)
	if ok && (rest != in || in == "") {
		return c, rest
	}
	if undated == s {
		return clock{}, s
	}
	return clock{date: c.date}, undated
}

// cutDate takes a date off the beginning: "2026-11-22 " or "2026-11-22T". Nobody chatted
// before 1970.
func cutDate(s string) (day, rest string, ok bool) {
	if len(s) < 11 || s[4] != '-' || s[7] != '-' || s[10] != ' ' && s[10] != 'T' || s[:4] < "1970" {
		return "", s, false
	}
	for i, c := range []byte(s[:10]) {
		if i != 4 && i != 7 && !isDigit(c) {
			return "", s, false
		}
	}
	return s[:10], s[11:], true
}

// cutTime takes a time of day off the beginning: "09:00", "09:00:00" or "09:00:00Z".
func (c clock) cutTime(s string) (timed clock, rest string, ok bool) {
	h, a := twoDigits(s, 0)
	m, b := twoDigits(s, 3)
	if !a || !b || s[2] != ':' || h > 23 || m > 59 {
		return c, s, false
	}
	c.timed, c.second, s = true, h*3600+m*60, s[5:]
	if sec, ok := twoDigits(s, 1); ok && s[0] == ':' && sec <= 60 {
		c.second, s = c.second+min(sec, 59), s[3:]
	}
	s, c.utc = strings.CutPrefix(s, "Z")
	return c, s, true
}

func twoDigits(s string, i int) (int, bool) {
	if len(s) < i+2 || !isDigit(s[i]) || !isDigit(s[i+1]) {
		return 0, false
	}
	return int(s[i]-'0')*10 + int(s[i+1]-'0'), true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// trimLeft and trimRight take blanks off. They cost nothing where there are none, which
// is nearly everywhere.
func trimLeft(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	return s
}

func trimRight(s string) string {
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t' || s[len(s)-1] == '\r') {
		s = s[:len(s)-1]
	}
	return s
}

// newDay reads the lines by which irssi says that another day began: "--- Day changed
// Sun Nov 22 2026", "--- Log opened Sun Nov 22 09:00:00 2026".
func newDay(line string) (time.Time, bool) {
	what, ok := strings.CutPrefix(line, "--- ")
	if !ok {
		return time.Time{}, false
	}
	layout := "Mon Jan _2 2006"
	day, ok := strings.CutPrefix(what, "Day changed ")
	if !ok {
		layout = "Mon Jan _2 15:04:05 2006"
		if day, ok = strings.CutPrefix(what, "Log opened "); !ok {
			return time.Time{}, false
		}
	}
	t, err := time.Parse(layout, strings.TrimSpace(day))
	if err != nil || t.Year() < 1970 {
		return time.Time{}, false
	}
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC), true
}
