package schedule_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall/civil"
	"batsignal/oncall/schedule"
	"batsignal/oncall/schedule/scheduletest"
)

// someZones are zones with all that clocks ever do: an hour, half an hour, a day, at
// midnight, to the second, the other way round, and nothing.
var someZones = []string{"Europe/Berlin", "America/Chicago", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kwajalein", "America/Havana",
	"Africa/Monrovia", "Africa/Casablanca", "Europe/Dublin", "America/Juneau", "Asia/Kathmandu", "UTC"}

// draw makes up a schedule. What it is made of comes of one number, so that a failure
// can be run again, if not be made smaller.
func draw(t *rapid.T) (d drawn, r *rand.Rand) {
	r = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	d.s, d.overrides, d.absences = scheduletest.Draw(r, rapid.SampledFrom(someZones).Draw(t, "zone"), people)
	return d, r
}

// At every instant after a layer has begun somebody is on by it, or is named as away:
// there is no silent hole, whatever the clocks do.
func TestThereIsNeverASilentHole(t *testing.T) {
	looked := 0
	rapid.Check(t, func(t *rapid.T) {
		d, r := draw(t)
		for i, l := range d.s.Layers {
			l.Windows, l.Shadow = nil, false
			l.Ends = l.Starts.AddDays(900)
			if len(l.Members) == 0 {
				l.Members = []int64{1}
			}
			alone := d.s
			alone.Layers = []schedule.Layer{l}
			from := scheduletest.Instant(r, alone, nil, nil)
			until := from.AddDate(0, 0, 30)
			begin, end := bounds(alone, l)
			if from, until = civil.Later(from, begin), civil.Earlier(until, end); !from.Before(until) {
				continue
			}
			looked++
			covered := from
			for _, s := range alone.Shifts(nil, d.absences, from, until) {
				if s.From.After(covered) {
					t.Fatalf("layer %d: nobody from %s until %s\n%s", i, covered.UTC(), s.From.UTC(), d)
				}
				covered = civil.Later(covered, s.Until)
			}
			if !covered.Equal(until) {
				t.Fatalf("layer %d: nobody from %s until %s\n%s", i, covered.UTC(), until.UTC(), d)
			}
			if at := from.Add(time.Duration(r.Int64N(int64(until.Sub(from))))); len(alone.On(nil, d.absences, at)) == 0 {
				t.Fatalf("layer %d: nobody at %s\n%s", i, at.UTC(), d)
			}
		}
	})
	if looked < 100 {
		t.Errorf("only %d layers were looked at", looked)
	}
}

// bounds are the ends of a layer with one person, who has no handoffs.
func bounds(s schedule.Schedule, l schedule.Layer) (from, until time.Time) {
	l.Members = []int64{1}
	s.Layers = []schedule.Layer{l}
	whole := s.Shifts(nil, nil, l.Starts.Time().AddDate(0, 0, -3), l.Ends.Time().AddDate(0, 0, 3))
	if len(whole) != 1 {
		return from, from // all of it was left out by the clocks
	}
	return whole[0].From, whole[0].Until
}

// An override changes nothing outside its range.
func TestOverridesNeverLeak(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, r := draw(t)
		if len(d.overrides) == 0 {
			return
		}
		i := r.IntN(len(d.overrides))
		o, without := d.overrides[i], d
		without.overrides = slices.Delete(slices.Clone(d.overrides), i, i+1)
		same := func(at time.Time) {
			if got, want := timeless(d.on(at)), timeless(without.on(at)); !slices.Equal(got, want) {
				t.Fatalf("override %d leaks to %s:\n%s, without it\n%s\n%s", o.ID, at.UTC(), lines(got), lines(want), d)
			}
		}
		same(o.From.Add(-1))
		same(o.Until)
		for range 20 {
			if at := scheduletest.Instant(r, d.s, d.overrides, d.absences); at.Before(o.From) || !at.Before(o.Until) {
				same(at)
			}
		}
		for _, outside := range [][2]time.Time{{o.From.AddDate(0, 0, -9), o.From}, {o.Until, o.Until.AddDate(0, 0, 9)}} {
			got := d.s.Shifts(d.overrides, d.absences, outside[0], outside[1])
			want := d.s.Shifts(without.overrides, d.absences, outside[0], outside[1])
			if !slices.Equal(got, want) {
				t.Fatalf("override %d leaks:\n%s, without it\n%s\n%s", o.ID, lines(got), lines(want), d)
			}
		}
	})
}

