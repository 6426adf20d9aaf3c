package cron_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones are the same on every machine that tests

	"batsignal/integrations/job/cron"
	"batsignal/oncall/fault"
)

func rule(t testing.TB, text, zone string) cron.Rule {
	t.Helper()
	r, err := cron.Parse(text, zone)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return r
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return instant
}

func TestWhatIsNoRule(t *testing.T) {
	for text, why := range map[string]string{
		"":                          "Write five fields",
		"TZ=":                       "names a time zone",
		"CRON_TZ=":                  "names a time zone",
		"TZ=0":                      "names a time zone",
		"TZ=UTC 0 0 * * *":          "names a time zone",
		" cron_tz=UTC 0 0 * * *":    "names a time zone",
		"0 0 TZ=UTC * *":            "names a time zone",
		"@every 1h":                 "Write five fields",
		"@reboot":                   "Write five fields",
		"@yearly":                   "Write five fields",
		"0 0 * *":                   "Write five fields",
		"0 0 0 * * *":               "Write five fields",
		", 0 * * *":                 "Write five fields",
		"0 0 ? * *":                 "Write five fields",
		"*-5 0 * * *":               "Write five fields",
		"5/15 0 * * *":              "Write five fields", // from 5 on, or 5 alone: who knows
		"0 0 -1 * *":                "Write five fields",
		"-x 0 * * *":                "Write five fields",
		"60 0 * * *":                "cannot read the rule",
		"0 24 * * *":                "cannot read the rule",
		"0 0 0 * *":                 "cannot read the rule",
		"0 0 * 13 *":                "cannot read the rule",
		"0 0 * * 7":                 "0 (Sunday) to 6",
		"0 0 * * moon":              "Write five fields",
		"0 0 * * moo":               "cannot read the rule",
		"0 5-2 * * *":               "cannot read the rule",
		"*/0 0 * * *":               "cannot read the rule",
		"0 0 31 2 *":                "never comes",
		"0 0 30-31 2 *":             "never comes",
		"0 0 31 2,4,6,9,11 *":       "never comes",
		"0 0 */2 * 1":               "programs differ",
		"0 0 1 * */2":               "programs differ",
		strings.Repeat("0,", 60):    "too long",
		"0 0 * * *\x00":             "Write five fields",
		"0 0 * * mon#1":             "Write five fields",
		"0 0 L * *":                 "cannot read the rule",
		"0 0 * * 99999999999999999": "Write five fields",
	} {
		if _, err := cron.Parse(text, "UTC"); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), why) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, zone := range []string{"", "Local", "CEST", "Europe/Atlantis"} {
		if _, err := cron.Parse("@daily", zone); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", zone, err)
		}
	}
	if next := (cron.Rule{}).Next(time.Now()); !next.IsZero() || (cron.Rule{}).Words() != "never" || (cron.Rule{}).Upcoming(time.Now(), 3) != nil {
		t.Error("no rule comes")
	}
}

func TestNext(t *testing.T) {
	for _, c := range []struct{ rule, zone, after, want string }{
		{"30 2 * * *", "UTC", "2026-03-01T02:29:59Z", "2026-03-01T02:30:00Z"},
		{"30 2 * * *", "UTC", "2026-03-01T02:30:00Z", "2026-03-02T02:30:00Z"},
		{"@daily", "Europe/Berlin", "2026-03-01T12:00:00Z", "2026-03-01T23:00:00Z"},
		{"@WEEKLY", "UTC", "2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z"},
		{"@monthly", "UTC", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"},
		{"@hourly", "Asia/Kathmandu", "2026-03-01T00:00:00Z", "2026-03-01T00:15:00Z"},
		{"0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
		{"0 0 13 * 5", "UTC", "2026-03-01T00:00:00Z", "2026-03-06T00:00:00Z"}, // either will do
		{"0 12 * jan mon-fri", "UTC", "2026-02-01T00:00:00Z", "2027-01-01T12:00:00Z"},
		// Put forward: once, at the change; the day after as ever.
		{"30 2 * * *", "Europe/Berlin", "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z"},
		{"30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"},
		{"*/10 2 * * *", "Europe/Berlin", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z"},
		{"*/10 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"},
		{"0 0 * * *", "America/Havana", "2026-03-08T04:00:00Z", "2026-03-08T05:00:00Z"},
		// Put back: once, the first time.
		{"30 2 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z"},
		{"30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-26T01:30:00Z"}, // within the second 02:
		// The three that the library gets wrong.
		{"30 1 * * *", "Europe/London", "2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z"},
		{"30 1 * * *", "Europe/London", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"30 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z"},
		// Each hour is each hour.
		{"30 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"},
		{"30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
		{"30 * * * *", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"},
		{"0 */2 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"},
		{"*/20 * * * *", "Australia/Lord_Howe", "2026-04-04T14:50:00Z", "2026-04-04T15:10:00Z"},
		// A step that leaves one hour is that hour.
		{"30 */23 * * *", "America/Havana", "2026-03-08T04:45:00Z", "2026-03-09T03:30:00Z"},
		{"30 */24 * * *", "America/Havana", "2026-03-08T04:45:00Z", "2026-03-08T05:00:00Z"},
	} {
		r := rule(t, c.rule, c.zone)
		if got := r.Next(at(t, c.after)).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %s after %s: %s, want %s", c.rule, c.zone, c.after, got, c.want)
		}
	}
}

func TestUpcoming(t *testing.T) {
	r := rule(t, "  15   8 * *  1 ", "Europe/Berlin")
	var got []string
	for _, next := range r.Upcoming(at(t, "2026-03-20T00:00:00Z"), 3) {
		got = append(got, next.Format(time.RFC3339))
	}
	if s := strings.Join(got, " "); s != "2026-03-23T08:15:00+01:00 2026-03-30T08:15:00+02:00 2026-04-06T08:15:00+02:00" {
		t.Error(s)
	}
	if r.Text() != "15 8 * * 1" || r.Zone() != "Europe/Berlin" {
		t.Errorf("%q, %q", r.Text(), r.Zone())
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"30 2 * * *":       "at 02:30 every day, Europe/Berlin",
		"@daily":           "at 00:00 every day, Europe/Berlin",
		"@hourly":          "at minute 0 of every hour, Europe/Berlin",
		"@weekly":          "at 00:00 on Sundays, Europe/Berlin",
		"@monthly":         "at 00:00 on day 1 of every month, Europe/Berlin",
		"15 8 * * 0,1,fri": "at 08:15 on Mondays, Fridays and Sundays, Europe/Berlin",
		"0 6,18 * * *":     "at 06:00 and 18:00 every day, Europe/Berlin",
		"*/15 * * * *":     "every 15 minutes, Europe/Berlin",
		"* * * * *":        "every minute, Europe/Berlin",
		"*/7 * * * *":      `by the rule "*/7 * * * *", Europe/Berlin`,
		"0 6 1,15 * *":     `by the rule "0 6 1,15 * *", Europe/Berlin`,
		"0 6 1 * 1":        `by the rule "0 6 1 * 1", Europe/Berlin`,
		"0 6 * 3 *":        `by the rule "0 6 * 3 *", Europe/Berlin`,
		"0,10 6 * * *":     `by the rule "0,10 6 * * *", Europe/Berlin`,
		"*/15 * * * 1":     "every 15 minutes on Mondays, Europe/Berlin",
	} {
		if got := rule(t, text, "Europe/Berlin").Words(); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
