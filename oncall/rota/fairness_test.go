package rota_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/rota"
)

func TestReportOfPastAndFuture(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan")
	_, err := tx.Exec(ctx, `update person set region = 'de' where handle = 'jan'`)
	must(t, err)
	must(t, h.SetHolidays(ctx, h.by["boss"], "de", []rota.Holiday{{Day: civil.DateTime{Year: 2026, Month: 3, Day: 4}, Name: "a day of rest"}}))
	s := h.saved(h.daily("maria jan"))
	h.wait(36 * time.Hour)
	must(t, h.Handoff(ctx))
	_, err = tx.Exec(ctx, `
		with hunt as (
			insert into escalation (cause, slot, why, severity, patience, started_at, due_at)
			values ('incident:1', 'role:release', 'fire', 1, interval '1 minute', $1, $1) returning id
		) insert into page (escalation_id, person_id, round, opened_at, rung_at) select id, $2, 1, $1, $1 from hunt`, noon.Add(time.Hour), h.id("maria"))
	must(t, err)
	f, err := h.Report(ctx, noon, noon.Add(7*day), s.ID)
	must(t, err)
	var got []string
	for _, share := range f.Shares {
		got = append(got, fmt.Sprintf("%s %v nights %v weekends %v holidays %v shifts %d pages %d", share.Person.Handle,
			share.On.Hours(), share.Nights.Hours(), share.Weekends.Hours(), share.Holidays.Hours(), share.Shifts, share.Pages))
	}
	// Monday, Wednesday, Friday and Sunday from 13:00 in Berlin are maria's.
	want := "maria 96 nights 32 weekends 24 holidays 0 shifts 4 pages 1\njan 72 nights 24 weekends 24 holidays 13 shifts 3 pages 0"
	if strings.Join(got, "\n") != want || f.Covered != 7*day {
		t.Errorf("covered %v\n%s", f.Covered, strings.Join(got, "\n"))
	}
}

// No part is more than the whole, and nothing of what was worked is lost, at changes of
// clocks too.
func TestPartsAndWhole(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo", "America/Sao_Paulo", "Antarctica/Troll"}
	rapid.Check(t, func(rt *rapid.T) {
		people, holidays := map[int64]oncall.Person{}, map[rota.Day]string{}
		for id := range int64(4) {
			people[id] = oncall.Person{ID: id, Zone: rapid.SampledFrom(zones).Draw(rt, "zone"), Region: "de"}
		}
		for range 5 {
			holidays[rota.Day{Region: "de", Year: 2011, Month: time.Month(rapid.IntRange(1, 12).Draw(rt, "month")), Day: rapid.IntRange(1, 31).Draw(rt, "day")}] = "rest"
		}
		var worked []rota.Worked
		var whole time.Duration
		for range rapid.IntRange(0, 20).Draw(rt, "stints") {
			from := time.Date(2011, 1, 1, 0, rapid.IntRange(0, 525600).Draw(rt, "from"), 0, 0, time.UTC)
			for_ := time.Duration(rapid.IntRange(1, 30000).Draw(rt, "minutes")) * time.Minute
			worked = append(worked, rota.Worked{Person: rapid.Int64Range(0, 3).Draw(rt, "person"), From: from, Until: from.Add(for_)})
			whole += for_
		}
		var sum time.Duration
		shifts := 0
		for _, s := range rota.Shares(worked, people, holidays) {
			sum += s.On
			shifts += s.Shifts
			for _, part := range []time.Duration{s.Nights, s.Weekends, s.Holidays} {
				if part < 0 || part > s.On {
					rt.Fatalf("%+v", s)
				}
			}
		}
		if sum != whole || shifts != len(worked) {
			rt.Fatalf("%v of %v in %d of %d shifts", sum, whole, shifts, len(worked))
		}
	})
}

// A night is eight hours on the clock; when clocks are put forward in it, it is seven.
func TestNightsAndWeekends(t *testing.T) {
	berlin := oncall.Location("Europe/Berlin")
	people := map[int64]oncall.Person{1: {ID: 1, Zone: "Europe/Berlin"}}
	for _, c := range []struct {
		month, day       int // of 2026, at noon in Berlin, for 24 hours on the clock
		nights, weekends float64
	}{
		{3, 4, 8, 0},    // Wednesday
		{3, 28, 7, 23},  // Saturday, until Sunday noon of summer time
		{10, 24, 9, 25}, // and back
		{3, 6, 8, 12},   // Friday
	} {
		from := time.Date(2026, time.Month(c.month), c.day, 12, 0, 0, 0, berlin)
		s := rota.Shares([]rota.Worked{{Person: 1, From: from, Until: time.Date(2026, time.Month(c.month), c.day+1, 12, 0, 0, 0, berlin)}}, people, nil)[0]
		if s.Nights.Hours() != c.nights || s.Weekends.Hours() != c.weekends {
			t.Errorf("%s: nights %v, weekends %v", from, s.Nights, s.Weekends)
		}
	}
}
