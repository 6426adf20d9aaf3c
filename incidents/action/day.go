package action

import (
	"time"

	"batsignal/incidents/minutes"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Day reads the day that somebody names, as their own calendar has it; the zero time is
// none. A day that is over everywhere is a slip of the pen.
func Day(text string, now time.Time, zone string) (time.Time, error) {
	due, ok := minutes.ParseDue(text, local(now, zone))
	if !ok {
		return due, fault.New(fault.Invalid, "I do not understand that date. Write it like friday, 24 december, 2026-12-24, or none.")
	}
	const farWest = 12 * time.Hour // where the day ends last
	if !due.IsZero() && due.Before(midnight(now.UTC().Add(-farWest))) {
		return due, fault.New(fault.Invalid, "The day %s is over. Write one that is still to come, like friday or 24 december.", due.Format(time.DateOnly))
	}
	return due, nil
}

// local is what a clock in a zone shows, as if it were UTC: days are counted in UTC.
func local(now time.Time, zone string) time.Time {
	t := now.In(oncall.Location(zone))
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// midnight is the beginning of the day that a time shows.
func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}
