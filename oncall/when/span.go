package when

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

const spanExamples = `Write it like tomorrow 18:00 for 4h, sunday 03:00 to monday 09:00, 24 dec to 26 dec or until friday 18:00.`

// Span reads a stretch of time: "tomorrow 18:00 Berlin for 4h", "sunday 03:00 to monday
// 09:00", "until friday 18:00", "for 2 weeks", "24-26 dec", "next week", "tonight
// 22:00-06:00". Without a beginning it begins now. A day as the end is meant until its
// end, and a day by itself is all of it. A zone written at one end holds for both. An
// error is fault.Invalid.
func (r Reader) Span(text string) (Stretch, error) {
	words, err := split(text)
	if err != nil {
		return Stretch{}, err
	}
	said, err := r.parts(words)
	if err != nil {
		return Stretch{}, err
	}
	h, err := r.home(said.start.zone)
	if err != nil {
		return Stretch{}, err
	}
	s, err := r.stretch(h, said)
	if said.start.kind != dated || said.start.date.year != 0 {
		return s, err
	}
	// "25 nov to 5 dec", said between the two, has begun.
	for _, year := range []int{h.today.Year, h.today.Year - 1} {
		begun := said
		begun.start.date.year = year
		if !begun.start.date.exists() {
			continue
		}
		b, bad := r.stretch(h, begun)
		if bad == nil && b.From.Before(r.Now) && b.Until.After(r.Now) && b.Until.Sub(b.From) < longestDays/2*24*time.Hour {
			return b, nil
		}
	}
	return s, err
}

// saying is the parts of what somebody wrote about a stretch: it ends at a point, after
// a length, or is as long as what its start names.
type saying struct {
	start point
	end   *point
	lasts *length
}

var (
	openers  = []string{"from", "starting", "beginning", "between", "since"}
	untils   = []string{"to", "until", "till", "til", "through", "thru", "-"}
	dayRange = regexp.MustCompile(`^(\d{1,2})-(\d{1,2})$`)
)

func (r Reader) parts(words []string) (saying, error) {
	var s saying
	var err error
	words, between := opened(daysParted(words))
	var cuts []int
	for i, w := range words {
		if slices.Contains(untils, w) || w == "and" && between {
			cuts = append(cuts, i)
		}
	}
	long := slices.Index(words, "for")
	switch {
	case len(words) == 0:
		return s, fault.New(fault.Invalid, "A time is missing. %s", spanExamples)
	case len(cuts) > 1 || len(cuts) == 1 && long >= 0:
		return s, fault.New(fault.Invalid, "That has more than one end. Write one stretch at a time. %s", spanExamples)
	case long >= 0:
		l, rest, err := takeLength(words[long+1:])
		if err != nil {
			return s, err
		}
		if len(rest) == len(words[long+1:]) {
			return s, fault.New(fault.Invalid, "For how long? Write it like for 4h, for 90m or for 2 weeks.")
		}
		s.lasts = &l
		rest, _ = opened(rest)
		s.start, err = r.startPoint(append(slices.Clone(words[:long]), rest...))
		return s, err
	case len(cuts) == 1:
		a, b := monthShared(words[:cuts[0]], words[cuts[0]+1:])
		if len(b) == 0 {
			return s, fault.New(fault.Invalid, "Until when? %s", spanExamples)
		}
		if s.start, err = r.startPoint(a); err != nil {
			return s, err
		}
		end, err := r.point(b)
		if err != nil {
			return s, err
		}
		s.end = &end
		return s.shared()
	}
	s.start, err = r.point(words)
	return s, err
}

// startPoint reads where a stretch begins: now, if nothing is written.
func (r Reader) startPoint(words []string) (point, error) {
	if len(words) == 0 {
		return point{at: r.Now}, nil
	}
	return r.point(words)
}

// opened drops a word that begins a stretch.
func opened(words []string) (rest []string, between bool) {
	if len(words) > 0 && slices.Contains(openers, words[0]) {
		return words[1:], words[0] == "between"
	}
	return words, false
}

// daysParted takes "24-26" apart beside a month.
func daysParted(words []string) []string {
	for i, w := range words {
		m := dayRange.FindStringSubmatch(w)
		if m == nil {
			continue
		}
		var before, behind bool
		if i > 0 {
			_, before = monthOf(words[i-1])
		}
		if i+1 < len(words) {
			_, behind = monthOf(words[i+1])
		}
		if before || behind {
			return slices.Concat(words[:i], []string{m[1], "-", m[2]}, words[i+1:])
		}
	}
	return words
}

