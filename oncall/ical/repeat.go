package ical

import (
	"slices"
	"time"

	"batsignal/oncall/civil"
)

// period gives the days of the kth period of a rule that begins at start, in order: those
// of one day, week, month or year. The time of day is that of start.
func (r rule) period(start civil.DateTime, k int) []civil.DateTime {
	var days []civil.DateTime
	k *= r.interval
	switch r.every {
	case "DAILY":
		if d := start.AddDays(k); r.allows(d, start) {
			days = append(days, d)
		}
	case "WEEKLY":
		first := start.AddDays(7*k - (int(start.Weekday())-int(r.week)+7)%7)
		for i := range 7 {
			if d := first.AddDays(i); r.allows(d, start) {
				days = append(days, d)
			}
		}
	case "MONTHLY":
		days = r.month(firstOf(start).AddMonths(k), start)
	case "YEARLY":
		january := firstOf(start).AddMonths(12*k - int(start.Month) + 1)
		for i := range 12 {
			month := january.AddMonths(i)
			if len(r.months) > 0 || len(r.monthDays) > 0 || month.Month == start.Month {
				days = append(days, r.month(month, start)...)
			}
		}
	}
	return r.picked(days)
}

func firstOf(d civil.DateTime) civil.DateTime {
	d.Day = 1
	return d
}

// month gives the days that a rule allows in the month that begins at first.
func (r rule) month(first, start civil.DateTime) []civil.DateTime {
	if len(r.months) > 0 && !slices.Contains(r.months, int(first.Month)) {
		return nil
	}
	var days []civil.DateTime
	for d := first; d.Month == first.Month; d = d.AddDays(1) {
		if r.allows(d, start) {
			days = append(days, d)
		}
	}
	return days
}

// allows tells whether a day of a period is one of the rule's.
func (r rule) allows(d, start civil.DateTime) bool {
	if len(r.months) > 0 && !slices.Contains(r.months, int(d.Month)) {
		return false
	}
	last := time.Date(d.Year, d.Month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	if len(r.monthDays) > 0 && !slices.Contains(r.monthDays, d.Day) && !slices.Contains(r.monthDays, d.Day-last-1) {
		return false
	}
	if len(r.days) > 0 {
		weekday := d.Weekday()
		return slices.ContainsFunc(r.days, func(n nthDay) bool {
			return n.day == weekday && (n.n == 0 || n.n == (d.Day-1)/7+1 || n.n == -((last-d.Day)/7+1))
		})
	}
	switch r.every {
	case "WEEKLY":
		return d.Weekday() == start.Weekday()
	case "MONTHLY", "YEARLY":
		return len(r.monthDays) > 0 || d.Day == start.Day
	}
	return true
}

// picked are the days at the positions that a rule names, or all.
func (r rule) picked(days []civil.DateTime) []civil.DateTime {
	if len(r.positions) == 0 {
		return days
	}
	var some []civil.DateTime
	for i, d := range days {
		if slices.Contains(r.positions, i+1) || slices.Contains(r.positions, i-len(days)) {
			some = append(some, d)
		}
	}
	return some
}

// longestPeriod is how many days a period of a rule has at most.
func (r rule) longestPeriod() int {
	return r.interval * map[string]int{"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}[r.every]
}

// shortestPeriod is how many days a period of a rule has at least.
func (r rule) shortestPeriod() int {
	return r.interval * map[string]int{"DAILY": 1, "WEEKLY": 7, "MONTHLY": 28, "YEARLY": 365}[r.every]
}

// work is how many days are looked at in one period.
func (r rule) work() int {
	months := 1
	if len(r.months) > 0 {
		months = min(12, len(r.months))
	} else if len(r.monthDays) > 0 {
		months = 12
	}
	return map[string]int{"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 31 * months}[r.every]
}

// times calls each with the times of a rule after its first, which is start, from about
// early until late. It counts its work down in steps, and is false when none are left.
func (r rule) times(start stamp, early, late civil.DateTime, steps *int, each func(stamp)) bool {
	k, count := 0, 1
	if r.count == 0 && early.Compare(start.wall) > 0 {
		// Nobody counts, so the years before may be leapt over; a period more for safety.
		k = max(0, early.MinutesSince(start.wall)/(24*60)/r.longestPeriod()-1)
	}
	for ; ; k++ {
		for _, d := range r.period(start.wall, k) {
			if d.Compare(start.wall) <= 0 {
				continue
			}
			s := start.moved(d)
			if count++; r.count > 0 && count > r.count || r.over(s) || d.Compare(late) > 0 {
				return true
			}
			each(s)
		}
		if *steps -= r.work(); *steps < 0 {
			return false
		}
		if start.wall.AddDays((k-1)*r.shortestPeriod()).Compare(late) > 0 {
			return true // also where a rule allows no day at all
		}
	}
}
