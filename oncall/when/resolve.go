package when

import (
	"fmt"
	"time"

	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

// here is where and when something was said.
type here struct {
	now   time.Time
	zone  zone
	today civil.DateTime // midnight
}

// home is the place in a zone that was written, or else in the speaker's.
func (r Reader) home(written zone) (here, error) {
	z := written
	if z.in == nil {
		z = zone{in: time.UTC}
		if r.Zone != "" {
			var err error
			if z, err = load(r.Zone); err != nil {
				return here{}, err
			}
		}
	}
	return here{now: r.Now, zone: z, today: civil.Of(r.Now, z.in).Midnight()}, nil
}

// endOfDay in minutes after its beginning.
const endOfDay = 24 * 60

// first is the instant that a point means by itself: the next one that is not over.
func (h here) first(p point, use civil.Use) (time.Time, []string, error) {
	if !p.at.IsZero() {
		return p.at, nil, nil
	}
	if p.kind == ahead && !p.hasClock {
		return civil.Of(h.now, h.zone.in).AddDays(p.days).In(h.zone.in, use).Add(h.now.Sub(h.now.Truncate(time.Minute)) + p.plus), nil, nil
	}
	day, notes, err := h.day(p)
	if err != nil {
		return time.Time{}, nil, err
	}
	t, more := h.at(day, p, use)
	again := 0
	if p.hasClock && t.Before(h.now.Truncate(time.Minute)) {
		switch {
		case p.kind == noDay:
			again = 1
		case p.kind == weekday && !p.next:
			again = 7
		}
	}
	if again > 0 {
		day = day.AddDays(again)
		t, more = h.at(day, p, use)
		notes = append(notes, fmt.Sprintf("That time is over today; %s is meant.", spoken(day)))
	}
	return t, append(notes, more...), nil
}

// after is the instant that a point means as the end of what begins at start. A day is
// then meant until its end.
func (h here) after(p point, start time.Time) (time.Time, []string, error) {
	begin := civil.Of(start, h.zone.in).Midnight()
	switch {
	case !p.at.IsZero() || p.kind == ahead && !p.hasClock:
		return h.first(p, civil.End)
	case p.kind == wholeWeek || p.kind == weekend:
		return time.Time{}, nil, fault.New(fault.Invalid, "Is that until it begins or until it ends? Write the last day, like until sunday.")
	}
	var day civil.DateTime
	var notes []string
	step := 0
	switch {
	case p.kind == noDay:
		day, step = begin, 1
	case p.kind == weekday && !p.next:
		day, step = begin.AddDays(daysUntil(begin.Weekday(), p.week)), 7
	case p.kind == dated:
		var err error
		if day, notes, err = h.dateFrom(p, begin); err != nil {
			return time.Time{}, nil, err
		}
	default:
		var err error
		if day, notes, err = h.day(p); err != nil {
			return time.Time{}, nil, err
		}
	}
	if !p.hasClock {
		p.clock = endOfDay
	}
	t, more := h.at(day, p, civil.End)
	if !t.After(start) && step > 0 {
		t, more = h.at(day.AddDays(step), p, civil.End)
	}
	return t, append(notes, more...), nil
}

// day is which day a point names, seen from today.
func (h here) day(p point) (civil.DateTime, []string, error) {
	monday := h.today.AddDays(daysUntil(h.today.Weekday(), time.Monday))
	if h.today.Weekday() == time.Monday {
		monday = monday.AddDays(7)
	}
	switch p.kind {
	case counted, ahead:
		return h.today.AddDays(p.days), nil, nil
	case tonight:
		return h.nightOf(p)
	case weekday:
		if p.next {
			return h.nextOf(p.week, monday)
		}
		return h.today.AddDays(daysUntil(h.today.Weekday(), p.week)), nil, nil
	case dated:
		return h.dateFrom(p, h.today)
	case wholeWeek:
		if p.next {
			return monday, nil, nil
		}
		return h.today, nil, nil
	case weekend:
		if p.next {
			return h.nextOf(time.Saturday, monday)
		}
		if h.today.Weekday() == time.Sunday {
			return h.today, nil, nil
		}
		return h.today.AddDays(daysUntil(h.today.Weekday(), time.Saturday)), nil, nil
	}
	return h.today, nil, nil
}

// nextOf is "next friday": the coming one to some, the one in the week after this to
// others. Where both are the same day it is meant, else nobody knows.
func (h here) nextOf(day time.Weekday, monday civil.DateTime) (civil.DateTime, []string, error) {
	coming := h.today.AddDays(1 + daysUntil(h.today.AddDays(1).Weekday(), day))
	inNext := monday.AddDays(daysUntil(time.Monday, day))
	if coming.Compare(inNext) != 0 {
		return coming, nil, fault.New(fault.Invalid, "That might be %s or %s. Write the date.", spoken(coming), spoken(inNext))
	}
	return coming, nil, nil
}

// nightOf is the day of a time of day "tonight": the small hours are tomorrow's, unless
// they have begun.
func (h here) nightOf(p point) (civil.DateTime, []string, error) {
	const morning, evening = 6 * 60, 17 * 60
	now := civil.Of(h.now, h.zone.in)
	switch {
	case !p.hasClock:
		return h.today, nil, fault.New(fault.Invalid, "Tonight at what time? Write it like tonight 22:00, a stretch like tonight 22:00-06:00.")
	case p.clock < morning && now.Hour < 5 && p.clock >= now.Hour*60+now.Minute:
		return h.today, nil, nil
	case p.clock < morning:
		return h.today.AddDays(1), nil, nil
	case p.clock < evening:
		return h.today, nil, fault.New(fault.Invalid, "That time is not at night. Write today or tomorrow with it, like tomorrow 09:00.")
	}
	return h.today, nil, nil
}

// dateFrom is the day of a date; without a year the first that is not before begin.
func (h here) dateFrom(p point, begin civil.DateTime) (civil.DateTime, []string, error) {
	d := civil.DateTime{Year: p.date.year, Month: p.date.month, Day: p.date.day}
	var notes []string
	if p.date.year == 0 {
		// The rarest day, 29 February, comes within eight years.
		for year := begin.Year; year <= begin.Year+8; year++ {
			d.Year = year
			if d.Compare(begin) >= 0 && (date{year: year, month: d.Month, day: d.Day}).exists() {
				break
			}
		}
		if d.Year != h.today.Year && begin == h.today {
			notes = append(notes, fmt.Sprintf("That day is over this year; %d is meant.", d.Year))
		}
	}
	if p.named && d.Weekday() != p.week {
		return d, nil, fault.New(fault.Invalid, "%s %d is a %s, not a %s. Write the date without the weekday, or the right one.",
			spoken(d), d.Year, d.Weekday(), p.week)
	}
	return d, notes, nil
}

// at is the instant of a time of day on a day, and what has to be said about it where
// clocks change.
func (h here) at(day civil.DateTime, p point, use civil.Use) (time.Time, []string) {
	wall := day.AddMinutes(p.clock)
	t := wall.In(h.zone.in, use)
	if !p.hasClock {
		return t, nil
	}
	clock := fmt.Sprintf("%02d:%02d", wall.Hour, wall.Minute)
	if shown := civil.Of(t, h.zone.in); shown.Compare(wall) != 0 {
		return t, []string{fmt.Sprintf("%s does not exist there on %s, since clocks change; taken as %02d:%02d.", clock, spoken(wall), shown.Hour, shown.Minute)}
	}
	if first, last := wall.In(h.zone.in, civil.Start), wall.In(h.zone.in, civil.End); !first.Equal(last) {
		which := "first"
		if use == civil.End {
			which = "second"
		}
		return t, []string{fmt.Sprintf("%s comes twice there on %s, since clocks change; the %s is meant.", clock, spoken(wall), which)}
	}
	return t, nil
}

// near refuses what is too far away to be meant.
func (h here) near(t time.Time) error {
	const far = 2 * 365 * 24 * time.Hour
	if away := t.Sub(h.now); away > far || away < -far {
		return fault.New(fault.Invalid, "The year %d is too far away: I look ahead and back for two years. Write a nearer date, like 2026-12-24.", t.UTC().Year())
	}
	return nil
}

// daysUntil counts the days from one weekday to another, 0 to 6.
func daysUntil(from, to time.Weekday) int { return (int(to) - int(from) + 7) % 7 }

// spoken is a day as people say it.
func spoken(d civil.DateTime) string {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format("Mon 2 Jan")
}
