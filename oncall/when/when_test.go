package when_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/when"
)

// The tests speak on Saturday 28 November 2026, 14:00 UTC, unless they say otherwise.
const saturday = "2026-11-28T14:00:00Z"

func at(t *testing.T, iso string) time.Time {
	t.Helper()
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if instant, err := time.Parse(layout, iso); err == nil {
			return instant
		}
	}
	t.Fatalf("%s is no instant", iso)
	return time.Time{}
}

func TestInstant(t *testing.T) {
	for _, c := range []struct{ now, zone, text, want, note string }{
		{text: "now", want: "2026-11-28T14:00Z"},
		{text: "today", want: "2026-11-28T00:00Z"},
		{text: "18:00", want: "2026-11-28T18:00Z"},
		{text: "14:00", want: "2026-11-28T14:00Z"},
		{now: "2026-11-28T14:00:40Z", text: "14:00", want: "2026-11-28T14:00Z"},
		{text: "10:00", want: "2026-11-29T10:00Z", note: "That time is over today; Sun 29 Nov is meant."},
		{text: "today 10:00", want: "2026-11-28T10:00Z"},
		{text: "tomorrow 18:00 Berlin", want: "2026-11-29T17:00Z"},
		{text: "Tomorrow, 18:00 in Berlin.", want: "2026-11-29T17:00Z"},
		{text: "tomorrow at 18:00 Berlin time", want: "2026-11-29T17:00Z"},
		{text: "18:00 berlin tomorrow", want: "2026-11-29T17:00Z"},
		{zone: "Europe/Berlin", text: "tomorrow 18:00", want: "2026-11-29T17:00Z"},
		{zone: "Europe/Berlin", text: "tomorrow 18:00 UTC", want: "2026-11-29T18:00Z"},
		{text: "tomorrow 18:00z", want: "2026-11-29T18:00Z"},
		{text: "tomorrow 18:00 gmt", want: "2026-11-29T18:00Z"},
		{text: "tomorrow 18:00 utc+2", want: "2026-11-29T16:00Z"},
		{text: "tomorrow 18:00 UTC -03:30", want: "2026-11-29T21:30Z"},
		{text: "6pm new york", want: "2026-11-28T23:00Z"},
		{text: "6 pm New_York", want: "2026-11-28T23:00Z"},
		{text: "6:30pm America/New_York", want: "2026-11-28T23:30Z"},
		{text: "6 p.m. in São Paulo", want: "2026-11-28T21:00Z"},
		{text: "monday 18:00 port of spain", want: "2026-11-30T22:00Z"},
		{text: "monday 18:00 america/port-au-prince", want: "2026-11-30T23:00Z"},
		{text: "noon", want: "2026-11-29T12:00Z", note: "That time is over today; Sun 29 Nov is meant."},
		{text: "12pm tokyo tomorrow", want: "2026-11-29T03:00Z"},
		{text: "midnight", want: "2026-11-29T00:00Z", note: "That time is over today; Sun 29 Nov is meant."},
		{text: "tomorrow 24:00", want: "2026-11-30T00:00Z"},

		// "Today" is the speaker's: in Auckland Sunday has begun.
		{zone: "Pacific/Auckland", text: "today", want: "2026-11-28T11:00Z"},
		{zone: "Pacific/Auckland", text: "tomorrow 09:00", want: "2026-11-29T20:00Z"},
		{zone: "America/Los_Angeles", text: "tonight 22:00", want: "2026-11-29T06:00Z"},

		{text: "monday", want: "2026-11-30T00:00Z"},
		{text: "mon 09:00", want: "2026-11-30T09:00Z"},
		{text: "saturday", want: "2026-11-28T00:00Z"},
		{text: "saturday 18:00", want: "2026-11-28T18:00Z"},
		{text: "saturday 10:00", want: "2026-12-05T10:00Z", note: "That time is over today; Sat 5 Dec is meant."},
		{text: "next monday", want: "2026-11-30T00:00Z"},
		{now: "2026-11-30T10:00Z", text: "next monday", want: "2026-12-07T00:00Z"},
		{now: "2026-11-29T10:00Z", text: "next sunday", want: "2026-12-06T00:00Z"},
		{text: "this sunday 9am", want: "2026-11-29T09:00Z"},
		{text: "next week", want: "2026-11-30T00:00Z"},
		{text: "day after tomorrow 09:00", want: "2026-11-30T09:00Z"},
		{text: "the day after tomorrow", want: "2026-11-30T00:00Z"},
		{text: "yesterday 03:00", want: "2026-11-27T03:00Z"},

		{text: "in 2h", want: "2026-11-28T16:00Z"},
		{text: "in 90 minutes", want: "2026-11-28T15:30Z"},
		{text: "in 1h30m", want: "2026-11-28T15:30Z"},
		{text: "in 1.5h", want: "2026-11-28T15:30Z"},
		{text: "in an hour and 10 minutes", want: "2026-11-28T15:10Z"},
		{text: "in 3 days", want: "2026-12-01T14:00Z"},
		{now: "2026-11-28T14:00:40Z", text: "in 3 days", want: "2026-12-01T14:00:40Z"},
		{text: "in 3 days at 18:00", want: "2026-12-01T18:00Z"},
		{text: "2 weeks from now", want: "2026-12-12T14:00Z"},
		{text: "2h ago", want: "2026-11-28T12:00Z"},

		{text: "24 dec", want: "2026-12-24T00:00Z"},
		{text: "24th of december 18:00", want: "2026-12-24T18:00Z"},
		{text: "dec 24 2026 18:00", want: "2026-12-24T18:00Z"},
		{text: "December 24th, 2026, 6pm", want: "2026-12-24T18:00Z"},
		{text: "24.12.2026 18:00", want: "2026-12-24T18:00Z"},
		{text: "28 nov", want: "2026-11-28T00:00Z"},
		{text: "20 nov", want: "2027-11-20T00:00Z", note: "That day is over this year; 2027 is meant."},
		{text: "29 feb", want: "2028-02-29T00:00Z", note: "That day is over this year; 2028 is meant."},
		{text: "sun 29 nov 18:00 utc", want: "2026-11-29T18:00Z"},
		{text: "29 nov sunday", want: "2026-11-29T00:00Z"},

		{text: "2026-12-24", want: "2026-12-24T00:00Z"},
		{text: "2026-12-24 18:00", want: "2026-12-24T18:00Z"},
		{zone: "Europe/Berlin", text: "2026-12-24T18:00", want: "2026-12-24T17:00Z"},
		{zone: "Europe/Berlin", text: "2026-12-24T18:00:00Z", want: "2026-12-24T18:00Z"},
		{text: "2026-12-24T18:00+01:00", want: "2026-12-24T17:00Z"},
		{text: "2026-12-24T18:00:30-0500", want: "2026-12-24T23:00:30Z"},
		{text: "2026-12-24 18:00+01:00", want: "2026-12-24T17:00Z"},

		{text: "tonight 22:00", want: "2026-11-28T22:00Z"},
		{text: "tonight 02:00", want: "2026-11-29T02:00Z"},
		{now: "2026-11-28T01:00Z", text: "tonight 02:00", want: "2026-11-28T02:00Z"},
		{now: "2026-11-28T03:00Z", text: "tonight 02:00", want: "2026-11-29T02:00Z"},
		{text: "tonight midnight", want: "2026-11-29T00:00Z"},

		// Clocks in Berlin go from 02:00 to 03:00 on 28 March 2027, and from 03:00 to
		// 02:00 on 31 October.
		{text: "28 mar 2027 02:30 berlin", want: "2027-03-28T01:00Z", note: "02:30 does not exist there on Sun 28 Mar, since clocks change; taken as 03:00."},
		{text: "31 oct 2027 02:30 berlin", want: "2027-10-31T00:30Z", note: "02:30 comes twice there on Sun 31 Oct, since clocks change; the first is meant."},
		// Midnight does not exist in Santiago on 5 September 2027.
		{text: "5 sep 2027 santiago", want: "2027-09-05T04:00Z"},
	} {
		t.Run(c.now+c.zone+" "+c.text, func(t *testing.T) {
			if c.now == "" {
				c.now = saturday
			}
			m, err := when.Reader{Now: at(t, c.now), Zone: c.zone}.Instant(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if !m.At.Equal(at(t, c.want)) {
				t.Errorf("is %s, want %s", m.At.Format(time.RFC3339), c.want)
			}
			if note := strings.Join(m.Notes, " "); note != c.note {
				t.Errorf("note %q, want %q", note, c.note)
			}
		})
	}
}

func TestWhatIsNoInstant(t *testing.T) {
	for text, part := range map[string]string{
		"":                        "A time is missing",
		"   ":                     "A time is missing",
		"the":                     "A time is missing",
		"Berlin":                  "A time is missing",
		"18:00 EST":               "EST might be America/New_York, America/Panama or Australia/Brisbane",
		"18:00 CET":               "CET might be",
		"18:00 ist":               "Asia/Kolkata, Europe/Dublin or Asia/Jerusalem",
		"18:00 Berlim":            "If Europe/Berlin is meant",
		"18:00 xyzzy":             `I do not understand "xyzzy"`,
		"18:00 tomorrow friday":   "more than one time",
		"18:00 19:00":             "more than one time",
		"now 18:00":               "more than one time",
		"in 2h 18:00":             "more than one time",
		"24 dec 25 dec":           "more than one time",
		"berlin 18:00 paris":      `I do not understand "paris"`,
		"12/24/2026":              "cannot tell day and month apart",
		"24/12":                   "cannot tell day and month apart",
		"10.12.":                  "cannot tell day and month apart",
		"friday midnight":         "Write 00:00 for its beginning or 24:00 for its end",
		"18":                      "a time of day, or a day?",
		"friday 18":               "a time of day, or a day?",
		"2h":                      "Write it like in 2h",
		"tonight":                 "Tonight at what time?",
		"tonight 12:00":           "not at night",
		"31 feb":                  "No calendar has that day",
		"2026-13-01":              "No calendar has that day",
		"25:00":                   `I do not understand "25:00"`,
		"monday 29 nov":           "Sun 29 Nov 2026 is a Sunday, not a Monday",
		"2031-01-01":              "too far away",
		"1969-07-20":              "too far away",
		"in 2 months":             "no certain length",
		"in 0 minutes":            "no time at all",
		"next week 18:00":         "On which day",
		"in 9999 days":            "longer than 400 days",
		"monday to tuesday":       "names more than one time",
		strings.Repeat("1h ", 99): "too long",
		"\x00\xff":                "I do not understand",
	} {
		m, err := when.Reader{Now: at(t, saturday)}.Instant(text)
		if err == nil {
			t.Errorf("%q is read as %s", text, m)
			continue
		}
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), part) {
			t.Errorf("%q says %q, want %q", text, fault.Say(err), part)
		}
	}
}

