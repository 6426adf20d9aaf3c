package switchboard

import "time"

// reading is both clocks at once: the one on the wall, which people set, and the one that
// they cannot.
type reading struct {
	wall time.Time
	up   Uptime
}

// span is a time that began and will end, by both clocks.
type span struct {
	Since time.Time     `json:"since"`
	Until time.Time     `json:"until"`
	Boot  string        `json:"boot"`
	Up    time.Duration `json:"up"` // of the machine, at Since
}

func newSpan(r reading, d time.Duration) span {
	// Text of a time keeps no monotonic reading: neither does what we compare before it was
	// written, or a restart would make a difference.
	since := r.wall.UTC().Round(0)
	return span{Since: since, Until: since.Add(d), Boot: r.up.Boot, Up: r.up.For}
}

func (s span) length() time.Duration { return s.Until.Sub(s.Since) }

// sure tells whether the clock that nobody sets has run on since the span began.
func (s span) sure(r reading) bool { return r.up.Boot != "" && s.Boot == r.up.Boot && r.up.For >= s.Up }

// over tells whether what was allowed is so no more: by either clock, or when in doubt.
func (s span) over(r reading) bool {
	return !s.sure(r) || r.up.For-s.Up >= s.length() || !r.wall.Before(s.Until)
}

// holds tells whether what was forbidden still is: where the unsettable clock knows, by
// that alone.
func (s span) holds(r reading) bool {
	if s.sure(r) {
		return r.up.For-s.Up < s.length()
	}
	return r.wall.Before(s.Until)
}

// age is how long ago it began; 0 when the clocks do not tell.
func (s span) age(r reading) time.Duration {
	if s.sure(r) {
		return r.up.For - s.Up
	}
	return max(r.wall.Sub(s.Since), 0)
}
