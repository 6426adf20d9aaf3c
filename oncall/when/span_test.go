package when_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/when"
)

func TestSpan(t *testing.T) {
	for _, c := range []struct{ now, zone, text, from, until, note string }{
		{text: "tomorrow 18:00 Berlin for 4h", from: "2026-11-29T17:00Z", until: "2026-11-29T21:00Z"},
		{text: "tomorrow 18:00 for 4h Berlin", from: "2026-11-29T17:00Z", until: "2026-11-29T21:00Z"},
		{text: "for 4h from tomorrow 18:00", from: "2026-11-29T18:00Z", until: "2026-11-29T22:00Z"},
		{text: "for 4h", from: "2026-11-28T14:00Z", until: "2026-11-28T18:00Z"},
		{text: "now for 90 minutes", from: "2026-11-28T14:00Z", until: "2026-11-28T15:30Z"},
		{text: "for 2 weeks", from: "2026-11-28T14:00Z", until: "2026-12-12T14:00Z"},
		{now: "2026-11-28T14:00:40Z", text: "for 1 day", from: "2026-11-28T14:00:40Z", until: "2026-11-29T14:00:40Z"},
		{text: "monday for 3 days", from: "2026-11-30T00:00Z", until: "2026-12-03T00:00Z"},
		{text: "next week for 3 days", from: "2026-11-30T00:00Z", until: "2026-12-03T00:00Z"},

		{text: "sunday 03:00 to monday 09:00", from: "2026-11-29T03:00Z", until: "2026-11-30T09:00Z"},
		{text: "sunday 03:00 – monday 09:00", from: "2026-11-29T03:00Z", until: "2026-11-30T09:00Z"},
		{text: "sunday 03:00 to 09:00", from: "2026-11-29T03:00Z", until: "2026-11-29T09:00Z"},
		{text: "sunday 22:00 to 06:00", from: "2026-11-29T22:00Z", until: "2026-11-30T06:00Z"},
		{text: "sunday 03:00 to monday 09:00 Berlin", from: "2026-11-29T02:00Z", until: "2026-11-30T08:00Z"},
		{text: "sunday 03:00 Berlin to monday 09:00", from: "2026-11-29T02:00Z", until: "2026-11-30T08:00Z"},
		{text: "sunday 03:00 Berlin to monday 09:00 Tokyo", from: "2026-11-29T02:00Z", until: "2026-11-30T00:00Z"},
		{text: "friday 18:00 to friday 18:00", from: "2026-12-04T18:00Z", until: "2026-12-11T18:00Z"},
		{text: "from 12 dec until 20 dec", from: "2026-12-12T00:00Z", until: "2026-12-21T00:00Z"},
		{text: "between 12 dec and 20 dec", from: "2026-12-12T00:00Z", until: "2026-12-21T00:00Z"},
		{zone: "Europe/Berlin", text: "12 dec to 20 dec", from: "2026-12-11T23:00Z", until: "2026-12-20T23:00Z"},
		{text: "24-26 dec", from: "2026-12-24T00:00Z", until: "2026-12-27T00:00Z"},
		{text: "dec 24-26", from: "2026-12-24T00:00Z", until: "2026-12-27T00:00Z"},
		{text: "24 to 26 dec 2027", from: "2027-12-24T00:00Z", until: "2027-12-27T00:00Z"},
		{text: "24 dec to 26", from: "2026-12-24T00:00Z", until: "2026-12-27T00:00Z"},
		{text: "24 dec to 5 jan", from: "2026-12-24T00:00Z", until: "2027-01-06T00:00Z"},
		{text: "2026-12-24 to 2026-12-26", from: "2026-12-24T00:00Z", until: "2026-12-27T00:00Z"},
		{text: "2026-12-24/2026-12-26", from: "2026-12-24T00:00Z", until: "2026-12-27T00:00Z"},
		{text: "2026-12-24T18:00:00Z/2026-12-26T09:00:00Z", from: "2026-12-24T18:00Z", until: "2026-12-26T09:00Z"},
		{text: "2026-12-24T18:00/2026-12-26T09:00", from: "2026-12-24T18:00Z", until: "2026-12-26T09:00Z"},
		{text: "monday to friday", from: "2026-11-30T00:00Z", until: "2026-12-05T00:00Z"},
		{text: "mon-fri", from: "2026-11-30T00:00Z", until: "2026-12-05T00:00Z"},

		{text: "until friday 18:00", from: "2026-11-28T14:00Z", until: "2026-12-04T18:00Z"},
		{text: "until friday", from: "2026-11-28T14:00Z", until: "2026-12-05T00:00Z"},
		{text: "till saturday", from: "2026-11-28T14:00Z", until: "2026-11-29T00:00Z"},
		{text: "until 10:00", from: "2026-11-28T14:00Z", until: "2026-11-29T10:00Z"},
		{text: "until midnight", from: "2026-11-28T14:00Z", until: "2026-11-29T00:00Z"},
		{text: "until tomorrow", from: "2026-11-28T14:00Z", until: "2026-11-30T00:00Z"},
		{text: "until 24 dec", from: "2026-11-28T14:00Z", until: "2026-12-25T00:00Z"},

		{text: "24 dec", from: "2026-12-24T00:00Z", until: "2026-12-25T00:00Z"},
		{text: "today", from: "2026-11-28T00:00Z", until: "2026-11-29T00:00Z"},
		{text: "tomorrow", from: "2026-11-29T00:00Z", until: "2026-11-30T00:00Z"},
		{text: "wednesday", from: "2026-12-02T00:00Z", until: "2026-12-03T00:00Z"},
		{text: "next week", from: "2026-11-30T00:00Z", until: "2026-12-07T00:00Z"},
		{text: "this week", from: "2026-11-28T00:00Z", until: "2026-11-30T00:00Z"},
		{text: "the weekend", from: "2026-11-28T00:00Z", until: "2026-11-30T00:00Z"},
		{text: "next weekend", from: "2026-12-05T00:00Z", until: "2026-12-07T00:00Z"},
		{now: "2026-11-29T10:00Z", text: "weekend", from: "2026-11-29T00:00Z", until: "2026-11-30T00:00Z"},

		{text: "tonight 22:00-06:00", from: "2026-11-28T22:00Z", until: "2026-11-29T06:00Z"},
		{text: "22:00-06:00", from: "2026-11-28T22:00Z", until: "2026-11-29T06:00Z"},
		{text: "10pm-6am", from: "2026-11-28T22:00Z", until: "2026-11-29T06:00Z"},
		{text: "18:00-20:00 tomorrow", from: "2026-11-29T18:00Z", until: "2026-11-29T20:00Z"},
		{text: "22:00 to 06:00 tomorrow", from: "2026-11-29T22:00Z", until: "2026-11-30T06:00Z"},
		{text: "18:00 until tomorrow 20:00", from: "2026-11-28T18:00Z", until: "2026-11-29T20:00Z"},
		{text: "today 10:00-18:00", from: "2026-11-28T10:00Z", until: "2026-11-28T18:00Z"},
		{text: "10:00-18:00", from: "2026-11-29T10:00Z", until: "2026-11-29T18:00Z", note: "That time is over today; Sun 29 Nov is meant."},

		// What has begun may still be said, if it is said with its date.
		{text: "25 nov to 5 dec", from: "2026-11-25T00:00Z", until: "2026-12-06T00:00Z"},
		{text: "from 25 nov for 2 weeks", from: "2026-11-25T00:00Z", until: "2026-12-09T00:00Z"},
		{now: "2027-01-03T10:00Z", text: "27 dec to 5 jan", from: "2026-12-27T00:00Z", until: "2027-01-06T00:00Z"},
		{text: "20 nov to 25 nov", from: "2027-11-20T00:00Z", until: "2027-11-26T00:00Z", note: "That day is over this year; 2027 is meant."},
		{text: "2026-11-01 to 2026-11-05", from: "2026-11-01T00:00Z", until: "2026-11-06T00:00Z"},

		// Days are counted on the calendar, hours on the clock: in Berlin 28 March 2027
		// has 23 hours, 31 October 25.
		{zone: "Europe/Berlin", text: "27 mar 2027 18:00 for 1 day", from: "2027-03-27T17:00Z", until: "2027-03-28T16:00Z"},
		{zone: "Europe/Berlin", text: "27 mar 2027 18:00 for 24h", from: "2027-03-27T17:00Z", until: "2027-03-28T17:00Z"},
		{zone: "Europe/Berlin", text: "28 mar 2027", from: "2027-03-27T23:00Z", until: "2027-03-28T22:00Z"},
		{zone: "Europe/Berlin", text: "31 oct 2027", from: "2027-10-30T22:00Z", until: "2027-10-31T23:00Z"},
		{zone: "Europe/Berlin", text: "31 oct 2027 00:00 to 02:30", from: "2027-10-30T22:00Z", until: "2027-10-31T01:30Z",
			note: "02:30 comes twice there on Sun 31 Oct, since clocks change; the second is meant."},
		{zone: "America/Santiago", text: "5 sep 2027 for 2 days", from: "2027-09-05T04:00Z", until: "2027-09-07T03:00Z"},
	} {
		t.Run(c.now+c.zone+" "+c.text, func(t *testing.T) {
			if c.now == "" {
				c.now = saturday
			}
			s, err := when.Reader{Now: at(t, c.now), Zone: c.zone}.Span(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if !s.From.Equal(at(t, c.from)) || !s.Until.Equal(at(t, c.until)) {
				t.Errorf("is %s to %s, want %s to %s", s.From.Format(time.RFC3339), s.Until.Format(time.RFC3339), c.from, c.until)
			}
			if note := strings.Join(s.Notes, " "); note != c.note {
				t.Errorf("note %q, want %q", note, c.note)
			}
		})
	}
}

func TestWhatIsNoSpan(t *testing.T) {
	for text, part := range map[string]string{
		"":                                 "A time is missing",
		"from":                             "A time is missing",
		"now":                              "Until when?",
		"tomorrow 18:00":                   "Until when?",
		"in 2h":                            "Until when?",
		"tomorrow 18:00 to":                "Until when?",
		"tomorrow for":                     "For how long?",
		"tomorrow 18:00 for berlin":        "For how long?",
		"tomorrow for 4h":                  "From what time on?",
		"tonight":                          "Tonight at what time?",
		"24 dec 18:00 to 24 dec 10:00":     "before it begins",
		"2026-12-24 18:00 to 2026-12-24 9": "a time of day, or a day?",
		"2026-12-26 to 2026-12-24":         "before it begins",
		"until yesterday":                  "before it begins",
		"until next week":                  "until it begins or until it ends",
		"mon 09:00-17:00 to fri":           "more than one end",
		"monday to friday for 2h":          "more than one end",
		"friday to friday":                 "one day or a week and a day",
		"2026-12-01 to 2028-02-01":         "longer than 400 days",
		"for 401 days":                     "longer than 400 days",
		"10 days ago to tomorrow":          "begins in the past",
		"18:00 EST to 20:00":               "EST might be",
		"18:00 until friday midnight":      "24:00 for its end",
		"18:00 to midnight tomorrow":       "24:00 for its end",
	} {
		s, err := when.Reader{Now: at(t, saturday)}.Span(text)
		if err == nil {
			t.Errorf("%q is read as %s", text, s)
			continue
		}
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), part) {
			t.Errorf("%q says %q, want %q", text, fault.Say(err), part)
		}
	}
}
