package coverage

import (
	"time"

	"batsignal/oncall"
	"batsignal/oncall/civil"
)

// hours are a time of the day: what waking depends on.
type hours struct {
	zone          string
	wakes, sleeps int
}

// stretch is a time from one instant to another, in nanoseconds since 1970: many
// thousands are compared.
type stretch struct{ from, until int64 }

// wakings knows when people with the same hours are awake, or want quiet.
type wakings struct {
	from, until time.Time
	known       map[hours][]stretch
}

func (w *wakings) of(h hours) []stretch {
	found, ok := w.known[h]
	if !ok {
		found = awake(h, w.from, w.until)
		w.known[h] = found
	}
	return found
}

// awake lists when the clock on the wall is inside waking hours, by time and without
// touching. Where a time on the clock comes twice both count, so that whoever wakes or
// sleeps then is awake for longer, and never asleep by a change of clocks.
func awake(h hours, from, until time.Time) []stretch {
	first, last := from.UnixNano(), until.UnixNano()
	if h.wakes == h.sleeps {
		return []stretch{{first, last}}
	}
	zone := oncall.Location(h.zone)
	length := h.sleeps - h.wakes
	if length < 0 {
		length += 24 * 60
	}
	var out []stretch
	// The night before began the day before.
	for day := civil.Of(from, zone).Midnight().AddDays(-1); ; day = day.AddDays(1) {
		begin := day.AddMinutes(h.wakes)
		s := stretch{begin.In(zone, civil.Start).UnixNano(), begin.AddMinutes(length).In(zone, civil.End).UnixNano()}
		if s.from >= last {
			return out
		}
		s.from, s.until = max(s.from, first), min(s.until, last)
		if s.from >= s.until {
			continue
		}
		if n := len(out); n > 0 && s.from <= out[n-1].until {
			out[n-1].until = max(out[n-1].until, s.until)
			continue
		}
		out = append(out, s)
	}
}
