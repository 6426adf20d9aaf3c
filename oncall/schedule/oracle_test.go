package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones are the same on every machine that tests

	"batsignal/oncall/civil"
	"batsignal/oncall/schedule"
	"batsignal/oncall/schedule/scheduletest"
)

// People of drawn schedules. Few, so that they meet themselves often.
var people = []int64{1, 2, 3, 4, 5}

// TestOracle compares On and Shifts with an oracle that counts and looks where they
// reckon: 10,000 drawn schedules and instants, in all zones of the tz database.
func TestOracle(t *testing.T) {
	zones := scheduletest.Zones(t)
	const pairs, seed = 10_000, 5
	busy, changed, away := 0, 0, 0
	for i := range pairs {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		d := drawn{}
		d.s, d.overrides, d.absences = scheduletest.Draw(r, zones[i%len(zones)], people)
		if err := d.s.Check(); err != nil {
			t.Fatalf("a drawn schedule is not valid: %v", err)
		}
		at := scheduletest.Instant(r, d.s, d.overrides, d.absences)
		on := d.on(at)
		d.compare(t, on, at)
		d.compareLess(t, on, at)
		switch i % 3 { // all of it each time would take half a minute
		case 0:
			d.compareEnds(t, r, on)
		case 1:
			d.compareShifts(t, r, at)
		}
		for _, s := range on {
			busy++
			if s.Of != 0 || s.Layer == "" {
				changed++
			}
			if s.Away {
				away++
			}
		}
		if t.Failed() {
			t.Fatalf("pair %d, at %s: %s", i, at.UTC(), d)
		}
	}
	// If hardly anything were on, agreeing would be no news.
	if busy < pairs || changed < pairs/20 || away < pairs/20 {
		t.Errorf("%d shifts were compared, of which %d were changed and %d are of people who are away: too few", busy, changed, away)
	}
}

// drawn is a schedule that was made up, with what was decided about it.
type drawn struct {
	s         schedule.Schedule
	overrides []schedule.Override
	absences  []schedule.Absence
}

func (d drawn) on(at time.Time) []schedule.Shift { return d.s.On(d.overrides, d.absences, at) }

func (d drawn) oracle(at time.Time) []schedule.Shift {
	return scheduletest.On(d.s, d.overrides, d.absences, at)
}

// compare looks at who is on, apart from since and until when.
func (d drawn) compare(t *testing.T, got []schedule.Shift, at time.Time) {
	t.Helper()
	if want := d.oracle(at); !slices.Equal(timeless(got), want) {
		t.Errorf("at %s: on is\n%s, the oracle says\n%s", at.UTC(), lines(got), lines(want))
	}
}

// compareLess looks at the ways to ask for less than all: they say the same about it.
func (d drawn) compareLess(t *testing.T, on []schedule.Shift, at time.Time) {
	t.Helper()
	if who := d.s.Who(d.overrides, d.absences, at); !slices.Equal(who, timeless(on)) {
		t.Errorf("at %s: on is\n%s, and without ends\n%s", at.UTC(), lines(on), lines(who))
	}
	onward := slices.Clone(on)
	for i := range onward {
		onward[i].From = at.UTC()
	}
	if got := d.s.Onward(d.overrides, d.absences, at); !slices.Equal(got, onward) {
		t.Errorf("at %s: onward is\n%s, want\n%s", at.UTC(), lines(got), lines(onward))
	}
}

// compareEnds asks the oracle on both sides of the ends of each shift.
func (d drawn) compareEnds(t *testing.T, r *rand.Rand, on []schedule.Shift) {
	t.Helper()
	for _, s := range on {
		is := func(at time.Time, want bool) {
			t.Helper()
			at = at.Truncate(time.Second)
			has := slices.ContainsFunc(d.oracle(at), func(other schedule.Shift) bool { return alike(s, other) })
			if has != want {
				t.Errorf("at %s the oracle has it: %v, but the shift is\n%s", at.UTC(), has, lines([]schedule.Shift{s}))
			}
		}
		is(s.From.Add(-time.Second), false)
		is(s.From, true)
		if s.Endless() {
			is(s.From.AddDate(3, 0, 0), true)
			continue
		}
		is(s.From.Add(time.Duration(r.Int64N(int64(s.Until.Sub(s.From))))), true)
		is(s.Until.Add(-time.Second), true)
		is(s.Until, false)
	}
}

