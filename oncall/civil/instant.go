package civil

import (
	"math"
	"time"
)

// Use says what a wall time is for, where it means no instant or two.
type Use int

// The uses. Where clocks are put forward and a wall time is left out, both mean the
// instant of the change; where they are put back and it comes twice, a shift starts
// the first time and ends the last. So of two shifts in a row the later never starts
// after the earlier has ended.
const (
	Start Use = iota
	End
)

// widest is more than any zone was ever ahead of UTC or behind it (Alaska and Manila
// were by almost 16 hours), in seconds. A zone may name 24 hours and a bit.
const widest = 26 * 60 * 60

// In is the instant that a wall time means in a zone: Start the first at which the
// clock shows it or a later time, End the last up to which it shows it or an earlier
// one. Almost always that is the same.
func (d DateTime) In(zone *time.Location, use Use) time.Time {
	// time.Date is of no help: in a gap it answers an instant an hour or a day away.
	// Instead the stretches between changes of the zone are looked at in turn, from
	// where the wall time cannot have come yet to where it must have passed. Nearly
	// always there is one.
	wall := d.asUTC().Unix()
	at, until := wall-widest, wall+widest
	end := at
	for at <= until {
		offset, next := stretch(at, zone)
		shows := wall - offset // when the clock would show it, were the offset always this
		switch {
		case use == Start && shows < next:
			return instant(max(shows, at), zone)
		case use == End && at <= shows: // the stretch does not begin with later times
			end = min(shows, next)
		}
		at = next
	}
	return instant(end, zone)
}

// stretch is how many seconds a zone is ahead of UTC at an instant, and until when
// that surely holds. It may hold for longer.
func stretch(at int64, zone *time.Location) (offset, until int64) {
	t := time.Unix(at, 0).In(zone)
	_, seconds := t.Zone()
	_, bound := t.ZoneBounds()
	switch {
	case bound.IsZero():
		return int64(seconds), math.MaxInt64
	case bound.Unix() > at:
		return int64(seconds), bound.Unix()
	}
	// On the last day of a leap year Go answers the day before, since it reckons with
	// years of 365 days. No rule changes a clock on that day: ask again tomorrow.
	const day = 24 * 60 * 60
	return int64(seconds), at - at%day + day
}

func instant(seconds int64, zone *time.Location) time.Time { return time.Unix(seconds, 0).In(zone) }
