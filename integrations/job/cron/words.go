package cron

import (
	"fmt"
	"math/bits"
	"time"

	"batsignal/oncall"
)

// Words say the rule to people, with its zone: "at 02:30 every day, Europe/Berlin". One that
// no short sentence says is repeated as it was written.
func (r Rule) Words() string {
	if r.zone == nil {
		return "never"
	}
	times, days, simple := r.times(), "", false
	if times != "" {
		days, simple = r.days()
	}
	if !simple {
		return fmt.Sprintf("by the rule %q, %s", r.text, r.zone)
	}
	return times + days + ", " + r.zone.String()
}

const (
	everyMinute  = 1<<60 - 1
	everyHour    = 1<<24 - 1
	everyDay     = 1<<32 - 2
	everyMonth   = 1<<13 - 2
	everyWeekday = 1<<7 - 1
)

// times say when on a day, or "".
func (r Rule) times() string {
	minutes, hours := values(r.minute), values(r.hour)
	switch step := evenly(r.minute); {
	case r.hour == everyHour && r.minute == everyMinute:
		return "every minute"
	case r.hour == everyHour && len(minutes) == 1:
		return fmt.Sprintf("at minute %d of every hour", minutes[0])
	case r.hour == everyHour && step > 0:
		return fmt.Sprintf("every %d minutes", step)
	case len(minutes) == 1 && len(hours) <= 4:
		all := make([]string, len(hours))
		for i, hour := range hours {
			all[i] = fmt.Sprintf("%02d:%02d", hour, minutes[0])
		}
		return "at " + oncall.JoinNames(all)
	}
	return ""
}

// evenly is the step of minutes that divide the hour from its beginning; 0 is none.
func evenly(set uint64) int {
	n := bits.OnesCount64(set)
	if n < 2 || 60%n != 0 {
		return 0
	}
	for i, minute := range values(set) {
		if minute != i*60/n {
			return 0
		}
	}
	return 60 / n
}

// days say on which days, if a few words can.
func (r Rule) days() (words string, simple bool) {
	if r.either || r.month != everyMonth || r.day != everyDay && r.weekday != everyWeekday {
		return "", false
	}
	switch days := values(r.day); {
	case r.day == everyDay && r.weekday == everyWeekday && r.hour == everyHour:
		return "", true // every hour of which day goes without saying
	case r.day == everyDay && r.weekday == everyWeekday:
		return " every day", true
	case r.day == everyDay:
		return " on " + oncall.JoinNames(weekdays(r.weekday)), true
	case len(days) == 1:
		return fmt.Sprintf(" on day %d of every month", days[0]), true
	}
	return "", false
}

// weekdays are the names of days of the week, from Monday on.
func weekdays(set uint64) (all []string) {
	for n := 1; n <= 7; n++ {
		if day := n % 7; has(set, day) {
			all = append(all, time.Weekday(day).String()+"s")
		}
	}
	return all
}