// Two who swap shifts of a layer are on as long together as before, and for everybody
// else nothing changes, even where the clocks make the two shifts overlap.
func TestSwapsConserveHours(t *testing.T) {
	swapped := 0
	rapid.Check(t, func(t *rapid.T) {
		d, r := draw(t)
		layer := &d.s.Layers[0]
		for i := range d.s.Layers { // people on by two layers are listed once, which is another matter
			l := &d.s.Layers[i]
			l.Members = []int64{10 * int64(i+1), 10*int64(i+1) + 1, 10*int64(i+1) + 2}[:1+r.IntN(3)]
		}
		layer.Members = []int64{1, 2, 3, 1, 2}[:2+r.IntN(4)]
		from := scheduletest.Instant(r, d.s, nil, nil).AddDate(0, 0, -3)
		until := from.AddDate(0, 0, 60)
		before := d.s.Shifts(nil, nil, from, until)
		mine, ok1 := pick(r, before, layer.Name, 1)
		theirs, ok2 := pick(r, before, layer.Name, 2)
		if !ok1 || !ok2 || busy(before, 2, mine, theirs) || busy(before, 1, theirs, mine) {
			return
		}
		swapped++
		swap := []schedule.Override{
			{ID: 1, Layer: layer.Name, Person: 2, Instead: 1, From: mine.From, Until: mine.Until, Cover: 9},
			{ID: 2, Layer: layer.Name, Person: 1, Instead: 2, From: theirs.From, Until: theirs.Until, Cover: 9},
		}
		after := d.s.Shifts(swap, nil, from, until)
		was, is := hours(before), hours(after)
		if was[1]+was[2] != is[1]+is[2] {
			t.Fatalf("%s and %s before, %s and %s after\n%s", was[1], was[2], is[1], is[2], d)
		}
		if len(was) != len(is) {
			t.Fatalf("%v before, %v after\n%s", was, is, d)
		}
		for person, time := range was {
			if person > 2 && is[person] != time {
				t.Fatalf("%d is on for %s instead of %s\n%s", person, is[person], time, d)
			}
		}
	})
	if swapped == 0 {
		t.Error("nothing was swapped")
	}
}

// pick picks one of somebody's shifts.
func pick(r *rand.Rand, shifts []schedule.Shift, layer string, person int64) (schedule.Shift, bool) {
	theirs := slices.DeleteFunc(slices.Clone(shifts), func(s schedule.Shift) bool { return s.Layer != layer || s.Person != person })
	if len(theirs) == 0 {
		return schedule.Shift{}, false
	}
	return theirs[r.IntN(len(theirs))], true
}

// busy tells whether somebody has another shift than the one they give at the time of
// the one they take: a turn before it that ends later at a change of clocks. Nobody is
// on twice at once.
func busy(shifts []schedule.Shift, person int64, takes, gives schedule.Shift) bool {
	return slices.ContainsFunc(shifts, func(s schedule.Shift) bool {
		return s.Person == person && s != gives && s.From.Before(takes.Until) && takes.From.Before(s.Until)
	})
}

func hours(shifts []schedule.Shift) map[int64]time.Duration {
	sum := map[int64]time.Duration{}
	for _, s := range shifts {
		sum[s.Person] += s.Until.Sub(s.From)
	}
	return sum
}

// However a range is cut, the parts say together what the whole says.
func TestPartsMakeAWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, r := draw(t)
		middle := scheduletest.Instant(r, d.s, d.overrides, d.absences)
		from, until := middle.AddDate(0, 0, -1-r.IntN(9)), middle.AddDate(0, 0, 1+r.IntN(9))
		whole := d.s.Shifts(d.overrides, d.absences, from, until)
		parts := slices.Concat(d.s.Shifts(d.overrides, d.absences, from, middle), d.s.Shifts(d.overrides, d.absences, middle, until))
		for i, s := range parts {
			if s.From.Equal(middle) {
				before := slices.IndexFunc(parts[:i], func(other schedule.Shift) bool { return other.Until.Equal(middle) && alike(s, other) })
				if before >= 0 {
					parts[before].Until, parts[i].Until = s.Until, s.From // joined; nothing is left of the second
				}
			}
		}
		parts = slices.DeleteFunc(parts, func(s schedule.Shift) bool { return s.From.Equal(s.Until) })
		order := func(a, b schedule.Shift) int {
			if n := a.From.Compare(b.From); n != 0 {
				return n
			}
			return int(a.Person - b.Person)
		}
		slices.SortFunc(whole, order)
		slices.SortFunc(parts, order)
		if !slices.Equal(whole, parts) {
			t.Fatalf("cut at %s:\n%s, and in one piece\n%s\n%s", middle.UTC(), lines(parts), lines(whole), d)
		}
	})
}
