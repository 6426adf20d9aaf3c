package when

import (
	"regexp"
	"strings"
	"time"
)

var weekdays = map[string]time.Weekday{
	"monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday, "thursday": time.Thursday,
	"friday": time.Friday, "saturday": time.Saturday, "sunday": time.Sunday,
	"mon": time.Monday, "tue": time.Tuesday, "tues": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday, "thur": time.Thursday, "thurs": time.Thursday,
	"fri": time.Friday, "sat": time.Saturday, "sun": time.Sunday,
}

// monthOf reads the name of a month, also its first three letters.
func monthOf(word string) (time.Month, bool) {
	for m := time.January; m <= time.December; m++ {
		name := strings.ToLower(m.String())
		if word == name || word == name[:3] || m == time.September && word == "sept" {
			return m, true
		}
	}
	return 0, false
}

var (
	ordinal  = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th)?$`)
	fullYear = regexp.MustCompile(`^(?:19|20|21)\d\d$`)
	dotted   = regexp.MustCompile(`^(\d{1,2})\.(\d{1,2})\.(\d{4})$`)
	digital  = regexp.MustCompile(`^(\d{4})-(\d\d)-(\d\d)$`)
	slashed  = regexp.MustCompile(`^\d{1,4}[/.]\d{1,2}(?:[/.]\d{1,4})?$`)
)

// date is a day of a calendar; without a year it is the next such day.
type date struct {
	year  int // 0: not written
	month time.Month
	day   int
}

// takeDate reads a date at the beginning of words, and how many words it was: 2026-12-24,
// "24 dec", "24th of december 2026", "dec 24", 24.12.2026.
func takeDate(words []string) (date, int) {
	if m := digital.FindStringSubmatch(words[0]); m != nil {
		return date{year: atoi(m[1]), month: time.Month(atoi(m[2])), day: atoi(m[3])}, 1
	}
	if m := dotted.FindStringSubmatch(words[0]); m != nil {
		return date{year: atoi(m[3]), month: time.Month(atoi(m[2])), day: atoi(m[1])}, 1
	}
	var d date
	used := 0
	if m := ordinal.FindStringSubmatch(words[0]); m != nil {
		rest, skipped := words[1:], 1
		if len(rest) > 0 && rest[0] == "of" {
			rest, skipped = rest[1:], 2
		}
		if len(rest) == 0 {
			return d, 0
		}
		month, ok := monthOf(rest[0])
		if !ok {
			return d, 0
		}
		d, used = date{month: month, day: atoi(m[1])}, skipped+1
	} else if month, ok := monthOf(words[0]); ok && len(words) > 1 {
		m := ordinal.FindStringSubmatch(words[1])
		if m == nil {
			return d, 0
		}
		d, used = date{month: month, day: atoi(m[1])}, 2
	} else {
		return d, 0
	}
	if len(words) > used && fullYear.MatchString(words[used]) {
		d.year = atoi(words[used])
		used++
	}
	return d, used
}

// exists tells whether the calendar has the day, in its year or in any.
func (d date) exists() bool {
	year := d.year
	if year == 0 {
		year = 2024 // has a 29 February
	}
	t := time.Date(year, d.month, d.day, 0, 0, 0, 0, time.UTC)
	return d.month >= 1 && d.month <= 12 && t.Month() == d.month && t.Day() == d.day
}
