package civil_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"2026-03-29 02:30":   "2026-03-29 02:30",
		"2026-03-29T02:30":   "2026-03-29 02:30",
		" 2026-03-29 ":       "2026-03-29 00:00",
		"2024-02-29 23:59":   "2024-02-29 23:59",
		"0001-01-01":         "0001-01-01 00:00",
		"2026-02-29 10:00":   "", // no leap year
		"2026-03-29 24:00":   "",
		"2026-03-29 02:30Z":  "", // an instant, not a wall time
		"0000-01-01 00:00":   "",
		"tomorrow":           "",
		"":                   "",
		"29.03.2026 02:30":   "",
		"2026-03-29 02:3":    "",
		"20260-03-29 02:30":  "",
		"2026-03-29  02:30 ": "2026-03-29 02:30",
	} {
		got, err := civil.Parse(text)
		switch {
		case got.String() != want:
			t.Errorf("%q reads as %q, want %q", text, got, want)
		case want == "" && fault.KindOf(err) != fault.Invalid:
			t.Errorf("%q: error %v, want one of kind invalid", text, err)
		case want != "" && err != nil:
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestJSON(t *testing.T) {
	type row struct {
		Starts, Ends civil.DateTime
	}
	want := row{Starts: civil.DateTime{Year: 2026, Month: 3, Day: 29, Hour: 2, Minute: 30}}
	text, err := json.Marshal(want)
	if err != nil || string(text) != `{"Starts":"2026-03-29 02:30","Ends":""}` {
		t.Fatalf("%s, %v", text, err)
	}
	var got row
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if err := json.Unmarshal([]byte(`{"Starts":"soon"}`), &got); err == nil {
		t.Error("soon is no date and time")
	}
}

func TestColumns(t *testing.T) {
	wall := parse(t, "2026-03-29 02:30")
	if got := wall.Time(); !got.Equal(time.Date(2026, 3, 29, 2, 30, 0, 0, time.UTC)) {
		t.Errorf("the column holds %s", got)
	}
	if got := civil.FromTime(wall.Time()); got != wall {
		t.Errorf("it comes back as %s", got)
	}
	if !(civil.DateTime{}).Time().IsZero() || !civil.FromTime(time.Time{}).IsZero() {
		t.Error("none does not stay none")
	}
}

func TestReckoning(t *testing.T) {
	month := func(from string, n int) string { return parse(t, from).AddMonths(n).String() }
	for _, c := range []struct{ got, want string }{
		{month("2026-01-31 09:00", 1), "2026-02-28 09:00"},
		{month("2026-01-31 09:00", 2), "2026-03-31 09:00"}, // not the 28th: it does not drift
		{month("2024-01-30 09:00", 1), "2024-02-29 09:00"},
		{month("2026-03-31 09:00", -1), "2026-02-28 09:00"},
		{month("2026-12-15 09:00", 1), "2027-01-15 09:00"},
		{month("2026-05-15 09:00", -17), "2024-12-15 09:00"},
		{parse(t, "2024-02-28 23:59").AddMinutes(1).String(), "2024-02-29 00:00"},
		{parse(t, "2026-01-01").AddMinutes(-1).String(), "2025-12-31 23:59"},
		{parse(t, "2000-01-01").AddMinutes(400 * 365 * 24 * 60).String(), "2399-09-26 00:00"}, // more than a Duration holds
		{parse(t, "2026-12-31 08:15").AddDays(1).String(), "2027-01-01 08:15"},
		{parse(t, "2026-03-01 08:15").AddDays(-1).String(), "2026-02-28 08:15"},
		{parse(t, "2026-03-01 08:15").Midnight().String(), "2026-03-01 00:00"},
		{parse(t, "2026-03-29").Weekday().String(), "Sunday"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
	if n := parse(t, "2026-03-30 02:30").MinutesSince(parse(t, "2026-03-29 01:00")); n != 25*60+30 {
		t.Errorf("%d minutes", n)
	}
	ordered := []civil.DateTime{{}, parse(t, "2025-12-31 23:59"), parse(t, "2026-01-01"), parse(t, "2026-01-01 00:01"), parse(t, "2026-01-01 01:00"), parse(t, "2026-01-02"), parse(t, "2026-02-01")}
	if !slices.IsSortedFunc(ordered, civil.DateTime.Compare) || ordered[3].Compare(ordered[2]) != 1 || ordered[2].Compare(ordered[2]) != 0 {
		t.Error("the order of the calendar is another")
	}
	if (civil.DateTime{Year: 2026, Month: 2, Day: 30}).IsReal() || (civil.DateTime{}).IsReal() || !ordered[1].IsReal() {
		t.Error("the 30th of February is real, or New Year's Eve is not")
	}
}

func TestZones(t *testing.T) {
	for _, name := range []string{"", "Local", "Europe/Atlantis", "../etc/passwd", "CEST"} {
		if _, err := civil.Zone(name); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"Europe/Berlin", "Europe/Berlin", "UTC"} {
		if z, err := civil.Zone(name); err != nil || z.String() != name {
			t.Errorf("%q: %v, %v", name, z, err)
		}
	}
}

func parse(t *testing.T, text string) civil.DateTime {
	t.Helper()
	d, err := civil.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := civil.Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}
