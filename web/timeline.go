package web

import (
	"math"
	"slices"
	"time"

	"batsignal/oncall/schedule"
	"batsignal/oncall/when"
)

// A timeline is measured in the units of its drawing, which are pixels on a wide screen.
const (
	timelineWide = 1120
	timelineTop  = 52 // for the days and hours
	laneHigh     = 26
	rowTitle     = 18
	rowGap       = 8
	letterWide   = 7.2 // about, of what is written in a bar
	colours      = 8
)

// timeline is a drawing of who is on by a schedule: what each layer says by itself, and
// below that what came of it. It is linear in time, so that a day on which clocks change
// is shorter or longer than others.
type timeline struct {
	From, Until time.Time
	Zone        zoned
	Days        []dayMark
	Hours       []hourMark
	Rows        []timelineRow
	Now         float64 // where the present is; below 0 is outside
	High        int
}

// dayMark is a day of the calendar at the head of a timeline.
type dayMark struct {
	X, Wide float64
	Label   string
	Odd     string // "23 h" on a day of another length than 24 hours
	Weekend bool
}

// hourMark is a time of day at the head of a timeline.
type hourMark struct {
	X     float64
	Label string
}

// timelineRow is a layer, or what came of all of them.
type timelineRow struct {
	Title  string
	Result bool
	Y      int // of its title
	High   int
	Bars   []bar
	Gaps   []bar
}

// bar is a shift as it is drawn.
type bar struct {
	schedule.Shift
	Lane    int
	X, Wide float64
	Y       int
	Colour  int    // 0 to colours-1, the same for one person everywhere
	Label   string // what fits in
	Says    string // all of it, in words
}

// drawing is what a timeline is drawn from.
type drawing struct {
	Schedule    schedule.Schedule
	Shifts      []schedule.Shift // what came of it, from From until Until
	From, Until time.Time
	Now         time.Time
	Zone        zoned
	Handle      func(person int64) string
}

// timeline draws.
func (d drawing) timeline() timeline {
	t := timeline{From: d.From, Until: d.Until, Zone: d.Zone, Now: -1}
	if !d.Now.Before(d.From) && d.Now.Before(d.Until) {
		t.Now = t.x(d.Now)
	}
	t.markDays()
	t.markHours()
	colour := d.colours()
	y := timelineTop
	add := func(row timelineRow, shifts []schedule.Shift, lanes func([]schedule.Shift) []int) {
		row.Y = y
		most := 0
		for i, lane := range lanes(shifts) {
			b := d.bar(shifts[i], t)
			b.Lane, b.Colour = lane, colour[b.Person]
			b.Y = y + rowTitle + lane*laneHigh
			most = max(most, lane+1)
			row.Bars = append(row.Bars, b)
		}
		row.High = rowTitle + max(most, 1)*laneHigh
		y += row.High + rowGap
		t.Rows = append(t.Rows, row)
	}
	for _, l := range d.Schedule.Layers {
		alone := schedule.Schedule{Zone: d.Schedule.Zone, Layers: []schedule.Layer{l}}
		title := "Layer " + l.Name
		if l.Shadow {
			title += ", which looks on and is not rung"
		}
		add(timelineRow{Title: title}, alone.Shifts(nil, nil, d.From, d.Until), lanesOf)
	}
	result := timelineRow{Title: "Who is on, after all that was decided", Result: true}
	for _, g := range gapsIn(d.Shifts, d.From, d.Until) {
		result.Gaps = append(result.Gaps, d.gap(g, t, y+rowTitle))
	}
	add(result, d.Shifts, func(shifts []schedule.Shift) []int { return lanesByLayer(d.Schedule, shifts) })
	t.High = y
	return t
}

// x is where an instant is.
func (t timeline) x(at time.Time) float64 {
	part := float64(at.Sub(t.From)) / float64(t.Until.Sub(t.From))
	return math.Round(part*timelineWide*100) / 100
}

// Wide is how wide the drawing is.
func (t timeline) Wide() int { return timelineWide }

// BarsHigh is how high the bars of a row are together.
func (r timelineRow) BarsHigh() int { return r.High - rowTitle }

// bar places a shift and puts it in words.
func (d drawing) bar(s schedule.Shift, t timeline) bar {
	b := bar{Shift: s, X: t.x(s.From)}
	b.Wide = t.x(s.Until) - b.X
	b.Says = d.says(s) + " " + when.EchoSpan(s.From, s.Until, d.Zone.Name)
	name := d.Handle(s.Person)
	switch {
	case s.Away:
		name += " is away"
	case s.Of != 0:
		if long := name + " for " + d.Handle(s.Of); fitting(long, b.Wide) == long {
			name = long
		}
	}
	b.Label = fitting(name, b.Wide)
	return b
}

// gap is a time at which nobody is on, as it is drawn behind the bars.
func (d drawing) gap(g stretch, t timeline, y int) bar {
	b := bar{Shift: schedule.Shift{From: g.From, Until: g.Until}, X: t.x(g.From), Y: y}
	b.Wide = t.x(g.Until) - b.X
	b.Says = "nobody is on " + when.EchoSpan(g.From, g.Until, d.Zone.Name)
	covered := func(s schedule.Shift) bool { return s.From.Before(g.Until) && s.Until.After(g.From) }
	if !slices.ContainsFunc(d.Shifts, covered) {
		b.Label = fitting("nobody", b.Wide)
	}
	return b
}

// says tells who is on and how, without when.
func (d drawing) says(s schedule.Shift) string {
	text := d.Handle(s.Person)
	switch {
	case s.Away:
		text += " is away and would be on"
	case s.Shadow:
		text += " looks on"
	default:
		text += " is on"
	}
	if s.Of != 0 {
		text += " instead of " + d.Handle(s.Of)
	}
	if s.Layer == "" {
		return text + " in addition"
	}
	return text + " by layer " + s.Layer
}

// fitting cuts a text to what fits into a bar; in the narrowest is nothing.
func fitting(text string, wide float64) string {
	letters := []rune(text)
	fit := int((wide - 8) / letterWide)
	switch {
	case fit >= len(letters):
		return text
	case fit < 2:
		return ""
	}
	return string(letters[:fit-1]) + "…"
}

// colours gives everybody who is seen a colour: neighbours in a rotation have different
// ones.
func (d drawing) colours() map[int64]int {
	out := map[int64]int{}
	see := func(person int64) {
		if _, seen := out[person]; !seen && person != 0 {
			out[person] = len(out) % colours
		}
	}
	for _, l := range d.Schedule.Layers {
		for _, m := range l.Members {
			see(m)
		}
	}
	for _, s := range d.Shifts {
		see(s.Person)
	}
	return out
}
