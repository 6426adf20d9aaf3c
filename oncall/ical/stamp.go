package ical

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall/civil"
)

// stamp is a point in time as a calendar writes it: a day, or a time on the wall of a
// zone. UTC is a zone like others.
type stamp struct {
	wall   civil.DateTime
	second int // a wall has none
	day    bool
	zone   *time.Location
}

// at is the instant that a stamp means. A day means its beginning.
func (s stamp) at(use civil.Use) time.Time {
	return s.wall.In(s.zone, use).Add(time.Duration(s.second) * time.Second)
}

// moved is the same second on another wall time.
func (s stamp) moved(to civil.DateTime) stamp {
	s.wall = to
	return s
}

// String is the identity of one time of an event that repeats. A day stays the same day
// wherever it is read.
func (s stamp) String() string {
	if s.day {
		return s.wall.Time().Format("20060102")
	}
	return Instant(s.at(civil.Start))
}

var stampForm = regexp.MustCompile(`^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?$`)

// parseStamp reads a DATE or a DATE-TIME in a zone; one with a Z is in UTC.
func parseStamp(value string, zone *time.Location) (stamp, bool) {
	m := stampForm.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(value)))
	if m == nil {
		return stamp{}, false
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v } // digits or nothing
	s := stamp{
		wall:   civil.DateTime{Year: n(1), Month: time.Month(n(2)), Day: n(3), Hour: n(4), Minute: n(5)},
		second: min(n(6), 59), // 60 is a leap second
		day:    m[4] == "",
		zone:   zone,
	}
	if m[7] == "Z" {
		s.zone = time.UTC
	}
	return s, s.wall.IsReal() && s.wall.Year >= 1 && n(6) <= 60
}

// span is a DURATION: weeks and days on the calendar, the rest on the clock.
type span struct {
	days  int
	clock time.Duration
}

var spanForm = regexp.MustCompile(`^\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?$`)

func parseSpan(value string) (span, bool) {
	value = strings.ToUpper(strings.TrimSpace(value))
	m := spanForm.FindStringSubmatch(value)
	if m == nil || strings.HasSuffix(value, "P") || strings.HasSuffix(value, "T") {
		return span{}, false
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v } // digits or nothing
	return span{
		days:  7*n(1) + n(2),
		clock: time.Duration(n(3))*time.Hour + time.Duration(n(4))*time.Minute + time.Duration(n(5))*time.Second,
	}, true
}

func itoa(n int) string { return strconv.Itoa(n) }
