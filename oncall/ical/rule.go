package ical

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall/civil"
)

// rule is how an event repeats (RRULE).
type rule struct {
	every     string // DAILY, WEEKLY, MONTHLY or YEARLY
	interval  int
	count     int // 0: no end by number
	until     *stamp
	untilUTC  bool // until is an instant, not a time on the wall
	days      []nthDay
	monthDays []int // negative: from the end of the month
	months    []int
	positions []int // which of the days of one period
	week      time.Weekday
}

// nthDay is a weekday, or with n the nth of a month, from its end if negative.
type nthDay struct {
	n   int
	day time.Weekday
}

var dayNames = map[string]time.Weekday{
	"MO": time.Monday, "TU": time.Tuesday, "WE": time.Wednesday, "TH": time.Thursday, "FR": time.Friday, "SA": time.Saturday, "SU": time.Sunday,
}

// mostListed is how many days or months a rule may list; there are eleven of each weekday
// to be named in a month.
const mostListed = 80

// parseRule gives a rule, or what of it is not understood.
func parseRule(value string) (rule, string) {
	r := rule{interval: 1, week: time.Monday}
	for part := range strings.SplitSeq(strings.ToUpper(strings.TrimSpace(value)), ";") {
		if part == "" {
			continue
		}
		key, v, _ := strings.Cut(part, "=")
		if !r.take(key, v) {
			return r, quoted(part)
		}
	}
	nth := slices.ContainsFunc(r.days, func(d nthDay) bool { return d.n != 0 })
	switch {
	case r.every == "":
		return r, "FREQ is missing"
	case r.count > 0 && r.until != nil:
		return r, "both COUNT and UNTIL"
	case nth && (r.every == "DAILY" || r.every == "WEEKLY"):
		return r, "a numbered weekday in each " + r.every + " period"
	case r.every == "WEEKLY" && len(r.monthDays) > 0:
		return r, "BYMONTHDAY in a week"
	case r.every == "YEARLY" && len(r.days) > 0 && len(r.months) == 0 && len(r.monthDays) == 0:
		return r, "BYDAY of a year without BYMONTH"
	}
	return r, ""
}

func (r *rule) take(key, v string) bool {
	ok := true
	switch key {
	case "FREQ":
		r.every = v
		return slices.Contains([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}, v)
	case "INTERVAL":
		n, err := strconv.Atoi(v)
		r.interval = n
		return err == nil && n >= 1 && n <= 10_000
	case "COUNT":
		n, err := strconv.Atoi(v)
		r.count = n
		return err == nil && n >= 1
	case "UNTIL":
		s, ok := parseStamp(v, nil)
		r.until, r.untilUTC = &s, s.zone == time.UTC
		return ok
	case "WKST":
		r.week, ok = dayNames[v]
		return ok
	case "BYDAY":
		for name := range strings.SplitSeq(v, ",") {
			d, ok := parseNth(name)
			if !ok || len(r.days) >= mostListed {
				return false
			}
			r.days = append(r.days, d)
		}
		return true
	case "BYMONTHDAY":
		r.monthDays, ok = numbers(v, -31, 31)
		return ok
	case "BYMONTH":
		r.months, ok = numbers(v, 1, 12)
		return ok
	case "BYSETPOS":
		r.positions, ok = numbers(v, -366, 366)
		return ok
	}
	return false
}

func parseNth(name string) (nthDay, bool) {
	if len(name) < 2 {
		return nthDay{}, false
	}
	day, ok := dayNames[name[len(name)-2:]]
	if number := name[:len(name)-2]; number != "" {
		n, err := strconv.Atoi(number)
		return nthDay{n, day}, ok && err == nil && n != 0 && n >= -5 && n <= 5
	}
	return nthDay{0, day}, ok
}

// numbers reads a list without zero.
func numbers(list string, least, most int) ([]int, bool) {
	var all []int
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n == 0 || n < least || n > most || len(all) >= mostListed {
			return nil, false
		}
		all = append(all, n)
	}
	return all, true
}

// over tells whether a time is after the last one that a rule allows.
func (r rule) over(s stamp) bool {
	switch {
	case r.until == nil:
		return false
	case r.until.day:
		return s.wall.Midnight().Compare(r.until.wall) > 0
	case r.untilUTC && !s.day:
		return s.at(civil.Start).After(r.until.at(civil.Start))
	}
	return s.wall.Compare(r.until.wall) > 0
}