// compareShifts looks at shifts of some days around an instant: that they say what the
// oracle says wherever one looks, and that they are in order, whole, and cut as told.
func (d drawn) compareShifts(t *testing.T, r *rand.Rand, at time.Time) {
	t.Helper()
	from := at.Add(-time.Duration(r.IntN(7*24)) * time.Hour)
	until := at.Add(time.Duration(1+r.IntN(7*24)) * time.Hour)
	shifts := d.s.Shifts(d.overrides, d.absences, from, until)
	for i, s := range shifts {
		if s.From.Before(from) || s.Until.After(until) || !s.From.Before(s.Until) {
			t.Errorf("shift\n%s is not within %s and %s", lines(shifts[i:i+1]), from, until)
		}
		if i > 0 && s.From.Before(shifts[i-1].From) {
			t.Errorf("shifts are not by time:\n%s", lines(shifts))
		}
		for _, other := range shifts[:i] {
			if alike(s, other) && !s.From.After(other.Until) {
				t.Errorf("these are one:\n%s", lines([]schedule.Shift{other, s}))
			}
		}
	}
	edges := []time.Time{from, at, until.Add(-time.Second)}
	for _, s := range shifts {
		edges = append(edges, s.From, s.Until.Add(-time.Second))
	}
	for range 6 {
		at := edges[r.IntN(len(edges))]
		var then []schedule.Shift
		for _, s := range shifts {
			if !at.Before(s.From) && at.Before(s.Until) {
				then = append(then, s)
			}
		}
		// In which order they stand is told by On; which override made them, at the
		// beginning only.
		if got, want := sorted(then), sorted(d.oracle(at)); !slices.EqualFunc(got, want, alike) {
			t.Errorf("at %s: the shifts are\n%s, the oracle says\n%s", at.UTC(), lines(got), lines(want))
		}
		on := d.on(at)
		for _, s := range on {
			s.From, s.Until = civil.Later(s.From, from), civil.Earlier(s.Until, until)
			if !slices.ContainsFunc(then, func(other schedule.Shift) bool {
				return alike(s, other) && s.From.Equal(other.From) && s.Until.Equal(other.Until)
			}) {
				t.Errorf("at %s On and Shifts differ:\n%sand\n%s", at.UTC(), lines(on), lines(then))
			}
		}
	}
}

// timeless takes the times out of shifts.
func timeless(shifts []schedule.Shift) []schedule.Shift {
	var bare []schedule.Shift
	for _, s := range shifts {
		s.From, s.Until = time.Time{}, time.Time{}
		bare = append(bare, s)
	}
	return bare
}

// alike tells whether two shifts would be one if they followed each other.
func alike(a, b schedule.Shift) bool {
	a.From, a.Until, a.Override = b.From, b.Until, b.Override
	return a == b
}

func sorted(shifts []schedule.Shift) []schedule.Shift {
	return slices.SortedFunc(slices.Values(shifts), func(a, b schedule.Shift) int { return int(a.Person - b.Person) })
}

// lines writes shifts for people who look for a mistake.
func lines(shifts []schedule.Shift) string {
	var b strings.Builder
	for _, s := range shifts {
		fmt.Fprintf(&b, "  %d by %q", s.Person, s.Layer)
		if s.Of != 0 {
			fmt.Fprintf(&b, " for %d", s.Of)
		}
		if s.Shadow {
			b.WriteString(" as a shadow")
		}
		if s.Away {
			b.WriteString(" who is away")
		}
		if s.Override != 0 {
			fmt.Fprintf(&b, " by override %d", s.Override)
		}
		if !s.From.IsZero() {
			fmt.Fprintf(&b, ", %s until %s", s.From.UTC().Format(time.DateTime), s.Until.UTC().Format(time.DateTime))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// String writes a drawn schedule for the same people.
func (d drawn) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "zone %s\n", d.s.Zone)
	for _, l := range d.s.Layers {
		fmt.Fprintf(&b, "  %s: zone %q, %s until %s, %s %v, members %v, windows %v, shadow %v\n", l.Name, l.Zone, l.Starts, l.Ends, l.Unit, l.Turns, l.Members, l.Windows, l.Shadow)
	}
	for _, o := range d.overrides {
		fmt.Fprintf(&b, "  override %d (cover %d): %d instead of %d by %q, %s until %s\n", o.ID, o.Cover, o.Person, o.Instead, o.Layer, o.From.UTC(), o.Until.UTC())
	}
	for _, a := range d.absences {
		fmt.Fprintf(&b, "  %d is away %s until %s\n", a.Person, a.From.UTC(), a.Until.UTC())
	}
	return b.String()
}

// wall reads a wall time.
func wall(t testing.TB, text string) civil.DateTime {
	t.Helper()
	d, err := civil.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
