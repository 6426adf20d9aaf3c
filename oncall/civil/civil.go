// Package civil owns time on the clock on the wall: a date and a time of day without
// a zone, and which instant they mean in one.
//
// A wall time may mean no instant (clocks were put forward) or two (they were put
// back). What is meant then depends on what it is for: a shift that begins there, or
// one that ends there. It knows no schedule.
package civil

import (
	"cmp"
	"time"
)

// DateTime is a date with a time of day, to the minute, as a clock on the wall shows
// it. The zero DateTime is none.
type DateTime struct {
	Year   int
	Month  time.Month
	Day    int
	Hour   int
	Minute int
}

// Of reads the clock of a zone at an instant. Seconds are dropped, as by a clock that
// shows none.
func Of(t time.Time, zone *time.Location) DateTime { return read(t.In(zone)) }

// FromTime reads date and time of day as they stand in a value of a timestamp column,
// which has no zone. The zero time is none.
func FromTime(t time.Time) DateTime {
	if t.IsZero() {
		return DateTime{}
	}
	return read(t)
}

// Time is the value for a timestamp column: the same date and time of day, said to be
// UTC. It is no instant; see In for that.
func (d DateTime) Time() time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return d.asUTC()
}

// AddMinutes moves the hands of the clock: whatever clocks do in the meantime, an
// hour is sixty minutes of the dial.
func (d DateTime) AddMinutes(n int) DateTime {
	days := n / minutesOfDay // apart, since a Duration ends after 292 years
	return read(time.Date(d.Year, d.Month, d.Day+days, d.Hour, d.Minute+n%minutesOfDay, 0, 0, time.UTC))
}

// AddDays moves by days of the calendar, at the same time of day.
func (d DateTime) AddDays(n int) DateTime {
	return read(time.Date(d.Year, d.Month, d.Day+n, d.Hour, d.Minute, 0, 0, time.UTC))
}

// AddMonths moves by months of the calendar. Where a month is too short, its last
// day is meant: a month after 31 January is 28 or 29 February. So what happens each
// month is counted from where it began, never from the month before.
func (d DateTime) AddMonths(n int) DateTime {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, d.Hour, d.Minute, 0, 0, time.UTC)
	last := time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	there := read(first)
	there.Day = min(d.Day, last)
	return there
}

// Midnight is the beginning of the same day on the calendar.
func (d DateTime) Midnight() DateTime { return DateTime{Year: d.Year, Month: d.Month, Day: d.Day} }

// Weekday is the day of the week.
func (d DateTime) Weekday() time.Weekday { return d.asUTC().Weekday() }

// MinutesSince counts the minutes of the dial from one wall time to another.
func (d DateTime) MinutesSince(earlier DateTime) int {
	return int((d.asUTC().Unix() - earlier.asUTC().Unix()) / 60)
}

// Compare is -1 if d is earlier on the calendar than other, 1 if later, else 0.
func (d DateTime) Compare(other DateTime) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day),
		cmp.Compare(d.Hour, other.Hour), cmp.Compare(d.Minute, other.Minute))
}

// IsZero tells whether this is none.
func (d DateTime) IsZero() bool { return d == DateTime{} }

// IsReal tells whether the calendar has this date and the dial this time: the 30th of
// February is not real, nor is 24:00.
func (d DateTime) IsReal() bool { return d == read(d.asUTC()) }

const minutesOfDay = 24 * 60

// asUTC is for reckoning, where all days have 24 hours.
func (d DateTime) asUTC() time.Time {
	return time.Date(d.Year, d.Month, d.Day, d.Hour, d.Minute, 0, 0, time.UTC)
}

func read(t time.Time) DateTime {
	year, month, day := t.Date()
	hour, minute, _ := t.Clock()
	return DateTime{Year: year, Month: month, Day: day, Hour: hour, Minute: minute}
}
