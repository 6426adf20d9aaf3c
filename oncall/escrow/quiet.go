package escrow

import (
	"regexp"
	"time"

	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

// quietForm is from, until and zone. Hours and minutes have two digits, so that there is
// one way to write each.
var quietForm = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9]) ([A-Za-z][A-Za-z0-9_+/-]{1,63})$`)

const minutesOfDay = 24 * 60

// lookAround is how many days around one may have a span that reaches into it: a span
// lasts up to a day, and clocks were put back by a day before now.
const lookAround = 2

// quiet is a span of every day, in minutes of the dial from midnight. If it is not until
// later than from, it goes over midnight.
type quiet struct {
	from, until int
	zone        *time.Location
}

func parseQuiet(text string) (quiet, error) {
	m := quietForm.FindStringSubmatch(text)
	if m == nil {
		return quiet{}, fault.New(fault.Invalid, "Write the quiet time like 22:00-07:00 Europe/Berlin: from, until, and the zone of the clock.")
	}
	zone, err := civil.Zone(m[5])
	if err != nil {
		return quiet{}, err
	}
	q := quiet{minuteOf(m[1], m[2]), minuteOf(m[3], m[4]), zone}
	if q.from == q.until {
		return quiet{}, fault.New(fault.Invalid, "A quiet time must end at another time than it begins. Leave it out for none.")
	}
	return q, nil
}

func minuteOf(hour, minute string) int { return number(hour)*60 + number(minute) }

// number is of two digits.
func number(text string) int { return int(text[0]-'0')*10 + int(text[1]-'0') }

// QuietAt tells whether an instant is in the quiet time: from its first minute, up to its
// last. Where clocks are put back, it lasts from the first time that they show its
// beginning to the last that they show its end: whoever sleeps is not woken in between. One
// that cannot be read, which [ParsePolicy] lets nobody have, is always quiet.
func (p Policy) QuietAt(t time.Time) bool {
	if p.Quiet == "" {
		return false
	}
	q, err := parseQuiet(p.Quiet)
	if err != nil {
		return true
	}
	length := (q.until - q.from + minutesOfDay) % minutesOfDay
	today := civil.Of(t, q.zone).Midnight()
	for day := -lookAround; day <= lookAround; day++ {
		from := today.AddDays(day).AddMinutes(q.from)
		begins, ends := from.In(q.zone, civil.Start), from.AddMinutes(length).In(q.zone, civil.End)
		if !t.Before(begins) && t.Before(ends) {
			return true
		}
	}
	return false
}
