package reminder

import (
	"slices"
	"time"

	"batsignal/oncall/civil"
)

// Days are at midnight UTC, whosever they are.

// today is the day that it is in a zone, and the hour.
func today(now time.Time, zone string) (day time.Time, hour int) {
	place, err := civil.Zone(zone)
	if err != nil {
		place = time.UTC
	}
	wall := civil.Of(now, place)
	return wall.Midnight().Time(), wall.Hour
}

func plus(day time.Time, days int) time.Time { return day.AddDate(0, 0, days) }

func between(from, to time.Time) (days int) { return int(to.Sub(from) / (24 * time.Hour)) }

// due is the day on which a reminder is due. What ends does so on its day, whichever it is.
func (s *Service) due(r Reminder) time.Time {
	if r.What == Rhythm {
		return past(r.DueOn, s.Avoid)
	}
	return r.DueOn
}

// past is the first day from one on that is none of those to be avoided. If all are to be,
// none is.
func past(day time.Time, avoid []time.Weekday) time.Time {
	for n := range 7 {
		if next := plus(day, n); !slices.Contains(avoid, next.Weekday()) {
			return next
		}
	}
	return day
}

// occasion is what a reminder is told for.
type occasion struct {
	on   time.Time // the day since which there is something to tell
	late int       // in weeks; -1 is before it is due
}

// occasion is the last one up to a day; ok is false where there is none yet. People are told
// so many days ahead, on the day, and each week from then on.
func (r Reminder) occasion(day time.Time) (o occasion, ok bool) {
	switch first := plus(r.Due, -r.Ahead); {
	case !day.Before(r.Due):
		weeks := between(r.Due, day) / 7
		return occasion{plus(r.Due, 7*weeks), weeks}, true
	case !day.Before(first):
		return occasion{first, -1}, true
	}
	return occasion{}, false
}

// fromHour is when on a day rooms are told, on the clock of the reminder.
const fromHour = 9

// isToTell tells whether it is time to tell of a reminder. Of what was not told while nobody
// was there, only the last is told.
func (r Reminder) isToTell(now time.Time) (o occasion, day time.Time, is bool) {
	day, hour := today(now, r.Zone)
	o, ok := r.occasion(day)
	if !ok || r.GoneAt != nil || hour < fromHour {
		return o, day, false
	}
	told := r.ToldOn != nil && !r.ToldOn.Before(o.on) && !r.ToldOn.After(plus(day, 1)) // else by a clock that was wrong
	return o, day, !told
}
