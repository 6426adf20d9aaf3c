package action

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall"
)

func TestWhenPeopleAreTold(t *testing.T) {
	due := time.Date(2026, 12, 4, 0, 0, 0, 0, time.UTC) // a Friday
	at := func(text string) time.Time {
		v, err := time.Parse("2006-01-02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	early := oncall.Person{Zone: "Europe/Berlin", Wakes: 7 * 60, Sleeps: 23 * 60}
	night := oncall.Person{Zone: "UTC", Wakes: 22 * 60, Sleeps: 6 * 60}
	always := oncall.Person{Zone: "Asia/Tokyo"}
	lateRiser := oncall.Person{Zone: "America/New_York", Wakes: 11 * 60, Sleeps: 3 * 60}
	for _, c := range []struct {
		who         oncall.Person
		since, mark string
		now         string
		want        occasion
	}{
		{early, "2026-11-01 00:00", "", "2026-12-03 07:59", never},
		{early, "2026-11-01 00:00", "", "2026-12-03 08:00", soon}, // nine in Berlin
		{early, "2026-11-01 00:00", "", "2026-12-03 22:30", never},
		{early, "2026-11-01 00:00", "", "2026-12-04 21:59", soon}, // better late
		{early, "2026-11-01 00:00", "2026-12-03 08:00", "2026-12-03 08:01", never},
		{early, "2026-11-01 00:00", "2026-12-03 08:00", "2026-12-04 12:00", never},
		{early, "2026-11-01 00:00", "2026-12-03 08:00", "2026-12-05 08:00", late},
		{early, "2026-11-01 00:00", "2026-12-05 08:00", "2026-12-06 08:00", never},
		{early, "2026-11-01 00:00", "", "2026-12-17 12:00", late},
		{early, "2026-11-01 00:00", "", "2026-12-18 12:00", never}, // old minutes that were read in
		{early, "2026-12-03 10:00", "", "2026-12-03 13:59", never}, // it was only just noted
		{early, "2026-12-03 10:00", "", "2026-12-03 14:00", soon},
		{early, "2026-12-03 19:00", "", "2026-12-03 23:00", never}, // at night
		{early, "2026-12-03 19:00", "", "2026-12-04 06:00", soon},  // but in the morning
		{night, "2026-11-01 00:00", "", "2026-12-03 12:00", never},
		{night, "2026-11-01 00:00", "", "2026-12-03 22:00", soon},
		{always, "2026-11-01 00:00", "", "2026-12-02 23:59", never}, // before nine in Tokyo
		{always, "2026-11-01 00:00", "", "2026-12-03 00:00", soon},
		{lateRiser, "2026-11-01 00:00", "", "2026-12-03 15:59", never},
		{lateRiser, "2026-11-01 00:00", "", "2026-12-03 16:00", soon},
	} {
		h := history{due: due, since: at(c.since)}
		if c.mark != "" {
			h.mark = at(c.mark)
		}
		if got := h.forOwner(c.who, at(c.now)); got != c.want {
			t.Errorf("%s from %s to %s after %q: %v, want %v", c.who.Zone, c.since, c.now, c.mark, got, c.want)
		}
	}
	h := history{due: due, since: at("2026-11-01 00:00")}
	for now, want := range map[string]occasion{
		"2026-12-03 23:00": never, "2026-12-04 08:59": never, "2026-12-04 09:00": today, "2026-12-06 23:59": today, "2026-12-07 00:00": never,
	} {
		if got := h.forRoom(at(now)); got != want {
			t.Errorf("the room at %s: %v", now, got)
		}
	}
}

// Whoever they are, wherever and whenever they sleep, however often one looks: each
// owner is told once before the day is over and once after it, and never in their sleep.
func TestEachIsToldOnceAndAwake(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Australia/Lord_Howe"}
	rapid.Check(t, func(t *rapid.T) {
		due := time.Date(2026, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 31).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		var people []oncall.Person
		for range rapid.IntRange(1, 4).Draw(t, "owners") {
			people = append(people, oncall.Person{
				Zone:  rapid.SampledFrom(zones).Draw(t, "zone"),
				Wakes: rapid.IntRange(0, 1439).Draw(t, "wakes"), Sleeps: rapid.IntRange(0, 1439).Draw(t, "sleeps"),
			})
		}
		marks := make([]time.Time, len(people))
		step := time.Duration(rapid.IntRange(1, 60).Draw(t, "look")) * time.Minute
		before, after := make([]int, len(people)), make([]int, len(people))
		for now := due.AddDate(0, 0, -3); now.Before(due.AddDate(0, 0, 5)); now = now.Add(step) {
			for i, p := range people {
				h := history{due: due, since: due.AddDate(0, 0, -5), mark: marks[i]}
				switch h.forOwner(p, now) {
				case soon:
					before[i]++
				case late:
					after[i]++
				default:
					continue
				}
				marks[i] = now
				if !p.Awake(now) {
					t.Fatalf("%+v is told in their sleep, at %s", p, now)
				}
			}
		}
		for i, p := range people {
			asleep := (p.Wakes - p.Sleeps + 1440) % 1440 // minutes in a day
			if p.Wakes != p.Sleeps && asleep > 1440-2*60 {
				continue // awake for less than two looks: no promise
			}
			if before[i] != 1 || after[i] != 1 {
				t.Fatalf("%+v is told %d times before and %d times after %s", p, before[i], after[i], due.Format(time.DateOnly))
			}
		}
	})
}
