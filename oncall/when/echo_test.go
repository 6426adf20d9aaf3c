package when_test

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall/when"
)

func TestEcho(t *testing.T) {
	evening, night := at(t, "2026-11-29T18:00Z"), at(t, "2026-11-29T23:30Z")
	for want, got := range map[string]string{
		"Sun 29 Nov 18:00 UTC":                                                                           when.Echo(evening, ""),
		"Sun 29 Nov 18:00 UTC, 19:00 in Europe/Berlin":                                                   when.Echo(evening, "Europe/Berlin"),
		"Sun 29 Nov 23:30 UTC, Mon 30 Nov 00:30 in Europe/Berlin":                                        when.Echo(night, "Europe/Berlin"),
		"Sun 29 Nov 18:00 UTC, 19:00 in Europe/Berlin, 18:00 in Etc/GMT":                                 when.Echo(evening, "Europe/Berlin", "UTC", "Europe/Berlin", "No/Where", "Etc/GMT"),
		"Sun 29 Nov 18:00 to 23:30 UTC, 19:00 to Mon 30 Nov 00:30 in Europe/Berlin":                      when.EchoSpan(evening, night, "Europe/Berlin"),
		"Sun 29 Nov 18:00 to 24:00 UTC":                                                                  when.EchoSpan(evening, at(t, "2026-11-30T00:00Z")),
		"Wed 23 Dec 23:00 to Sat 26 Dec 23:00 UTC, Thu 24 Dec 00:00 to Sat 26 Dec 24:00 in Africa/Lagos": when.EchoSpan(at(t, "2026-12-23T23:00Z"), at(t, "2026-12-26T23:00Z"), "Africa/Lagos"),
		"Thu 24 Dec 2026 00:00 to Tue 5 Jan 2027 24:00 UTC":                                              when.EchoSpan(at(t, "2026-12-24T00:00Z"), at(t, "2027-01-06T00:00Z")),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What was understood is shown in the zone that was written and in the speaker's, with
// the year if it is another, and with what is not obvious.
func TestTheEchoOfWhatWasRead(t *testing.T) {
	r := when.Reader{Now: at(t, saturday), Zone: "America/New_York"}
	m, err := r.Instant("tomorrow 18:00 Berlin")
	if want := "Sun 29 Nov 17:00 UTC, 18:00 in Europe/Berlin, 12:00 in America/New_York"; err != nil || m.String() != want {
		t.Errorf("%q, %v, want %q", m, err, want)
	}
	m, err = r.Instant("31 oct 2027 02:30 Berlin")
	if want := "Sun 31 Oct 2027 00:30 UTC, 02:30 in Europe/Berlin, Sat 30 Oct 2027 20:30 in America/New_York. " +
		"02:30 comes twice there on Sun 31 Oct, since clocks change; the first is meant."; err != nil || m.String() != want {
		t.Errorf("%q, %v, want %q", m, err, want)
	}
	s, err := r.Span("24 dec")
	if want := "Thu 24 Dec 05:00 to Fri 25 Dec 05:00 UTC, 00:00 to 24:00 in America/New_York"; err != nil || s.String() != want {
		t.Errorf("%q, %v, want %q", s, err, want)
	}
	s, err = r.Span("18:00 utc+2 for 4h")
	if want := "Sat 28 Nov 16:00 to 20:00 UTC, 11:00 to 15:00 in America/New_York"; err != nil || s.String() != want {
		t.Errorf("%q, %v, want %q", s, err, want)
	}
}

// Whatever an echo or a form writes is read as the same instant again, in any zone.
func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	zones := zoneNames(t)
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC)
		r := when.Reader{Now: now, Zone: rapid.SampledFrom(zones).Draw(t, "zone")}
		in := func(name string) time.Time {
			return now.Add(time.Duration(rapid.IntRange(-600*24*60, 600*24*60).Draw(t, name)) * time.Minute)
		}
		from := in("from")
		local, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "written in"))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{
			from.Format(time.RFC3339), from.In(local).Format(time.RFC3339), from.Format("2006-01-02 15:04Z"),
			from.Format("2006-01-02 15:04 UTC"), from.Format("Mon 2 Jan 2006 15:04 UTC"), from.Format("January 2, 2006, 3:04pm utc"),
		} {
			if m, err := r.Instant(text); err != nil || !m.At.Equal(from) {
				t.Fatalf("%q is read as %s, %v", text, m, err)
			}
		}
		until := from.Add(time.Duration(rapid.IntRange(1, 399*24*60).Draw(t, "minutes")) * time.Minute)
		texts := []string{from.Format(time.RFC3339) + " to " + until.Format(time.RFC3339), from.Format(time.RFC3339) + "/" + until.Format(time.RFC3339)}
		if from.Year() != now.Year() {
			// Then an echo has the years in it.
			echo, _, _ := strings.Cut(when.EchoSpan(from, until), ", ")
			if from.Year() != until.Year() {
				texts = append(texts, echo)
			}
		}
		for _, text := range texts {
			if s, err := r.Span(text); err != nil || !s.From.Equal(from) || !s.Until.Equal(until) {
				if until.Sub(now) > 2*365*24*time.Hour {
					continue // refused, as too far away
				}
				t.Fatalf("%q is read as %s, %v", text, s, err)
			}
		}
	})
}

// An echo without years is read again while what it says is still to come.
func TestAnEchoIsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC)
		from := now.Add(time.Duration(rapid.IntRange(0, 33*24*60).Draw(t, "from")) * time.Minute)
		until := from.Add(time.Duration(rapid.IntRange(1, 300*24*60).Draw(t, "minutes")) * time.Minute)
		r := when.Reader{Now: now, Zone: "Asia/Kathmandu"}
		if m, err := r.Instant(when.Echo(from)); err != nil || !m.At.Equal(from) {
			t.Fatalf("%q is read as %s, %v", when.Echo(from), m, err)
		}
		if s, err := r.Span(when.EchoSpan(from, until)); err != nil || !s.From.Equal(from) || !s.Until.Equal(until) {
			t.Fatalf("%q is read as %s, %v", when.EchoSpan(from, until), s, err)
		}
	})
}

func zoneNames(t testing.TB) []string {
	t.Helper()
	f, err := os.Open("zones.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var names []string
	for s := bufio.NewScanner(f); s.Scan(); {
		if name, _, _ := strings.Cut(s.Text(), " = "); name != "" && !strings.HasPrefix(name, "#") {
			names = append(names, name)
		}
	}
	return names
}

func TestEveryZoneLoadsAndIsUnderstood(t *testing.T) {
	names := zoneNames(t)
	if len(names) < 400 {
		t.Fatalf("only %d zones", len(names))
	}
	r := when.Reader{Now: at(t, saturday)}
	for _, name := range names {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := time.Date(2026, 12, 24, 18, 0, 0, 0, zone)
		places := []string{name, strings.ToLower(name), strings.ReplaceAll(name, "_", " ")}
		for _, area := range []string{"Africa/", "America/", "Asia/", "Australia/", "Europe/", "Pacific/"} {
			if strings.HasPrefix(name, area) {
				places = append(places, strings.ReplaceAll(name[strings.LastIndexByte(name, '/')+1:], "_", " "))
			}
		}
		for _, place := range places {
			if m, err := r.Instant("24 dec 18:00 " + place); err != nil || !m.At.Equal(want) {
				t.Errorf("%s: %s, %v", place, m, err)
			}
		}
	}
}
