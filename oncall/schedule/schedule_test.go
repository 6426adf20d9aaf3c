package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/schedule"
)

const (
	ann int64 = iota + 1
	bob
	cem
	dia
)

var names = map[int64]string{ann: "ann", bob: "bob", cem: "cem", dia: "dia"}

// weekly is the schedule that most have: a week each, from Monday 09:00.
func weekly(t testing.TB, zone string, members ...int64) schedule.Schedule {
	return schedule.Schedule{Name: "web", Title: "Web", Zone: zone, Layers: []schedule.Layer{{
		Name: "first", Starts: wall(t, "2024-01-01 09:00"), Unit: schedule.Week, Turns: []int{1}, Members: members,
	}}}
}

// story tells shifts as a person would: "ann Mon 4 Mar 15:00 - Mon 11 Mar 14:00", in UTC.
func story(shifts []schedule.Shift) string {
	var lines []string
	for _, s := range shifts {
		line := names[s.Person]
		if s.Of != 0 {
			line += " for " + names[s.Of]
		}
		if s.Layer != "first" {
			line += fmt.Sprintf(" (%s)", s.Layer)
		}
		if s.Shadow {
			line += " looks on"
		}
		if s.Away {
			line += " is away"
		}
		const form = "Mon 2 Jan 15:04"
		line += " " + s.From.UTC().Format(form) + " - "
		if s.Endless() {
			line += "never"
		} else {
			line += s.Until.UTC().Format(form)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func want(t *testing.T, shifts []schedule.Shift, lines ...string) {
	t.Helper()
	if got, want := story(shifts), strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\n\nwant\n%s", got, want)
	}
}

// utc reads an instant.
func utc(t testing.TB, text string) time.Time {
	t.Helper()
	return wall(t, text).Time()
}

func TestAWeekWhenClocksChangeIsLongerOrShorter(t *testing.T) {
	s := weekly(t, "America/Chicago", ann, bob)
	for _, c := range []struct {
		at    string
		hours int
	}{
		{"2024-03-01 12:00", 168},
		{"2024-03-08 12:00", 167}, // clocks are put forward in its last night
		{"2024-11-01 12:00", 169}, // and back
		{"2124-11-01 12:00", 169}, // in a hundred years too
	} {
		on := s.On(nil, nil, utc(t, c.at))
		if len(on) != 1 {
			t.Fatalf("at %s: %s", c.at, story(on))
		}
		if got := on[0].Until.Sub(on[0].From); got != time.Duration(c.hours)*time.Hour {
			t.Errorf("at %s %s: %s, want %d hours", c.at, story(on), got, c.hours)
		}
	}
}

// Whose shift ends at a time that comes twice stays until the last of them; whose
// begins there comes with the first. Nothing is ever left to nobody.
func TestHandoffAtATimeThatComesTwice(t *testing.T) {
	s := weekly(t, "America/Chicago", ann, bob)
	s.Layers[0].Starts = wall(t, "2024-10-27 01:30")
	want(t, s.Shifts(nil, nil, utc(t, "2024-11-02 00:00"), utc(t, "2024-11-05 00:00")),
		"ann Sat 2 Nov 00:00 - Sun 3 Nov 07:30",
		"bob Sun 3 Nov 06:30 - Tue 5 Nov 00:00")
	want(t, s.On(nil, nil, utc(t, "2024-11-03 07:00")),
		"ann Sun 27 Oct 06:30 - Sun 3 Nov 07:30",
		"bob Sun 3 Nov 06:30 - Sun 10 Nov 07:30")
}

func TestHandoffAtATimeThatIsLeftOut(t *testing.T) {
	s := weekly(t, "America/Chicago", ann, bob)
	s.Layers[0].Starts = wall(t, "2024-03-03 02:30")
	want(t, s.Shifts(nil, nil, utc(t, "2024-03-09 00:00"), utc(t, "2024-03-12 00:00")),
		"ann Sat 9 Mar 00:00 - Sun 10 Mar 08:00",
		"bob Sun 10 Mar 08:00 - Tue 12 Mar 00:00")
}

// Samoa had no 30 December 2011: who was to be on that day never was.
func TestATurnOnADayThatIsLeftOut(t *testing.T) {
	s := weekly(t, "Pacific/Apia", ann, bob, cem)
	s.Layers[0].Starts, s.Layers[0].Unit = wall(t, "2011-12-29 00:00"), schedule.Day
	want(t, s.Shifts(nil, nil, utc(t, "2011-12-29 00:00"), utc(t, "2011-12-31 12:00")),
		"ann Thu 29 Dec 10:00 - Fri 30 Dec 10:00",
		"cem Fri 30 Dec 10:00 - Sat 31 Dec 10:00",
		"ann Sat 31 Dec 10:00 - Sat 31 Dec 12:00")
}

func TestTurnsOfSeveralLengths(t *testing.T) {
	s := weekly(t, "UTC", ann, bob, cem)
	s.Layers[0].Unit, s.Layers[0].Turns = schedule.Day, []int{4, 3}
	want(t, s.Shifts(nil, nil, utc(t, "2024-01-01 00:00"), utc(t, "2024-01-17 00:00")),
		"ann Mon 1 Jan 09:00 - Fri 5 Jan 09:00",
		"bob Fri 5 Jan 09:00 - Mon 8 Jan 09:00",
		"cem Mon 8 Jan 09:00 - Fri 12 Jan 09:00",
		"ann Fri 12 Jan 09:00 - Mon 15 Jan 09:00",
		"bob Mon 15 Jan 09:00 - Wed 17 Jan 00:00")
}

// A month from the 31st ends on the last day of the next, and that does not rub off on
// the month after.
func TestMonthsFromTheThirtyFirst(t *testing.T) {
	s := weekly(t, "UTC", ann, bob)
	s.Layers[0].Starts, s.Layers[0].Unit = wall(t, "2024-01-31 09:00"), schedule.Month
	want(t, s.Shifts(nil, nil, utc(t, "2024-01-01 00:00"), utc(t, "2024-06-01 00:00")),
		"ann Wed 31 Jan 09:00 - Thu 29 Feb 09:00",
		"bob Thu 29 Feb 09:00 - Sun 31 Mar 09:00",
		"ann Sun 31 Mar 09:00 - Tue 30 Apr 09:00",
		"bob Tue 30 Apr 09:00 - Fri 31 May 09:00",
		"ann Fri 31 May 09:00 - Sat 1 Jun 00:00")
}

func TestNobodyIsOnBeforeAndAfterAndWithoutMembers(t *testing.T) {
	s := weekly(t, "Europe/Berlin", ann, bob)
	s.Layers[0].Ends = wall(t, "2024-01-10 12:00")
	want(t, s.Shifts(nil, nil, utc(t, "2020-01-01 00:00"), utc(t, "2030-01-01 00:00")),
		"ann Mon 1 Jan 08:00 - Mon 8 Jan 08:00",
		"bob Mon 8 Jan 08:00 - Wed 10 Jan 11:00")
	for _, at := range []string{"2024-01-01 07:59", "2024-01-10 11:00", "1901-01-01 00:00", "2500-01-01 00:00"} {
		want(t, s.On(nil, nil, utc(t, at)))
	}
	want(t, weekly(t, "UTC").On(nil, nil, utc(t, "2024-06-01 00:00")))
	want(t, schedule.Schedule{}.On(nil, nil, utc(t, "2024-06-01 00:00")))
	want(t, s.Shifts(nil, nil, utc(t, "2024-01-03 00:00"), utc(t, "2024-01-03 00:00")))
}

// Somebody alone is never handed anything over, by the hour or otherwise.
func TestOnePersonHasOneShift(t *testing.T) {
	s := weekly(t, "Europe/Berlin", ann, ann)
	s.Layers[0].Unit = schedule.Hour
	s.Layers = append(s.Layers, schedule.Layer{Name: "second", Starts: wall(t, "2024-01-01"), Unit: schedule.Hour, Turns: []int{1}, Members: []int64{ann, bob}})
	want(t, s.On(nil, nil, utc(t, "2031-06-01 01:30")),
		"ann Mon 1 Jan 08:00 - never",
		"bob (second) Sun 1 Jun 01:00 - Sun 1 Jun 02:00")
	want(t, s.On(nil, []schedule.Absence{{Person: ann, From: utc(t, "2030-01-01 00:00"), Until: utc(t, "2030-02-01 00:00")}}, utc(t, "2031-06-01 00:30")),
		"ann Fri 1 Feb 00:00 - never")
}

// Following the sun: three layers, each on for a third of the day of its own zone.
func TestFollowTheSun(t *testing.T) {
	layer := func(name, zone string, member int64) schedule.Layer {
		return schedule.Layer{Name: name, Zone: zone, Starts: wall(t, "2024-01-01"), Unit: schedule.Week, Turns: []int{1}, Members: []int64{member},
			Windows: []schedule.Window{{From: 9 * 60, Until: 17 * 60}}}
	}
	s := schedule.Schedule{Name: "sun", Title: "Sun", Zone: "UTC", Layers: []schedule.Layer{
		layer("europe", "Europe/London", ann), layer("america", "America/Los_Angeles", bob), layer("asia", "Asia/Singapore", cem),
	}}
	want(t, s.Shifts(nil, nil, utc(t, "2024-01-10 09:00"), utc(t, "2024-01-11 09:00")),
		"ann (europe) Wed 10 Jan 09:00 - Wed 10 Jan 17:00",
		"bob (america) Wed 10 Jan 17:00 - Thu 11 Jan 01:00",
		"cem (asia) Thu 11 Jan 01:00 - Thu 11 Jan 09:00")
}

// At night on weekdays: windows reach into the next day, those that overlap are one,
// and a turn cuts them.
func TestWindows(t *testing.T) {
	s := weekly(t, "Europe/Berlin", ann, bob)
	const monday, friday = 1, 16
	s.Layers[0].Windows = []schedule.Window{
		{Days: monday | friday, From: 22 * 60, Until: 6 * 60},
		{Days: monday | friday, From: 23 * 60, Until: 24 * 60},
		{Days: 64, From: 0, Until: 24 * 60},       // Sunday
		{Days: monday, From: 0, Until: 9*60 + 30}, // a turn ends in the middle
	}
	want(t, s.Shifts(nil, nil, utc(t, "2024-06-03 12:00"), utc(t, "2024-06-10 12:00")),
		"ann Mon 3 Jun 20:00 - Tue 4 Jun 04:00",
		"ann Fri 7 Jun 20:00 - Sat 8 Jun 04:00",
		"ann Sat 8 Jun 22:00 - Mon 10 Jun 07:00",
		"bob Mon 10 Jun 07:00 - Mon 10 Jun 07:30")
	want(t, s.On(nil, nil, utc(t, "2024-06-07 21:30")), "ann Fri 7 Jun 20:00 - Sat 8 Jun 04:00")
	want(t, s.On(nil, nil, utc(t, "2024-06-05 12:00")))
	s.Layers[0].Windows = []schedule.Window{{From: 9 * 60, Until: 9 * 60}} // all day
	want(t, s.On(nil, nil, utc(t, "2024-06-05 12:00")), "ann Mon 3 Jun 07:00 - Mon 10 Jun 07:00")
}

func TestOverrides(t *testing.T) {
	s := weekly(t, "UTC", ann, bob)
	s.Layers = append(s.Layers, schedule.Layer{Name: "second", Starts: s.Layers[0].Starts, Unit: schedule.Week, Turns: []int{1}, Members: []int64{bob, ann}})
	noon, evening := utc(t, "2024-01-02 12:00"), utc(t, "2024-01-02 18:00")
	for _, c := range []struct {
		what      string
		overrides []schedule.Override
		want      []string
	}{
		{"none", nil, []string{
			"ann Mon 1 Jan 09:00 - Mon 8 Jan 09:00", "bob (second) Mon 1 Jan 09:00 - Mon 8 Jan 09:00"}},
		{"cem comes for ann", []schedule.Override{{Person: cem, Instead: ann}}, []string{
			"cem for ann Tue 2 Jan 12:00 - Tue 2 Jan 18:00", "bob (second) Mon 1 Jan 09:00 - Mon 8 Jan 09:00"}},
		{"cem comes for ann in another layer, where she is not", []schedule.Override{{Person: cem, Instead: ann, Layer: "second"}}, []string{
			"ann Mon 1 Jan 09:00 - Mon 8 Jan 09:00", "bob (second) Mon 1 Jan 09:00 - Mon 8 Jan 09:00"}},
		{"nobody comes for ann", []schedule.Override{{Instead: ann}}, []string{
			"bob (second) Mon 1 Jan 09:00 - Mon 8 Jan 09:00"}},
		{"cem comes in addition", []schedule.Override{{Person: cem}}, []string{
			"cem () Tue 2 Jan 12:00 - Tue 2 Jan 18:00", "ann Mon 1 Jan 09:00 - Mon 8 Jan 09:00", "bob (second) Mon 1 Jan 09:00 - Mon 8 Jan 09:00"}},
		{"said twice is said once", []schedule.Override{{Person: cem, Instead: ann}, {Person: cem, Instead: ann}}, []string{
			"cem for ann Tue 2 Jan 12:00 - Tue 2 Jan 18:00", "bob (second) Mon 1 Jan 09:00 - Mon 8 Jan 09:00"}},
		{"cem for ann, then dia for cem", []schedule.Override{{Person: cem, Instead: ann}, {Person: dia, Instead: cem}}, []string{
			"dia for ann Tue 2 Jan 12:00 - Tue 2 Jan 18:00", "bob (second) Mon 1 Jan 09:00 - Mon 8 Jan 09:00"}},
		{"the other way round dia is for nobody", []schedule.Override{{Person: dia, Instead: cem}, {Person: cem, Instead: ann}}, []string{
			"cem for ann Tue 2 Jan 12:00 - Tue 2 Jan 18:00", "bob (second) Mon 1 Jan 09:00 - Mon 8 Jan 09:00"}},
		{"and back to ann: as if nothing was", []schedule.Override{{Person: cem, Instead: ann}, {Person: ann, Instead: cem}}, []string{
			"ann Mon 1 Jan 09:00 - Mon 8 Jan 09:00", "bob (second) Mon 1 Jan 09:00 - Mon 8 Jan 09:00"}},
		{"bob comes for ann, and is listed once", []schedule.Override{{Person: bob, Instead: ann}}, []string{
			"bob for ann Tue 2 Jan 12:00 - Tue 2 Jan 18:00"}},
		{"bob comes in addition, and is listed once", []schedule.Override{{Person: bob}}, []string{
			"bob () Tue 2 Jan 12:00 - Tue 2 Jan 18:00", "ann Mon 1 Jan 09:00 - Mon 8 Jan 09:00"}},
		{"the two of them swap", []schedule.Override{{Person: bob, Instead: ann, Layer: "first", Cover: 7}, {Person: ann, Instead: bob, Layer: "second", Cover: 7}}, []string{
			"bob for ann Tue 2 Jan 12:00 - Tue 2 Jan 18:00", "ann for bob (second) Tue 2 Jan 12:00 - Tue 2 Jan 18:00"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			for i := range c.overrides {
				c.overrides[i].ID, c.overrides[i].From, c.overrides[i].Until = int64(i+1), noon, evening
			}
			want(t, s.On(c.overrides, nil, noon), c.want...)
			slices.Reverse(c.overrides) // the order that counts is that of their numbers
			before := slices.Clone(c.overrides)
			want(t, s.On(c.overrides, nil, evening.Add(-1)), c.want...)
			if !slices.Equal(before, c.overrides) {
				t.Error("the caller's overrides were put in another order")
			}
		})
	}
}

// Where a shift was cut by somebody else's, both halves are shifts.
func TestACoverCutsAShift(t *testing.T) {
	s := weekly(t, "UTC", ann, bob)
	cover := []schedule.Override{{ID: 4, Person: cem, Instead: ann, From: utc(t, "2024-01-03 00:00"), Until: utc(t, "2024-01-05 00:00")}}
	shifts := s.Shifts(cover, nil, utc(t, "2024-01-01 00:00"), utc(t, "2024-01-10 00:00"))
	want(t, shifts,
		"ann Mon 1 Jan 09:00 - Wed 3 Jan 00:00",
		"cem for ann Wed 3 Jan 00:00 - Fri 5 Jan 00:00",
		"ann Fri 5 Jan 00:00 - Mon 8 Jan 09:00",
		"bob Mon 8 Jan 09:00 - Wed 10 Jan 00:00")
	if shifts[0].Override != 0 || shifts[1].Override != 4 {
		t.Errorf("overrides %d and %d", shifts[0].Override, shifts[1].Override)
	}
}

func TestWhoIsAwayIsListedAsAGap(t *testing.T) {
	s := weekly(t, "UTC", ann, bob)
	absences := []schedule.Absence{
		{Person: ann, From: utc(t, "2024-01-02 00:00"), Until: utc(t, "2024-01-04 00:00")},
		{Person: ann, From: utc(t, "2024-01-03 00:00"), Until: utc(t, "2024-01-05 00:00")},
	}
	shifts := s.Shifts(nil, absences, utc(t, "2024-01-01 00:00"), utc(t, "2024-01-08 00:00"))
	want(t, shifts,
		"ann Mon 1 Jan 09:00 - Tue 2 Jan 00:00",
		"ann is away Tue 2 Jan 00:00 - Fri 5 Jan 00:00",
		"ann Fri 5 Jan 00:00 - Mon 8 Jan 00:00")
	want(t, schedule.Present(shifts),
		"ann Mon 1 Jan 09:00 - Tue 2 Jan 00:00",
		"ann Fri 5 Jan 00:00 - Mon 8 Jan 00:00")
	// Somebody covers: no gap, unless they are away too.
	cover := []schedule.Override{{ID: 1, Person: cem, Instead: ann, From: absences[0].From, Until: absences[1].Until}}
	want(t, s.On(cover, absences, utc(t, "2024-01-03 12:00")), "cem for ann Tue 2 Jan 00:00 - Fri 5 Jan 00:00")
	absences[0].Person = cem
	want(t, s.On(cover, absences, utc(t, "2024-01-03 12:00")), "cem for ann is away Tue 2 Jan 00:00 - Thu 4 Jan 00:00")
}

// Whoever is rung does not also look on; who only looks on can be told, and not rung.
func TestShadows(t *testing.T) {
	s := weekly(t, "UTC", ann, bob)
	s.Layers = append([]schedule.Layer{{Name: "learn", Shadow: true, Starts: s.Layers[0].Starts, Unit: schedule.Week, Turns: []int{1}, Members: []int64{cem, bob}}}, s.Layers...)
	want(t, s.On(nil, nil, utc(t, "2024-01-02 00:00")),
		"cem (learn) looks on Mon 1 Jan 09:00 - Mon 8 Jan 09:00",
		"ann Mon 1 Jan 09:00 - Mon 8 Jan 09:00")
	want(t, s.On(nil, nil, utc(t, "2024-01-09 00:00")), "bob Mon 8 Jan 09:00 - Mon 15 Jan 09:00")
	want(t, schedule.Present(s.On(nil, nil, utc(t, "2024-01-02 00:00"))), "ann Mon 1 Jan 09:00 - Mon 8 Jan 09:00")
}

// A layer that ends at a time that comes twice ends with the last; whose turn would have
// begun there never comes.
func TestALayerEndsAtATimeThatComesTwice(t *testing.T) {
	s := weekly(t, "America/Chicago", ann, bob)
	s.Layers[0].Starts, s.Layers[0].Ends = wall(t, "2024-10-27 01:30"), wall(t, "2024-11-03 01:30")
	want(t, s.On(nil, nil, utc(t, "2024-11-03 07:15")), "ann Sun 27 Oct 06:30 - Sun 3 Nov 07:30")
	want(t, s.Shifts(nil, nil, utc(t, "2024-11-03 00:00"), utc(t, "2024-11-04 00:00")), "ann Sun 3 Nov 00:00 - Sun 3 Nov 07:30")
}

// Kwajalein had 30 September 1969 twice, but for an hour; Juneau went back by a day in an
// afternoon, when Russia sold it. Windows and turns of the days around are all mixed up;
// the oracle knows.
func TestADayThatComesTwice(t *testing.T) {
	for _, c := range []struct{ zone, starts, day string }{
		{"Pacific/Kwajalein", "1969-09-01 00:30", "1969-09-30"},
		{"America/Juneau", "1867-10-01 00:30", "1867-10-19"},
	} {
		from := utc(t, c.day).AddDate(0, 0, -3)
		for _, w := range []schedule.Window{{From: 9 * 60, Until: 17 * 60}, {From: 23 * 60, Until: 22 * 60}, {From: 60, Until: 0}, {Days: 4, From: 1425, Until: 1425}, {Days: 8, From: 1380, Until: 1350}} {
			for _, unit := range []schedule.Unit{schedule.Hour, schedule.Day, schedule.Week} {
				d := drawn{s: weekly(t, c.zone, ann, bob, cem)}
				d.s.Layers[0].Starts, d.s.Layers[0].Unit, d.s.Layers[0].Windows = wall(t, c.starts), unit, []schedule.Window{w}
				for at := from; at.Before(from.AddDate(0, 0, 6)); at = at.Add(time.Hour) {
					on := d.on(at)
					d.compare(t, on, at)
					if shifts := d.s.Shifts(nil, nil, at, at.Add(time.Second)); !slices.Equal(timeless(shifts), timeless(on)) {
						t.Errorf("at %s Shifts says\n%s, On\n%s", at, lines(shifts), lines(on))
					}
					if at.Hour() == 6 {
						d.compareEnds(t, rand.New(rand.NewPCG(0, 0)), on)
					}
				}
				if t.Failed() {
					t.Fatal(d)
				}
			}
		}
	}
}

// A zone that the machine does not know must not leave a page without anybody.
func TestAnUnknownZoneReadsAsUTC(t *testing.T) {
	want(t, weekly(t, "Europe/Atlantis", ann, bob).On(nil, nil, utc(t, "2024-01-02 00:00")), "ann Mon 1 Jan 09:00 - Mon 8 Jan 09:00")
}

// Schedules live for decades: the millionth hour is reckoned, not counted.
func TestAfterDecades(t *testing.T) {
	s := weekly(t, "Europe/Berlin", ann, bob)
	s.Layers[0].Starts, s.Layers[0].Unit = wall(t, "1900-01-01"), schedule.Hour
	want(t, s.On(nil, nil, utc(t, "2024-07-01 10:30")), "ann Mon 1 Jul 10:00 - Mon 1 Jul 11:00")
}

func BenchmarkOn(b *testing.B) {
	for name, s := range benched(b) {
		b.Run(name, func(b *testing.B) {
			at := utc(b, "2026-07-04 12:00")
			for b.Loop() {
				s.s.On(s.overrides, s.absences, at)
			}
		})
	}
}

func BenchmarkShifts14Days(b *testing.B) {
	for name, s := range benched(b) {
		b.Run(name, func(b *testing.B) {
			from := utc(b, "2026-07-04 12:00")
			for b.Loop() {
				s.s.Shifts(s.overrides, s.absences, from, from.AddDate(0, 0, 14))
			}
		})
	}
}

func benched(b *testing.B) map[string]drawn {
	plain := weekly(b, "Europe/Berlin", ann, bob, cem)
	layers := plain
	layers.Layers = slices.Clone(layers.Layers)
	for i, zone := range []string{"America/Los_Angeles", "Asia/Singapore"} {
		layers.Layers = append(layers.Layers, schedule.Layer{Name: fmt.Sprint("sun-", i), Zone: zone, Starts: wall(b, "2020-01-01"),
			Unit: schedule.Day, Turns: []int{4, 3}, Members: []int64{ann, bob, cem, dia}, Windows: []schedule.Window{{Days: 31, From: 9 * 60, Until: 17 * 60}}})
	}
	years := drawn{s: layers}
	for i, from := 0, utc(b, "2022-01-01 00:00"); i < 250; i, from = i+1, from.AddDate(0, 0, 7) {
		years.overrides = append(years.overrides, schedule.Override{ID: int64(i), Person: int64(10 + i%7), Instead: ann + int64(i%3), From: from, Until: from.Add(30 * time.Hour)})
		years.absences = append(years.absences, schedule.Absence{Person: ann + int64(i%4), From: from, Until: from.Add(20 * time.Hour)})
	}
	return map[string]drawn{"weekly": {s: plain}, "sun": {s: layers}, "sun, 5 years of overrides": years}
}
