package when

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	hourMinute = regexp.MustCompile(`^(\d{1,2}):([0-5]\d)$`)
	halfDay    = regexp.MustCompile(`^(\d{1,2})(?:[:.]([0-5]\d))? ?(am|pm)$`)
)

// parseClock reads a time of day as minutes after midnight: "18:00", "6pm", "6:30pm",
// "noon". 24:00 is the end of the day.
func parseClock(word string) (int, bool) {
	if word == "noon" {
		return 12 * 60, true
	}
	if m := hourMinute.FindStringSubmatch(word); m != nil {
		minutes := atoi(m[1])*60 + atoi(m[2])
		return minutes, minutes <= 24*60
	}
	if m := halfDay.FindStringSubmatch(word); m != nil {
		hour := atoi(m[1])
		if hour < 1 || hour > 12 {
			return 0, false
		}
		if hour %= 12; m[3] == "pm" {
			hour += 12
		}
		return hour*60 + atoi(m[2]), true
	}
	return 0, false
}

// takeClock reads a time of day at the beginning of words, and how many words it was.
func takeClock(words []string) (minutes, used int) {
	if len(words) > 1 && (words[1] == "am" || words[1] == "pm") {
		if m, ok := parseClock(words[0] + words[1]); ok {
			return m, 2
		}
	}
	if m, ok := parseClock(words[0]); ok {
		return m, 1
	}
	return 0, 0
}

// instants are the forms of RFC 3339 and ISO 8601 that say which instant they mean.
var instants = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z0700",
	"20060102T150405Z", "20060102T1504Z",
}

// parseInstant reads 2026-12-24T18:00:00Z, also with a blank or with an offset.
func parseInstant(word string) (time.Time, bool) {
	word = strings.ToUpper(word)
	for _, layout := range instants {
		if t, err := time.Parse(layout, word); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func atoi(digits string) int {
	n, _ := strconv.Atoi(digits) // the pattern let digits pass only; none is zero
	return n
}
