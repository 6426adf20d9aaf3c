// Package freeze owns when nothing risky is done: on certain days of the week, and in windows
// that people set.
//
// It stops nothing by itself: whoever starts something risky asks it (package job does).
package freeze

import (
	"fmt"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

// Rules are the days of the week on which nothing risky is done, on the clock of a zone. The
// zero Rules are no days.
type Rules struct {
	days [7]bool
	zone *time.Location
}

// NewRules reads days of the week ("friday", "Fri") and an IANA zone. The error is
// fault.Invalid, also if all seven are named: then nothing would ever be done.
func NewRules(weekdays []string, zone string) (Rules, error) {
	if len(weekdays) == 0 {
		return Rules{}, nil
	}
	place, err := civil.Zone(zone)
	if err != nil {
		return Rules{}, err
	}
	r := Rules{zone: place}
	for _, name := range weekdays {
		day, ok := weekday(name)
		if !ok {
			return Rules{}, fault.New(fault.Invalid, "%q is no day of the week. Write it like friday.", oncall.Clip(name, 40))
		}
		r.days[day] = true
	}
	if r.days == [7]bool{true, true, true, true, true, true, true} {
		return Rules{}, fault.New(fault.Invalid, "All seven days of the week are frozen, so nothing risky could ever be done. Leave out at least one.")
	}
	return r, nil
}

func weekday(name string) (time.Weekday, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	for day := time.Sunday; day <= time.Saturday; day++ {
		if full := strings.ToLower(day.String()); name == full || name == full[:3] {
			return day, true
		}
	}
	return 0, false
}

// Weekdays are the days of the rules, from Monday on.
func (r Rules) Weekdays() (days []time.Weekday) {
	for n := 1; n <= 7; n++ {
		if day := time.Weekday(n % 7); r.days[day] {
			days = append(days, day)
		}
	}
	return days
}

// OnDay tells whether a day of the calendar is one of the rules.
func (r Rules) OnDay(day civil.DateTime) bool { return r.days[day.Weekday()] }

// Words say the rules: "nothing risky is done on Fridays and Saturdays (Europe/Berlin)"; ""
// if there are none.
func (r Rules) Words() string {
	if r.zone == nil {
		return ""
	}
	var names []string
	for _, day := range r.Weekdays() {
		names = append(names, day.String()+"s")
	}
	return fmt.Sprintf("nothing risky is done on %s (%s)", oncall.JoinNames(names), r.zone)
}

// At tells whether an instant is in a freeze: why, as the end of a sentence, and the first
// instant after it at which there is none. "" is no freeze.
func (r Rules) At(windows []Window, at time.Time) (why string, until time.Time) {
	var causes []string
	if day, _, is := r.day(at); is {
		causes = append(causes, fmt.Sprintf("it is %s (%s)", day.Weekday(), r.zone))
	}
	for _, w := range windows {
		if w.holds(at) {
			causes = append(causes, fmt.Sprintf("there is a freeze, %q", w.Title))
		}
	}
	if len(causes) == 0 {
		return "", time.Time{}
	}
	// Each turn goes to the end of something that has begun. Windows are as many as they
	// are, and of the days of a week one is free.
	for until = at; ; {
		end := until
		if _, over, is := r.day(until); is {
			end = over
		}
		for _, w := range windows {
			if w.holds(until) {
				end = civil.Later(end, w.EndsAt)
			}
		}
		if !end.After(until) {
			return oncall.JoinNames(causes), until
		}
		until = end
	}
}

// day is the frozen day that an instant is in, and when that is over. A day begins when a
// clock first shows it, and is over when a clock shows the next one for good: where clocks
// are put back at midnight, a part of it comes again.
func (r Rules) day(at time.Time) (day civil.DateTime, over time.Time, is bool) {
	if r.zone == nil {
		return day, over, false
	}
	for back := range 2 { // the day before may be what comes again
		day = civil.Of(at, r.zone).Midnight().AddDays(back - 1)
		over = day.AddDays(1).In(r.zone, civil.End)
		if r.OnDay(day) && !at.Before(day.In(r.zone, civil.Start)) && at.Before(over) {
			return day, over, true
		}
	}
	return day, over, false
}

// Free is the first instant at or after another one at which there is no freeze.
func (r Rules) Free(windows []Window, at time.Time) time.Time {
	if _, until := r.At(windows, at); until.After(at) {
		return until
	}
	return at
}
