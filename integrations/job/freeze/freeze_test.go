package freeze_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones are the same on every machine that tests

	"batsignal/integrations/job/freeze"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

func rules(t testing.TB, zone string, days ...string) freeze.Rules {
	t.Helper()
	r, err := freeze.NewRules(days, zone)
	if err != nil {
		t.Fatal(err)
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

func TestNewRules(t *testing.T) {
	for _, c := range []struct {
		days []string
		zone string
	}{
		{[]string{"friday"}, ""}, {[]string{"friday"}, "CEST"}, {[]string{"freitag"}, "UTC"}, {[]string{""}, "UTC"}, {[]string{"f"}, "UTC"},
		{[]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, "UTC"},
	} {
		if _, err := freeze.NewRules(c.days, c.zone); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q in %q: %v", c.days, c.zone, err)
		}
	}
	r := rules(t, "Europe/Berlin", "Sun", " FRIDAY ", "fri")
	if got := r.Words(); got != "nothing risky is done on Fridays and Sundays (Europe/Berlin)" {
		t.Error(got)
	}
	if none := rules(t, "", []string{}...); none.Words() != "" || len(none.Weekdays()) != 0 {
		t.Error("no days are days")
	}
}

func TestFridays(t *testing.T) {
	release := freeze.Window{Title: "release week", BeginsAt: at(t, "2026-11-27T12:00:00Z"), EndsAt: at(t, "2026-12-02T00:00:00Z")}
	touching := freeze.Window{Title: "and after", BeginsAt: release.EndsAt, EndsAt: at(t, "2026-12-04T01:00:00Z")}
	lifted := freeze.Window{Title: "never", BeginsAt: at(t, "2026-11-01T00:00:00Z"), EndsAt: at(t, "2026-12-31T00:00:00Z"), LiftedAt: &release.EndsAt}
	all := []freeze.Window{lifted, touching, release}
	for _, c := range []struct {
		zone, at   string
		windows    []freeze.Window
		why, until string
	}{
		{"Europe/Berlin", "2026-11-26T22:59:59Z", nil, "", ""},
		{"Europe/Berlin", "2026-11-26T23:00:00Z", nil, "it is Friday (Europe/Berlin)", "2026-11-27T23:00:00Z"},
		{"Europe/Berlin", "2026-11-27T23:00:00Z", nil, "", ""},
		{"America/New_York", "2026-11-28T04:59:00Z", nil, "it is Friday (America/New_York)", "2026-11-28T05:00:00Z"},
		// A Friday within the window, the window, what touches it, and another Friday.
		{"UTC", "2026-11-27T13:00:00Z", all, `it is Friday (UTC) and there is a freeze, "release week"`, "2026-12-05T00:00:00Z"},
		{"UTC", "2026-11-27T11:00:00Z", all, "it is Friday (UTC)", "2026-12-05T00:00:00Z"},
		{"UTC", "2026-11-30T00:00:00Z", all, `there is a freeze, "release week"`, "2026-12-05T00:00:00Z"},
		{"UTC", "2026-12-05T00:00:00Z", all, "", ""},
		// The day of a change of clocks has as many hours as it has.
		{"America/Havana", "2026-03-06T12:00:00Z", nil, "it is Friday (America/Havana)", "2026-03-07T05:00:00Z"},
	} {
		why, until := rules(t, c.zone, "friday").At(c.windows, at(t, c.at))
		got := ""
		if !until.IsZero() {
			got = until.UTC().Format(time.RFC3339)
		}
		if why != c.why || got != c.until {
			t.Errorf("%s in %s: %q until %s, want %q until %s", c.at, c.zone, why, got, c.why, c.until)
		}
	}
	sundays := rules(t, "Europe/Berlin", "sunday") // clocks are put back: 25 hours
	if _, until := sundays.At(nil, at(t, "2026-10-24T22:00:00Z")); !until.Equal(at(t, "2026-10-25T23:00:00Z")) {
		t.Error(until)
	}
	// No rules at all, and windows alone.
	if why, until := (freeze.Rules{}).At(all, at(t, "2026-11-27T13:00:00Z")); why != `there is a freeze, "release week"` || !until.Equal(touching.EndsAt) {
		t.Error(why, until)
	}
	if free := (freeze.Rules{}).Free(all, at(t, "2026-11-27T13:00:00Z")); !free.Equal(touching.EndsAt) {
		t.Error(free)
	}
	if now := at(t, "2026-12-05T00:00:00Z"); !(freeze.Rules{}).Free(all, now).Equal(now) {
		t.Error("what is free already waits")
	}
}

// Minute by minute: it is frozen when the clock shows a day of the rules or a window holds,
// and until is the first minute at which neither does. In Newfoundland and Brazil clocks were
// put back at midnight: there it may be frozen for an hour more, never for a minute less.
func TestMinuteByMinute(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 5))
	names := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	starts := []string{"2026-03-27T00:00:00Z", "2026-10-23T00:00:00Z", "2026-03-06T00:00:00Z", "2026-10-30T00:00:00Z", "2018-02-16T00:00:00Z", "2006-10-27T00:00:00Z", "2011-12-28T00:00:00Z", "2026-04-03T00:00:00Z"}
	for range 25 {
		zone := []string{"UTC", "Europe/Berlin", "America/Havana", "America/Sao_Paulo", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Beirut"}[r.IntN(8)]
		place, err := civil.Zone(zone)
		if err != nil {
			t.Fatal(err)
		}
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		days := slices.Clone(names[:1+r.IntN(4)])
		rule := rules(t, zone, days...)
		from := at(t, starts[r.IntN(len(starts))])
		var windows []freeze.Window
		for n := range r.IntN(4) {
			begin := from.Add(time.Duration(r.IntN(5*24*60)) * time.Minute)
			windows = append(windows, freeze.Window{Title: fmt.Sprint(n), BeginsAt: begin, EndsAt: begin.Add(time.Duration(1+r.IntN(30*60)) * time.Minute)})
		}
		atMidnight := zone == "America/Sao_Paulo" || zone == "America/St_Johns" || zone == "Asia/Beirut" || zone == "America/Havana"
		var until time.Time // as it was said before
		for m := range 6 * 24 * 60 {
			now := from.Add(time.Duration(m) * time.Minute)
			isDay := rule.OnDay(civil.Of(now, place))
			inWindow := slices.ContainsFunc(windows, func(w freeze.Window) bool { return !now.Before(w.BeginsAt) && now.Before(w.EndsAt) })
			why, end := rule.At(windows, now)
			frozen := why != ""
			switch {
			case (isDay || inWindow) && !frozen, frozen && !isDay && !inWindow && !atMidnight:
				t.Fatalf("%q in %s, %v: at %s %q", days, zone, windows, now, why)
			case frozen && !end.After(now):
				t.Fatalf("at %s it is frozen until %s", now, end)
			case !until.IsZero() && frozen != now.Before(until), frozen && !until.IsZero() && !end.Equal(until):
				t.Fatalf("%q in %s: at %s %q until %s, and before it was said until %s", days, zone, now, why, end, until)
			case isDay && !strings.Contains(why, "it is "):
				t.Fatalf("at %s: %q", now, why)
			}
			if until = end; !frozen {
				until = time.Time{}
			}
		}
	}
}
