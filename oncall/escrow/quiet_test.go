package escrow_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall/escrow"
)

func TestQuietTimes(t *testing.T) {
	for _, c := range []struct {
		quiet, at string
		want      bool
	}{
		{"", "2026-11-29T03:00:00Z", false},
		{"22:00-07:00 Europe/Berlin", "2026-11-29T20:59:59Z", false}, // 21:59:59 there
		{"22:00-07:00 Europe/Berlin", "2026-11-29T21:00:00Z", true},
		{"22:00-07:00 Europe/Berlin", "2026-11-29T23:30:00Z", true},
		{"22:00-07:00 Europe/Berlin", "2026-11-30T05:59:59Z", true},
		{"22:00-07:00 Europe/Berlin", "2026-11-30T06:00:00Z", false},
		{"22:00-07:00 Europe/Berlin", "2026-07-01T20:00:00Z", true}, // an hour earlier in summer
		{"22:00-07:00 Europe/Berlin", "2026-07-01T05:00:00Z", false},
		{"12:00-13:30 Asia/Kolkata", "2026-11-29T06:30:00Z", true},
		{"12:00-13:30 Asia/Kolkata", "2026-11-29T08:00:00Z", false},
		{"00:00-23:59 UTC", "2026-11-29T23:58:59Z", true},
		{"00:00-23:59 UTC", "2026-11-29T23:59:30Z", false},
		{"23:59-00:00 UTC", "2026-11-29T23:59:30Z", true},
		{"23:59-00:00 UTC", "2026-11-30T00:00:00Z", false},

		// Berlin, 29 March: 02:00 is 03:00. The night is an hour shorter and ends on the dial.
		{"22:00-07:00 Europe/Berlin", "2026-03-29T04:59:59Z", true},
		{"22:00-07:00 Europe/Berlin", "2026-03-29T05:00:00Z", false},
		{"02:30-04:00 Europe/Berlin", "2026-03-29T00:59:59Z", false}, // 01:59:59
		{"02:30-04:00 Europe/Berlin", "2026-03-29T01:00:00Z", true},  // 03:00: 02:30 was skipped
		{"02:30-04:00 Europe/Berlin", "2026-03-29T02:00:00Z", false},
		{"02:15-02:45 Europe/Berlin", "2026-03-29T01:00:00Z", false}, // no such time that day

		// 25 October: 03:00 is 02:00 again. 02:30 is twice, and in between nobody is woken.
		{"22:00-07:00 Europe/Berlin", "2026-10-25T05:59:59Z", true},
		{"22:00-07:00 Europe/Berlin", "2026-10-25T06:00:00Z", false},
		{"01:00-02:30 Europe/Berlin", "2026-10-25T00:29:59Z", true},  // 02:29:59, the first time
		{"01:00-02:30 Europe/Berlin", "2026-10-25T00:45:00Z", true},  // 02:45, the first time
		{"01:00-02:30 Europe/Berlin", "2026-10-25T01:29:59Z", true},  // 02:29:59, the second time
		{"01:00-02:30 Europe/Berlin", "2026-10-25T01:30:00Z", false}, // 02:30, the second time
		{"02:30-04:00 Europe/Berlin", "2026-10-25T00:30:00Z", true},
		{"02:30-04:00 Europe/Berlin", "2026-10-25T01:15:00Z", true}, // 02:15, the second time

		// Samoa left out 30 December 2011.
		{"22:00-07:00 Pacific/Apia", "2011-12-30T09:59:59Z", true}, // 29 December, 23:59:59
		{"22:00-07:00 Pacific/Apia", "2011-12-30T10:00:00Z", true}, // 31 December, 00:00
		{"22:00-07:00 Pacific/Apia", "2011-12-30T17:00:00Z", false},

		{"always", "2026-11-29T12:00:00Z", true}, // cannot be read: opened for nobody
		{"22:00-07:00 Europe/Gotham", "2026-11-29T12:00:00Z", true},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := (escrow.Policy{Quiet: c.quiet}).QuietAt(at); got != c.want {
			t.Errorf("%q at %s: quiet is %v", c.quiet, c.at, got)
		}
	}
}

// Wherever the clock on the wall runs evenly for two days, it alone decides.
func TestQuietTimesAreThoseOfTheClockOnTheWall(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati", "Africa/Casablanca"}).Draw(t, "zone")
		from, until := rapid.IntRange(0, 1439).Draw(t, "from"), rapid.IntRange(0, 1439).Draw(t, "until")
		at := begin.Add(time.Duration(rapid.Int64Range(0, 365*86400).Draw(t, "second")) * time.Second)
		place, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		_, before := at.Add(-48 * time.Hour).In(place).Zone()
		_, after := at.Add(48 * time.Hour).In(place).Zone()
		if from == until || before != after {
			t.Skip("no span, or clocks are changed")
		}
		dial := func(m int) string { return begin.Add(time.Duration(m) * time.Minute).Format("15:04") }
		p := escrow.Policy{Quiet: dial(from) + "-" + dial(until) + " " + zone}
		wall := at.In(place)
		minute := wall.Hour()*60 + wall.Minute()
		want := minute >= from && minute < until
		if until < from {
			want = minute >= from || minute < until
		}
		if got := p.QuietAt(at); got != want {
			t.Fatalf("%s at %s: quiet is %v", p.Quiet, wall, got)
		}
	})
}
