package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall/civil"
	"batsignal/oncall/coverage"
	"batsignal/oncall/when"
)

const (
	heatTop    = 30
	stripHigh  = 24
	stripEach  = 52 // with its title and a gap
	dayRowHigh = 28
	dayLabel   = 96 // wide, before the hours of a day
	hourWide   = (timelineWide - dayLabel) / 25.0
)

// heatMap is how many are there, drawn: a strip of time for each role, or each day.
type heatMap struct {
	High   int
	Days   []dayMark
	Hours  []hourMark
	Strips []heatStrip
}

// Wide is how wide it is.
func (heatMap) Wide() int { return timelineWide }

// heatStrip is one strip.
type heatStrip struct {
	Name   string // of the role, to lead to it; "" leads nowhere
	Title  string
	Y      int // of the strip
	High   int
	Levels []heatLevel
	Digits []heatDigit
	Gaps   []heatGap
}

// heatLevel are all times of a strip at which about as many are there: one shape, since a
// shape for each time would make a page too large.
type heatLevel struct {
	Level int
	Path  string
}

// heatDigit is how many are there.
type heatDigit struct {
	X    float64
	Have int
}

// heatGap is a gap, above all else that is drawn.
type heatGap struct {
	X, Wide float64
	Y, High int
	Says    string
}

// levelOf sorts numbers of people into few colours.
func levelOf(have int) int {
	switch {
	case have <= 2:
		return have
	case have <= 4:
		return 3
	}
	return 4
}

// strips draws every role from left to right.
func strips(reports []coverage.Report, z zoned) heatMap {
	var m heatMap
	if len(reports) == 0 {
		return m
	}
	t := timeline{From: reports[0].From, Until: reports[0].Until, Zone: z}
	t.markDays()
	m.Days = t.Days
	for i, r := range reports {
		strip := heatStrip{Name: r.Role.Name, Title: r.Role.Title, Y: heatTop + i*stripEach + 20, High: stripHigh}
		if r.Role.Minimum > 0 {
			strip.Title += fmt.Sprintf(" (should be %d)", r.Role.Minimum)
		}
		strip.fill(r, r.From, r.Until, z, t.x)
		m.Strips = append(m.Strips, strip)
	}
	m.High = heatTop + len(reports)*stripEach
	return m
}

// dayRows draws a role day by day.
func dayRows(r coverage.Report, z zoned) heatMap {
	var m heatMap
	for hour := 0; hour < 24; hour += 2 {
		m.Hours = append(m.Hours, hourMark{dayLabel + float64(hour)*hourWide, fmt.Sprintf("%02d:00", hour)})
	}
	i := 0
	for begin := z.midnight(r.From); begin.Before(r.Until); i++ {
		end := z.addDays(begin, 1)
		if !end.After(begin) { // a day that the calendar of the zone leaves out
			end = z.addDays(begin, 2)
		}
		strip := heatStrip{Title: begin.In(z.In).Format("Mon 2 Jan"), Y: heatTop + i*dayRowHigh, High: stripHigh}
		if long := end.Sub(begin); long != 24*time.Hour {
			strip.Title += ", " + hoursLong(long)
		}
		strip.fill(r, civil.Later(begin, r.From), civil.Earlier(end, r.Until), z, func(at time.Time) float64 { return dayLabel + at.Sub(begin).Hours()*hourWide })
		m.Strips = append(m.Strips, strip)
		begin = end
	}
	m.High = heatTop + i*dayRowHigh
	return m
}

// fill draws what is known of a role between two instants.
func (s *heatStrip) fill(r coverage.Report, from, until time.Time, z zoned, x func(time.Time) float64) {
	paths := [5]strings.Builder{}
	flush := func(a, b time.Time, have int) {
		left, wide := x(a), x(b)-x(a)
		fmt.Fprintf(&paths[levelOf(have)], "M%s %dh%sv%dh-%sz", written(left), s.Y, written(wide), s.High, written(wide))
		if wide >= 9*float64(len(strconv.Itoa(have)))+3 {
			s.Digits = append(s.Digits, heatDigit{tenth(left + wide/2), have})
		}
	}
	have, begun := -1, from
	for _, span := range r.Spans {
		if !span.Until.After(from) || !span.From.Before(until) {
			continue
		}
		if span.Have == have {
			continue
		}
		if start := civil.Later(span.From, from); have >= 0 {
			flush(begun, start, have)
			begun = start
		}
		have = span.Have
	}
	if have >= 0 {
		flush(begun, until, have)
	}
	for level := range paths {
		if paths[level].Len() > 0 {
			s.Levels = append(s.Levels, heatLevel{level, paths[level].String()})
		}
	}
	for _, g := range r.Gaps {
		if !g.Until.After(from) || !g.From.Before(until) {
			continue
		}
		left := x(civil.Later(g.From, from))
		gap := heatGap{X: tenth(left), Wide: tenth(x(civil.Earlier(g.Until, until)) - left), Y: s.Y, High: s.High}
		if gap.Says = gapSays(g) + " " + when.EchoSpan(g.From, g.Until, z.Name); g.Kind == coverage.On {
			gap.Y, gap.High = s.Y+s.High*2/3, s.High/3 // below, so that both kinds are seen
		}
		s.Gaps = append(s.Gaps, gap)
	}
}

// gapSays says what a gap lacks.
func gapSays(g coverage.Gap) string {
	switch {
	case g.Kind == coverage.On:
		return "nobody is on shift"
	case g.Most == 0:
		return "nobody is awake"
	}
	return fmt.Sprintf("only %d of %d awake", g.Have, g.Want)
}

// written writes a length as a drawing needs it and no longer.
func written(v float64) string { return strconv.FormatFloat(tenth(v), 'f', -1, 64) }

// tenth rounds to a tenth.
func tenth(v float64) float64 { return float64(int(v*10+.5)) / 10 }