func TestNextIsRefusedWhereItMeansTwoDays(t *testing.T) {
	wednesday := when.Reader{Now: at(t, "2026-11-25T14:00Z")}
	for text, may := range map[string]string{
		"next friday 18:00": "Fri 27 Nov or Fri 4 Dec",
		"next weekend":      "Sat 28 Nov or Sat 5 Dec",
	} {
		if m, err := wednesday.Instant(text); err == nil || !strings.Contains(err.Error(), may) {
			t.Errorf("%q: %v, %v", text, m, err)
		}
	}
}

func TestWordsOfOnesOwnForZones(t *testing.T) {
	r := when.Reader{Now: at(t, saturday), Zones: func(word string) (string, bool) {
		zone, ok := map[string]string{"maria": "America/Sao_Paulo", "nowhere": "No/Where"}[word]
		return zone, ok
	}}
	m, err := r.Instant("18:00 Maria")
	if err != nil || !m.At.Equal(at(t, "2026-11-28T21:00Z")) || m.Zone != "America/Sao_Paulo" {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := r.Instant("18:00 nowhere"); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	r.Zone = "No/Where"
	if _, err := r.Instant("18:00"); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
}

func TestDuration(t *testing.T) {
	var r when.Reader
	for text, want := range map[string]time.Duration{
		"4h": 4 * time.Hour, "for 4h": 4 * time.Hour, "90m": 90 * time.Minute, "1h30m": 90 * time.Minute, "1 hour 30 minutes": 90 * time.Minute,
		"1.5h": 90 * time.Minute, "2 days": 48 * time.Hour, "a week": 7 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "1 day and 2 hours": 26 * time.Hour,
		"an hour": time.Hour, "45 min": 45 * time.Minute, "400 days": 400 * 24 * time.Hour,
	} {
		if d, err := r.Duration(text); err != nil || d != want {
			t.Errorf("%q is %v, %v, want %v", text, d, err, want)
		}
	}
	for _, text := range []string{"", "4", "h", "for", "4h foo", "-4h", "0h", "2 months", "1y", "1.5 days", "401 days", "999999h 999999h", "4h and", "and 4h"} {
		if d, err := r.Duration(text); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("%q is %v, %v", text, d, err)
		}
	}
}
