package civil_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"
	_ "time/tzdata" // the zones are the same on every machine that tests

	"batsignal/oncall/civil"
	"batsignal/oncall/schedule/scheduletest"
)

// The vectors say what instants we mean by wall times that are left out or come twice.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/dst.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Zone, Wall, Kind string
		Job              time.Time
		ShiftStart       time.Time `json:"shift_start"`
		ShiftEnd         time.Time `json:"shift_end"`
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) == 0 {
		t.Fatal("there are no vectors")
	}
	for _, v := range vectors {
		t.Run(v.Zone+" "+v.Wall, func(t *testing.T) {
			wall := parse(t, v.Wall)
			is := func(what string, use civil.Use, want time.Time) {
				t.Helper()
				if got := wall.In(zone(t, v.Zone), use); !got.Equal(want) {
					t.Errorf("%s: %s, want %s", what, got.UTC(), want)
				}
			}
			if v.Kind == "gap" { // a vector without them: nothing begins or ends elsewhere
				v.ShiftStart, v.ShiftEnd = v.Job, v.Job
			}
			is("job", civil.Start, v.Job)
			is("shift that starts", civil.Start, v.ShiftStart)
			is("shift that ends", civil.End, v.ShiftEnd)
		})
	}
}

func TestWallTimesThatAreLeftOutOrComeTwice(t *testing.T) {
	for _, c := range []struct{ zone, wall, start, end string }{
		{"UTC", "2026-03-29 02:30", "2026-03-29T02:30:00Z", "2026-03-29T02:30:00Z"},
		{"Asia/Kathmandu", "2026-01-01 00:00", "2025-12-31T18:15:00Z", "2025-12-31T18:15:00Z"},
		// Berlin: just before the gap, at its ends, and after it.
		{"Europe/Berlin", "2026-03-29 01:59", "2026-03-29T00:59:00Z", "2026-03-29T00:59:00Z"},
		{"Europe/Berlin", "2026-03-29 02:00", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "2026-03-29 02:59", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "2026-03-29 03:00", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "2026-03-29 03:01", "2026-03-29T01:01:00Z", "2026-03-29T01:01:00Z"},
		// And the fold: 03:00 comes once, 02:00 twice.
		{"Europe/Berlin", "2026-10-25 01:59", "2026-10-24T23:59:00Z", "2026-10-24T23:59:00Z"},
		{"Europe/Berlin", "2026-10-25 02:00", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"},
		{"Europe/Berlin", "2026-10-25 02:59", "2026-10-25T00:59:00Z", "2026-10-25T01:59:00Z"},
		{"Europe/Berlin", "2026-10-25 03:00", "2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z"},
		// Lord Howe moves by half an hour.
		{"Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03T15:30:00Z", "2026-10-03T15:30:00Z"},
		{"Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"},
		// Samoa left out a day, and Kwajalein; before that, Kwajalein had one twice.
		{"Pacific/Apia", "2011-12-30 00:00", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
		{"Pacific/Apia", "2011-12-31 00:00", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
		{"Pacific/Kwajalein", "1993-08-21 12:00", "1993-08-21T12:00:00Z", "1993-08-21T12:00:00Z"},
		{"Pacific/Kwajalein", "1969-09-30 12:00", "1969-09-30T01:00:00Z", "1969-10-01T00:00:00Z"},
		// Midnight is left out where clocks change at midnight.
		{"America/Havana", "2026-03-08 00:00", "2026-03-08T05:00:00Z", "2026-03-08T05:00:00Z"},
		// The last day of a leap year, which Go's bounds of zones leave out.
		{"America/New_York", "2048-12-31 12:00", "2048-12-31T17:00:00Z", "2048-12-31T17:00:00Z"},
		{"Australia/Sydney", "2048-12-31 12:00", "2048-12-31T01:00:00Z", "2048-12-31T01:00:00Z"},
	} {
		wall := parse(t, c.wall)
		for use, want := range map[civil.Use]string{civil.Start: c.start, civil.End: c.end} {
			if got := wall.In(zone(t, c.zone), use).UTC().Format(time.RFC3339); got != want {
				t.Errorf("%s in %s, use %d: %s, want %s", c.wall, c.zone, use, got, want)
			}
		}
	}
}

// What In promises is looked up on the clock itself, second by second of whatever is
// around each change, in every zone there is.
func TestEveryChangeOfEveryZone(t *testing.T) {
	for _, name := range scheduletest.Zones(t) {
		z := zone(t, name)
		for _, change := range changes(z) {
			before, after := civil.Of(change.Add(-time.Minute), z), civil.Of(change, z)
			for _, wall := range []civil.DateTime{
				before, after, after.AddMinutes(-1), after.AddMinutes(1), before.AddMinutes(1), before.AddMinutes(-1),
				before.AddMinutes(after.MinutesSince(before) / 2), after.AddDays(-1), after.AddDays(1),
			} {
				start, end := wall.In(z, civil.Start), wall.In(z, civil.End)
				shows := func(t time.Time) int { return civil.Of(t, z).Compare(wall) }
				switch {
				case start.After(end):
					t.Errorf("%s in %s starts at %s, after its end %s", wall, name, start, end)
				case shows(start) < 0 || shows(start.Add(-time.Second)) >= 0:
					t.Errorf("%s in %s does not begin at %s", wall, name, start)
				case shows(end) < 0 || shows(end) > 0 && shows(end.Add(-time.Second)) >= 0:
					t.Errorf("%s in %s does not come for the last time at %s", wall, name, end)
				case shows(start) > 0 && !start.Equal(end):
					t.Errorf("%s in %s is left out, but starts at %s and ends at %s", wall, name, start, end)
				}
				// No earlier start, no later end: clocks were never changed by more than a day.
				for m := -26 * 60; m < 26*60; m += 61 {
					at := change.Add(time.Duration(m) * time.Minute)
					if at.Before(start) && shows(at) >= 0 || !at.Before(end.Add(time.Minute)) && shows(at) <= 0 {
						t.Errorf("%s in %s: wrong ends %s and %s, see %s", wall, name, start, end, at)
						break
					}
				}
			}
		}
	}
}

// changes lists when the clocks of a zone were or will be changed, from 1970 to 2040.
func changes(z *time.Location) []time.Time {
	var all []time.Time
	for at := time.Unix(0, 0).In(z); at.Year() <= 2040; {
		_, next := at.ZoneBounds()
		if next.IsZero() {
			break
		}
		if !next.After(at) { // so Go says on the last day of a leap year
			at = at.AddDate(0, 0, 1)
			continue
		}
		at = next
		all = append(all, at)
	}
	return all
}

// FuzzWallTimes: a shift that ends where the next begins never leaves a hole, whatever
// the zone; and time does not run backwards.
func FuzzWallTimes(f *testing.F) {
	f.Add("Europe/Berlin", int64(1774747800), 30)
	f.Add("Pacific/Apia", int64(1325239200), 600)
	f.Add("America/Juneau", int64(-3225223727), 60)
	f.Fuzz(func(t *testing.T, name string, seconds int64, minutes int) {
		z, err := civil.Zone(name)
		if err != nil || seconds < -1<<36 || seconds > 1<<36 || minutes < 0 || minutes > 1<<20 {
			t.Skip()
		}
		at := time.Unix(seconds, 0)
		wall := civil.Of(at, z)
		later := wall.AddMinutes(minutes)
		start, end := wall.In(z, civil.Start), wall.In(z, civil.End)
		// What starts with this minute has started, what ends with it has not ended.
		if over := wall.AddMinutes(1).In(z, civil.End); start.After(at) || !over.After(at) {
			t.Errorf("the clock shows %s at %s, which is not from %s until %s", wall, at, start, over)
		}
		if later.In(z, civil.Start).Before(start) || later.In(z, civil.End).Before(end) || start.After(end) {
			t.Errorf("%s and %s are out of order in %s", wall, later, name)
		}
	})
}

func BenchmarkIn(b *testing.B) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/Chicago"} {
		b.Run(name, func(b *testing.B) {
			z, err := civil.Zone(name)
			if err != nil {
				b.Fatal(err)
			}
			wall := civil.DateTime{Year: 2026, Month: 7, Day: 1, Hour: 9}
			for b.Loop() {
				wall.In(z, civil.End)
			}
		})
	}
}