// monthShared gives the month that only one end names to a bare day at the other: "24 to
// 26 dec", "dec 24 to 26".
func monthShared(a, b []string) ([]string, []string) {
	if len(a) == 1 && ordinal.MatchString(a[0]) {
		if len(b) > 0 {
			if d, used := takeDate(b); used > 1 {
				a = append(slices.Clone(a), monthWords(d)...)
			}
		}
		return a, b
	}
	if len(b) > 0 && ordinal.MatchString(b[0]) {
		if _, used := takeDate(b); used > 0 {
			return a, b
		}
		for i := range a {
			if d, used := takeDate(a[i:]); used > 1 {
				return a, slices.Concat(b[:1], monthWords(d), b[1:])
			}
		}
	}
	return a, b
}

// monthWords are the month of a date, and its year if it has one.
func monthWords(d date) []string {
	words := []string{strings.ToLower(d.month.String())}
	if d.year != 0 {
		words = append(words, strconv.Itoa(d.year))
	}
	return words
}

// shared gives each end what only the other names: the zone, and the day in "18:00 to
// 20:00 tomorrow".
func (s saying) shared() (saying, error) {
	if s.start.zone.in == nil {
		s.start.zone = s.end.zone
	} else if s.end.zone.in == nil {
		s.end.zone = s.start.zone
	}
	if s.end.clockFirst && s.start.hasClock && s.start.kind == noDay {
		clock := s.start.clock
		midnight := s.start.midnight
		z := s.start.zone
		s.start = *s.end
		s.start.clock, s.start.midnight, s.start.zone = clock, midnight, z
		s.end.kind, s.end.clockFirst = noDay, false
		if err := s.start.check(); err != nil {
			return s, err
		}
	}
	if s.end.kind == weekday && s.start.kind == weekday && s.start.week == s.end.week && !s.start.hasClock && !s.end.hasClock {
		return s, fault.New(fault.Invalid, "That might be one day or a week and a day. Write the dates, like 24 dec to 31 dec.")
	}
	return s, nil
}

// stretch works out which instants are meant.
func (r Reader) stretch(h here, said saying) (Stretch, error) {
	p := said.start
	dayOnly := p.at.IsZero() && !p.hasClock && p.kind != ahead
	switch {
	case said.end == nil && said.lasts == nil && !dayOnly:
		return Stretch{}, fault.New(fault.Invalid, "Until when? %s", spanExamples)
	case said.lasts != nil && dayOnly && said.lasts.clock != 0:
		return Stretch{}, fault.New(fault.Invalid, "From what time on? Write it like tomorrow 18:00 for 4h.")
	}
	from, notes, err := h.first(p, civil.Start)
	if err != nil {
		return Stretch{}, err
	}
	until, more, err := r.end(h, said, from, dayOnly)
	if err != nil {
		return Stretch{}, err
	}
	s := Stretch{From: from.UTC(), Until: until.UTC(), Zone: h.zone.name, Notes: append(notes, more...), zones: r.shown(h.zone), now: r.Now}
	return s, s.check(h, p)
}

// end is when a stretch ends that begins at from.
func (r Reader) end(h here, said saying, from time.Time, dayOnly bool) (time.Time, []string, error) {
	if said.end != nil {
		there, err := r.home(said.end.zone)
		if err != nil {
			return from, nil, err
		}
		return there.after(*said.end, from)
	}
	wall := civil.Of(from, h.zone.in)
	if dayOnly {
		wall = wall.Midnight() // the day may begin at 01:00, where clocks change at midnight
	}
	days := 1
	switch {
	case said.lasts != nil:
		days = said.lasts.days
		if days == 0 {
			return from.Add(said.lasts.clock), nil, nil
		}
	case said.start.kind == wholeWeek, said.start.kind == weekend:
		days = daysUntil(wall.Weekday(), time.Sunday) + 1
	}
	until := wall.AddDays(days).In(h.zone.in, civil.End)
	if !dayOnly {
		until = until.Add(from.Sub(from.Truncate(time.Minute))) // a wall shows no seconds
	}
	if said.lasts != nil {
		until = until.Add(said.lasts.clock)
	}
	return until, nil, nil
}

func (s Stretch) check(h here, start point) error {
	if err := h.near(s.From); err != nil {
		return err
	}
	if err := h.near(s.Until); err != nil {
		return err
	}
	explicit := start.kind == dated || start.kind == counted || !start.at.IsZero()
	switch {
	case !s.Until.After(s.From):
		return fault.New(fault.Invalid, "That would end (%s) before it begins (%s). %s", Echo(s.Until, s.zones...), Echo(s.From, s.zones...), spanExamples)
	case s.Until.Sub(s.From) > longestDays*24*time.Hour:
		return tooLong()
	case !explicit && h.now.Sub(s.From) > 24*time.Hour:
		return fault.New(fault.Invalid, "That begins in the past. If it is meant so, write the date, like 2026-11-20 18:00.")
	}
	return nil
}
