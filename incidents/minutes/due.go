package minutes

import (
	"strings"
	"time"
)

// dueIn is the date that a text names by "by DATE" or "due DATE", zero if it names
// none. A word that is no date ("by bert", "by accident") is none; nobody tries more often
// than a few times.
func dueIn(text string, said time.Time) time.Time {
	words, tries := strings.Fields(text), 0
	for i, word := range words {
		word = strings.ToLower(strings.Trim(word, "(),"))
		if word != "by" && word != "due" || i+1 == len(words) {
			continue
		}
		if tries++; tries > 10 {
			break
		}
		for n := min(3, len(words)-i-1); n > 0; n-- {
			if due, ok := ParseDue(strings.Join(words[i+1:i+1+n], " "), said); ok && !due.IsZero() {
				return due
			}
		}
	}
	return time.Time{}
}

var weekdays = map[string]time.Weekday{
	"monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6, "sunday": 0,
	"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 0,
}

// ParseDue reads a date as people write it: "friday" (the next one, never today),
// "today", "tomorrow", "next week", "2026-12-24", "24 December", "Dec 24". Today is what
// the calendar says in the zone of now; the answer is that day's midnight in UTC, and the
// zero time for "none".
func ParseDue(text string, now time.Time) (time.Time, bool) {
	text = strings.ToLower(strings.Trim(strings.TrimSpace(text), ".,;:!()"))
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	switch text {
	case "none", "never":
		return time.Time{}, true
	case "today", "tonight":
		return today, true
	case "tomorrow":
		return today.AddDate(0, 0, 1), true
	case "next week":
		return today.AddDate(0, 0, 7), true
	}
	if day, ok := weekdays[strings.TrimPrefix(text, "next ")]; ok {
		ahead := (int(day)-int(today.Weekday())+6)%7 + 1
		return today.AddDate(0, 0, ahead), true
	}
	if due, err := time.Parse(time.DateOnly, text); err == nil {
		return due, sane(due)
	}
	for _, layout := range []string{"2 January 2006", "2 Jan 2006", "January 2 2006", "Jan 2 2006"} {
		if due, err := time.Parse(layout, text); err == nil {
			return due, sane(due)
		}
	}
	for _, layout := range []string{"2 January", "2 Jan", "January 2", "Jan 2"} {
		if due, err := time.Parse(layout, text); err == nil {
			due = due.AddDate(today.Year()-due.Year(), 0, 0)
			if due.Before(today) {
				due = due.AddDate(1, 0, 0)
			}
			return due, true
		}
	}
	return time.Time{}, false
}

// sane tells whether a date is of our times, which rows and calendars hold.
func sane(due time.Time) bool { return due.Year() >= 1970 && due.Year() < 3000 }

// local is a time as somebody's clock shows it.
func (m *Meeting) local(w Who, t time.Time) time.Time {
	if w.Zone == "" || w.Zone == "Local" {
		return t.UTC()
	}
	zone, known := m.zones[w.Zone]
	if !known {
		if loaded, err := time.LoadLocation(w.Zone); err == nil {
			zone = loaded
		}
		if m.zones == nil {
			m.zones = map[string]*time.Location{}
		}
		if len(m.zones) < 100 {
			m.zones[w.Zone] = zone
		}
	}
	if zone == nil {
		return t.UTC()
	}
	return t.In(zone)
}
