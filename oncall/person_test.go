package oncall_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/oncall"
)

func TestAwake(t *testing.T) {
	day := func(zone string) oncall.Person { return oncall.Person{Zone: zone, Wakes: 7 * 60, Sleeps: 23 * 60} }
	night := oncall.Person{Zone: "Europe/Berlin", Wakes: 20 * 60, Sleeps: 6 * 60}
	for _, c := range []struct {
		who  string
		p    oncall.Person
		at   string
		want bool
	}{
		{"the minute of waking counts", day("UTC"), "2026-03-01T07:00:00Z", true},
		{"the minute before does not", day("UTC"), "2026-03-01T06:59:59Z", false},
		{"the last waking minute", day("UTC"), "2026-03-01T22:59:59Z", true},
		{"the minute of sleeping does not count", day("UTC"), "2026-03-01T23:00:00Z", false},
		{"Tokyo's morning is Europe's evening", day("Asia/Tokyo"), "2026-03-01T22:30:00Z", true},
		{"and the other way around", day("Europe/Berlin"), "2026-03-01T22:30:00Z", false},
		{"a zone of three quarters of an hour", day("Asia/Kathmandu"), "2026-03-01T01:15:00Z", true},
		{"a minute earlier", day("Asia/Kathmandu"), "2026-03-01T01:14:00Z", false},
		{"a night worker before midnight", night, "2026-03-01T22:30:00Z", true},
		{"after midnight", night, "2026-03-02T04:59:00Z", true},
		{"in the morning", night, "2026-03-02T05:00:00Z", false},
		{"around the clock", oncall.Person{Zone: "UTC", Wakes: 300, Sleeps: 300}, "2026-03-01T03:14:00Z", true},
		{"an unknown zone reads as UTC", day("Mars/Olympus"), "2026-03-01T07:00:00Z", true},
		{"and its night too", day("Mars/Olympus"), "2026-03-01T04:00:00Z", false},
		// Clocks go from 02:00 to 03:00 on the 29th of March 2026 in Berlin.
		{"winter: 07:00 is 06:00 UTC", day("Europe/Berlin"), "2026-03-28T05:30:00Z", false},
		{"the day of the change: 07:00 is 05:00 UTC", day("Europe/Berlin"), "2026-03-29T05:30:00Z", true},
		{"up at half past two, which does not exist that day", oncall.Person{Zone: "Europe/Berlin", Wakes: 150, Sleeps: 1380}, "2026-03-29T01:00:00Z", true},
		{"still asleep a minute before", oncall.Person{Zone: "Europe/Berlin", Wakes: 150, Sleeps: 1380}, "2026-03-29T00:59:00Z", false},
		// And back from 03:00 to 02:00 on the 25th of October.
		{"the first half past two of two", oncall.Person{Zone: "Europe/Berlin", Wakes: 150, Sleeps: 1380}, "2026-10-25T00:30:00Z", true},
		{"two o'clock again: asleep once more", oncall.Person{Zone: "Europe/Berlin", Wakes: 150, Sleeps: 1380}, "2026-10-25T01:10:00Z", false},
		{"the second half past two", oncall.Person{Zone: "Europe/Berlin", Wakes: 150, Sleeps: 1380}, "2026-10-25T01:30:00Z", true},
	} {
		if got := c.p.Awake(at(t, c.at)); got != c.want {
			t.Errorf("%s: awake is %v", c.who, got)
		}
	}
}

func TestWhoWasHeardIsAwake(t *testing.T) {
	three := at(t, "2026-03-01T03:00:00Z")
	p := oncall.Person{Zone: "UTC", Wakes: 420, Sleeps: 1380, HeardAt: &three}
	for after, want := range map[time.Duration]bool{
		0: true, 14*time.Minute + 59*time.Second: true, 15 * time.Minute: false,
		-time.Second: true, // a sign of life that another process noted this moment
	} {
		if got := p.Awake(three.Add(after)); got != want {
			t.Errorf("%v after a word: awake is %v", after, got)
		}
	}
}

func TestClock(t *testing.T) {
	when := at(t, "2026-03-01T23:05:59Z")
	for zone, want := range map[string]string{
		"":              "23:05 UTC",
		"UTC":           "23:05 UTC",
		"Europe/London": "23:05 UTC", // the same clock in winter
		"Europe/Berlin": "23:05 UTC (00:05 your time)",
		"Asia/Kolkata":  "23:05 UTC (04:35 your time)",
		"No/Such":       "23:05 UTC",
	} {
		if got := oncall.Clock(when, zone); got != want {
			t.Errorf("%q: %s", zone, got)
		}
	}
}

func TestParseHours(t *testing.T) {
	for text, want := range map[string]string{
		"07:00-23:00":    "07:00-23:00",
		"7:30 - 0:15":    "07:30-00:15",
		" 22:00-06:00 ":  "22:00-06:00",
		"00:00-00:00":    "00:00-00:00",
		"24:00-06:00":    "no",
		"7-23":           "no",
		"07:00":          "no",
		"":               "no",
		"-":              "no",
		"07:00-23:60":    "no",
		"07:00-23:00-01": "no",
		"07:00–23:00":    "no",
	} {
		got := "no"
		if w, s, err := oncall.ParseHours(text); err == nil {
			got = oncall.Minutes(w) + "-" + oncall.Minutes(s)
		}
		if got != want {
			t.Errorf("%q reads as %s", text, got)
		}
	}
}

func FuzzParseHours(f *testing.F) {
	for _, seed := range []string{"07:00-23:00", "7:5-8", "-", "23:59-00:00", "\x00-\xff", "07:00-23:00-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wakes, sleeps, err := oncall.ParseHours(text)
		if err != nil {
			if !strings.Contains(err.Error(), "07:00-23:00") {
				t.Errorf("the refusal gives no example: %v", err)
			}
			return
		}
		if wakes < 0 || wakes > 1439 || sleeps < 0 || sleeps > 1439 {
			t.Fatalf("%q reads as %d to %d", text, wakes, sleeps)
		}
		again := oncall.Minutes(wakes) + "-" + oncall.Minutes(sleeps)
		if w, s, err := oncall.ParseHours(again); err != nil || w != wakes || s != sleeps {
			t.Fatalf("%q is written %s, which reads as %d to %d, %v", text, again, w, s, err)
		}
	})
}

func TestWho(t *testing.T) {
	for _, c := range []struct {
		a    oncall.Actor
		want string
	}{
		{oncall.Actor{PersonID: 1, Handle: "maria", Network: "libera", Account: "mo"}, "maria"},
		{oncall.Actor{Network: "libera", Account: "mo"}, "mo on libera"},
		{oncall.Actor{Network: "libera"}, "somebody on libera"},
	} {
		if got := c.a.Who(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	for n, want := range []string{"nobody", "a", "a and b", "a, b and c"} {
		if got := oncall.JoinNames([]string{"a", "b", "c"}[:n]); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	got := fmt.Sprint(oncall.Plural(0, "page", "pages"), ", ", oncall.Plural(1, "page", "pages"), ", ", oncall.Plural(2, "page", "pages"))
	if got != "0 pages, 1 page, 2 pages" {
		t.Error(got)
	}
}
