package web

import (
	"strconv"
	"time"

	"batsignal/oncall/civil"
)

// markDays finds the days and how long each is.
func (t *timeline) markDays() {
	for begin := t.Zone.midnight(t.From); begin.Before(t.Until); {
		end := t.Zone.addDays(begin, 1)
		if !end.After(begin) { // a day that the calendar of the zone leaves out
			end = t.Zone.addDays(begin, 2)
		}
		m := dayMark{X: max(t.x(begin), 0)}
		m.Wide = min(t.x(end), timelineWide) - m.X
		local := begin.In(t.Zone.In)
		m.Label = local.Format(t.dayLayout(local, len(t.Days) == 0))
		m.Weekend = local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
		if long := end.Sub(begin); long != 24*time.Hour {
			m.Odd = hoursLong(long)
		}
		t.Days = append(t.Days, m)
		begin = end
	}
}

// dayLayout is how a day is written: all days in the same way, but for the month.
func (t *timeline) dayLayout(day time.Time, first bool) string {
	switch wide := timelineWide / (t.Until.Sub(t.From).Hours() / 24); {
	case wide >= 90:
		return "Mon 2 Jan"
	case wide >= 48 && (first || day.Day() == 1):
		return "2 Jan"
	case wide >= 48:
		return "Mon 2"
	}
	return "2"
}

// hoursLong writes how long a day is: "23 h", "24 h 30".
func hoursLong(d time.Duration) string {
	text := strconv.Itoa(int(d/time.Hour)) + " h"
	if minutes := int(d % time.Hour / time.Minute); minutes != 0 {
		text += " " + strconv.Itoa(minutes)
	}
	return text
}

// markHours finds times of day to write down, as many as there is room for.
func (t *timeline) markHours() {
	perHour := timelineWide / t.Until.Sub(t.From).Hours()
	step := 0
	for _, hours := range []int{1, 2, 3, 6, 12} {
		if perHour*float64(hours) >= 38 {
			step = hours
			break
		}
	}
	if step == 0 {
		return
	}
	for day := civil.Of(t.From, t.Zone.In).Midnight(); ; day = day.AddDays(1) {
		for hour := 0; hour < 24; hour += step {
			at := day.AddMinutes(hour*60).In(t.Zone.In, civil.Start)
			if !at.Before(t.Until) {
				return
			}
			if at.Before(t.From) || civil.Of(at, t.Zone.In).Hour != hour {
				continue
			}
			t.Hours = append(t.Hours, hourMark{t.x(at), civil.Of(at, t.Zone.In).String()[11:]})
		}
	}
}
