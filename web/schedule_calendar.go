package web

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// month is a month of the calendar.
type month struct {
	Year  int
	Month time.Month
}

// monthOf reads which month is wanted; what is none is this one.
func monthOf(r *http.Request, z zoned, now time.Time) month {
	if t, err := time.Parse("2006-01", r.FormValue("month")); err == nil && t.Year() > 0 {
		return month{t.Year(), t.Month()}
	}
	d := civil.Of(now, z.In)
	return month{d.Year, d.Month}
}

func (m month) first() civil.DateTime { return civil.DateTime{Year: m.Year, Month: m.Month, Day: 1} }

// days are from the Monday before the first until the Monday after the last.
func (m month) days() (first, after civil.DateTime) {
	first = m.first()
	first = first.AddDays(-int(first.Weekday()+6) % 7)
	after = m.first().AddMonths(1)
	return first, after.AddDays(int(8-after.Weekday()) % 7)
}

// reach is when the days begin and end.
func (m month) reach(z zoned) (from, until time.Time) {
	first, after := m.days()
	return first.In(z.In, civil.Start), after.In(z.In, civil.Start)
}

// calendar is a month with who is on each day.
type calendar struct {
	month
	Zone  zoned
	Weeks [][]calendarDay
}

// Title names the month.
func (c calendar) Title() string { return fmt.Sprintf("%s %d", c.Month, c.Year) }

// Link is another month.
func (c calendar) Link(months int) string {
	m := c.first().AddMonths(months)
	return "?" + url.Values{"view": {"calendar"}, "month": {fmt.Sprintf("%04d-%02d", m.Year, m.Month)}, "zone": {c.Zone.Name}}.Encode() + "#plan"
}

// Value is the month as an address has it.
func (c calendar) Value() string { return fmt.Sprintf("%04d-%02d", c.Year, c.Month) }

// calendarDay is one day of it.
type calendarDay struct {
	At       civil.DateTime
	Other    bool // of the month before or after
	Today    bool
	Odd      string // how long it is, where that is not 24 hours
	Turns    []calendarTurn
	More     int
	Nobody   []string // when nobody is on
	Holidays []string
}

// Name is the day as it is read aloud.
func (d calendarDay) Name() string { return d.At.Time().Format("Monday 2 January") }

// Weekday is short.
func (d calendarDay) Weekday() string { return d.At.Time().Format("Mon") }

// Weekend tells whether it is Saturday or Sunday.
func (d calendarDay) Weekend() bool { return (d.At.Weekday()+6)%7 > 4 }

// calendarTurn is somebody who is on that day.
type calendarTurn struct {
	Handle string
	Of     string // instead of whom
	Times  string // "09:00–17:00"; "" is all day
	Layer  string
	Added  bool // in addition
	Shadow bool
	Away   bool
	Colour int
}

const mostTurns = 6 // that are told of one day

// draw sorts shifts into the days of the month.
func (m month) draw(z zoned, now time.Time, sched schedule.Schedule, shifts []schedule.Shift, book rota.Book, people cast) *calendar {
	c := &calendar{month: m, Zone: z}
	first, after := m.days()
	colour := drawing{Schedule: sched, Shifts: shifts}.colours()
	regions := regionsOf(sched, people)
	shifts = slices.Clone(shifts)
	slices.SortStableFunc(shifts, func(a, b schedule.Shift) int { return rankOf(sched, a) - rankOf(sched, b) })
	for at := first; at.Compare(after) < 0; at = at.AddDays(1) {
		from, until := at.In(z.In, civil.Start), at.AddDays(1).In(z.In, civil.Start)
		day := calendarDay{At: at, Other: at.Month != m.Month, Today: at == civil.Of(now, z.In).Midnight()}
		if long := until.Sub(from); long != 24*time.Hour {
			day.Odd = hoursLong(long)
		}
		for _, s := range shifts {
			if s.From.Before(until) && s.Until.After(from) {
				day.Turns = append(day.Turns, turnOf(s, from, until, z, people, colour))
			}
		}
		for _, g := range gapsIn(clipped(shifts, from, until), from, until) {
			day.Nobody = append(day.Nobody, timesWithin(g, from, until, z))
		}
		for _, region := range slices.Sorted(maps.Keys(regions)) {
			if name, found := book.Holiday(rota.Day{Region: region, Year: at.Year, Month: at.Month, Day: at.Day}); found {
				day.Holidays = append(day.Holidays, fmt.Sprintf("%s in %s (%s)", name, region, oncall.JoinNames(regions[region])))
			}
		}
		if day.More = len(day.Turns) - mostTurns; day.More > 0 {
			day.Turns = day.Turns[:mostTurns]
		}
		if at.Weekday() == time.Monday {
			c.Weeks = append(c.Weeks, nil)
		}
		c.Weeks[len(c.Weeks)-1] = append(c.Weeks[len(c.Weeks)-1], day)
	}
	return c
}

// rankOf is where a shift stands in a day: who looks on last, before them by layer.
func rankOf(sched schedule.Schedule, s schedule.Shift) int {
	if s.Shadow {
		return len(sched.Layers) + 1
	}
	return slices.IndexFunc(sched.Layers, func(l schedule.Layer) bool { return l.Name == s.Layer })
}

// clipped are the shifts of a time.
func clipped(shifts []schedule.Shift, from, until time.Time) (out []schedule.Shift) {
	for _, s := range shifts {
		if s.From.Before(until) && s.Until.After(from) {
			out = append(out, s)
		}
	}
	return out
}

func turnOf(s schedule.Shift, from, until time.Time, z zoned, people cast, colour map[int64]int) calendarTurn {
	t := calendarTurn{
		Handle: people.Handle(s.Person), Layer: s.Layer, Added: s.Layer == "", Shadow: s.Shadow, Away: s.Away,
		Colour: colour[s.Person], Times: timesWithin(stretch{s.From, s.Until}, from, until, z),
	}
	if s.Of != 0 {
		t.Of = people.Handle(s.Of)
	}
	return t
}

// timesWithin writes which part of a day a time takes: "" is all of it.
func timesWithin(s stretch, from, until time.Time, z zoned) string {
	begins, ends := s.From.After(from), s.Until.Before(until)
	clock := func(t time.Time) string { return t.In(z.In).Format("15:04") }
	switch {
	case begins && ends:
		return clock(s.From) + "–" + clock(s.Until)
	case begins:
		return "from " + clock(s.From)
	case ends:
		return "until " + clock(s.Until)
	}
	return ""
}

// regionsOf are the regions whose holidays its people have, and who has them.
func regionsOf(sched schedule.Schedule, people cast) map[string][]string {
	out := map[string][]string{}
	seen := map[int64]bool{}
	for _, l := range sched.Layers {
		for _, m := range l.Members {
			if p := people[m]; p.Region != "" && !seen[m] {
				out[p.Region] = append(out[p.Region], p.Handle)
			}
			seen[m] = true
		}
	}
	return out
}
