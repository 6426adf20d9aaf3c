package rota_test

import (
	"testing"
	"time"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

func TestAwayAndBack(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan")
	s := h.saved(h.daily("maria jan"))
	a := schedule.Absence{From: noon.Add(12 * time.Hour), Until: noon.Add(60 * time.Hour), Note: "hospital"}
	first, hits, err := h.AddAbsence(ctx, h.by["maria"], false, a)
	must(t, err)
	if len(hits) != 2 || hits[0].Schedule != "release" || !hits[0].Shift.From.Equal(a.From) || !hits[0].Shift.Until.Equal(noon.Add(day)) {
		t.Errorf("%+v", hits)
	}
	again, hits, err := h.AddAbsence(ctx, h.by["maria"], false, a)
	must(t, err)
	if again.ID != first.ID || len(hits) != 2 {
		t.Errorf("%+v, %+v", again, hits)
	}
	if got := h.on(s, noon, noon.Add(3*day)); got != "maria 12h0m0s, (maria) 12h0m0s, jan 24h0m0s, (maria) 12h0m0s, maria 12h0m0s" {
		t.Error(got)
	}
	b, err := rota.Load(ctx, tx, noon.Add(day), noon.Add(day))
	must(t, err)
	if until, away := b.Away(h.id("maria"), noon.Add(day)); !away || !until.Equal(a.Until) {
		t.Errorf("%v, %v", until, away)
	}
	a.Person = h.id("jan")
	_, _, err = h.AddAbsence(ctx, h.by["maria"], false, a)
	refused(t, err, fault.Forbidden)
	_, err = h.RemoveAbsence(ctx, h.by["jan"], false, first.ID)
	refused(t, err, fault.Forbidden)
	_, err = h.RemoveAbsence(ctx, h.by["boss"], true, first.ID)
	must(t, err)
	says(t, h.told("maria"), "boss noted that you are not away")
	_, err = h.RemoveAbsence(ctx, h.by["boss"], true, first.ID)
	refused(t, err, fault.NotFound)
	if n := get[int](t, tx, `select count(*) from audit_entry where says like '%hospital%' or before::text like '%hospital%' or after::text like '%hospital%'`); n != 0 {
		t.Error("the trail tells why somebody is away")
	}
}

// A calendar that is read again changes nothing, follows what was moved, and forgets
// what was taken out. What was said by hand stays.
func TestACalendarIsReadAgain(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan")
	h.saved(h.daily("maria jan"))
	_, _, err := h.AddAbsence(ctx, h.by["maria"], false, schedule.Absence{From: noon.Add(20 * day), Until: noon.Add(21 * day)})
	must(t, err)
	event := func(uid string, from, days int) rota.Event {
		return rota.Event{UID: uid, From: noon.Add(time.Duration(from) * day), Until: noon.Add(time.Duration(from+days) * day), Note: "holiday"}
	}
	read := func(want rota.Imported, hits int, events ...rota.Event) {
		t.Helper()
		done, hit, err := h.ImportAbsences(ctx, h.by["maria"], false, h.id("maria"), "vacation", events)
		must(t, err)
		if done != want || len(hit) != hits {
			t.Errorf("%+v with %d hits", done, len(hit))
		}
	}
	all := []rota.Event{event("a", 2, 1), event("b", 6, 3), event("weekly", 10, 1), event("weekly", 17, 1), event("old", -9, 2), event("b", 6, 3)}
	read(rota.Imported{Added: 4, Skipped: 2}, 4, all...)
	read(rota.Imported{Skipped: 2}, 4, all...)
	read(rota.Imported{Changed: 1, Gone: 1, Skipped: 1}, 2, event("a", 3, 2), event("weekly", 10, 1), event("weekly", 17, 1), event("old", -9, 2))
	list, err := rota.Absences(ctx, tx, h.id("maria"), noon, noon.Add(100*day))
	must(t, err)
	if len(list) != 4 || !list[0].From.Equal(noon.Add(3*day)) {
		t.Errorf("%+v", list)
	}
	read(rota.Imported{Gone: 3}, 0)
	if n := get[int](t, tx, `select count(*) from absence`); n != 1 {
		t.Errorf("%d are left", n)
	}
	if n := get[int](t, tx, `select count(*) from audit_entry where kind = 'absence'`); n != 4 {
		t.Errorf("%d entries:\n%s", n, h.audited())
	}
	_, _, err = h.ImportAbsences(ctx, h.by["jan"], false, h.id("maria"), "vacation", nil)
	refused(t, err, fault.Forbidden)
}

func TestHolidaysOfARegion(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss")
	on := func(year int, month time.Month, day int, name string) rota.Holiday {
		return rota.Holiday{Day: civil.DateTime{Year: year, Month: month, Day: day}, Name: name}
	}
	must(t, h.SetHolidays(ctx, h.by["boss"], "de-by", []rota.Holiday{on(2026, 1, 6, "Epiphany"), on(2026, 5, 1, "May Day"), on(2026, 5, 1, "Ascension")}))
	must(t, h.SetHolidays(ctx, h.by["boss"], "de-by", []rota.Holiday{on(2027, 1, 6, "Epiphany")}))
	must(t, h.SetHolidays(ctx, h.by["boss"], "de-by", []rota.Holiday{on(2026, 5, 1, "May Day")}))
	list, err := rota.Holidays(ctx, tx, "de-by", noon.AddDate(-1, 0, 0), noon.AddDate(2, 0, 0))
	must(t, err)
	if len(list) != 2 || list[0] != on(2026, 5, 1, "May Day") || list[1] != on(2027, 1, 6, "Epiphany") {
		t.Errorf("%+v", list)
	}
	refused(t, h.SetHolidays(ctx, h.by["boss"], "Bavaria", nil), fault.Invalid)
	must(t, h.SetHolidays(ctx, h.by["boss"], "de-by", nil))
	if n := get[int](t, tx, `select count(*) from holiday`); n != 0 {
		t.Errorf("%d are left", n)
	}
}
