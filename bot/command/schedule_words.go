package command

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/when"
)

// stretch is a time, and what is to be said of it.
type stretch struct {
	from, until time.Time
	words       string
}

// scheduleWords tells the shifts that begin before until, in a line each, and the times
// at which nobody is on although the rotation says that somebody should be. b reaches
// until far.
func scheduleWords(b rota.Book, s schedule.Schedule, people map[int64]oncall.Person, c *Call, until, far time.Time) []string {
	shifts := b.Shifts(s, c.Now, far)
	var all []stretch
	for _, sh := range shifts {
		all = append(all, stretch{sh.From, sh.Until, shiftLine(sh, s, people)})
	}
	for _, gap := range emptyTimes(s, shifts, c.Now, far) {
		all = append(all, stretch{gap.from, gap.until, "nobody (gap)"})
	}
	slices.SortStableFunc(all, func(a, b stretch) int { return a.from.Compare(b.from) })
	var lines []string
	for _, st := range all {
		if st.from.Before(until) {
			lines = append(lines, fromWords(st, c, far)+": "+st.words)
		}
	}
	return lines
}

// fromWords tells a stretch; what goes on now has begun, and what reaches as far as is
// known has no end.
func fromWords(st stretch, c *Call, far time.Time) string {
	now, on := !st.from.After(c.Now), !st.until.Before(far)
	switch {
	case now && on:
		return "Now and until further notice"
	case now:
		return "Now until " + when.Echo(st.until, c.Zone)
	case on:
		return "From " + when.Echo(st.from, c.Zone) + " until further notice"
	}
	return when.EchoSpan(st.from, st.until, c.Zone)
}

// shiftLine tells who is on by a shift, and what is special about it.
func shiftLine(sh schedule.Shift, s schedule.Schedule, people map[int64]oncall.Person) string {
	var marks []string
	if sh.Layer != "" && len(s.Layers) > 1 {
		marks = append(marks, sh.Layer)
	}
	if sh.Layer == "" {
		marks = append(marks, "in addition")
	}
	if sh.Of != 0 && sh.Of != sh.Person {
		marks = append(marks, "instead of "+people[sh.Of].Handle)
	}
	if sh.Override != 0 {
		marks = append(marks, fmt.Sprintf("override O%d", sh.Override))
	}
	if sh.Shadow {
		marks = append(marks, "shadow, not rung")
	}
	if sh.Away {
		marks = append(marks, "away")
	}
	text := people[sh.Person].Handle
	if len(marks) > 0 {
		text += " (" + strings.Join(marks, ", ") + ")"
	}
	return text
}

// emptyTimes are the times at which nobody is there although the rotation has somebody
// on: they are away, or were taken off.
func emptyTimes(s schedule.Schedule, shifts []schedule.Shift, from, until time.Time) []stretch {
	empty := joined(s.Shifts(nil, nil, from, until))
	for _, on := range joined(schedule.Present(shifts)) {
		var left []stretch
		for _, e := range empty {
			if !on.from.Before(e.until) || !e.from.Before(on.until) {
				left = append(left, e)
				continue
			}
			if e.from.Before(on.from) {
				left = append(left, stretch{from: e.from, until: on.from})
			}
			if on.until.Before(e.until) {
				left = append(left, stretch{from: on.until, until: e.until})
			}
		}
		empty = left
	}
	return empty
}

// joined are the times of shifts that ring somebody, those that touch made one.
func joined(shifts []schedule.Shift) []stretch {
	var out []stretch
	for _, sh := range shifts {
		last := len(out) - 1
		switch {
		case sh.Shadow:
		case last >= 0 && !sh.From.After(out[last].until):
			if sh.Until.After(out[last].until) {
				out[last].until = sh.Until
			}
		default:
			out = append(out, stretch{from: sh.From, until: sh.Until})
		}
	}
	return out
}
