package rota_test

import (
	"testing"
	"time"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// Whoever only tries is told what would come of it and what would be refused, and nothing
// has happened.
func TestTryingChangesNothing(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan | ann")
	s := h.saved(h.daily("maria jan"))
	before := h.audited()
	trying := h.Trying()

	o := schedule.Override{Schedule: s.ID, From: noon, Until: noon.Add(6 * time.Hour), Person: h.id("jan"), Instead: h.id("maria")}
	_, err := trying.AddOverride(ctx, h.by["jan"], false, o)
	refused(t, err, fault.Forbidden)
	_, err = trying.AddOverride(ctx, h.by["boss"], true, o)
	must(t, err)

	r, err := trying.Ask(ctx, h.by["maria"], false, rota.Request{Schedule: s.ID, From: noon, Until: noon.Add(3 * day)})
	must(t, err)
	if r.ID != 0 || !r.From.Equal(noon) || !r.Until.Equal(noon.Add(3*day)) || r.Layer != "first" {
		t.Errorf("%+v", r)
	}
	_, err = trying.Ask(ctx, h.by["maria"], false, rota.Request{Schedule: s.ID, From: noon, Until: noon.Add(day), Of: h.id("ann")})
	refused(t, err, fault.Conflict, "ann")

	_, hits, err := trying.AddAbsence(ctx, h.by["maria"], false, schedule.Absence{From: noon, Until: noon.Add(6 * time.Hour)})
	must(t, err)
	if len(hits) != 1 || hits[0].Schedule != "release" {
		t.Errorf("%+v", hits)
	}

	for _, handle := range []string{"boss", "maria", "jan"} {
		silent(t, h.told(handle))
	}
	if after := h.audited(); after != before {
		t.Error(after)
	}
	for _, table := range []string{"shift_override", "cover_request", "absence"} {
		if n := get[int](t, tx, `select count(*) from `+table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
}

// Calendar tells of shifts that ring somebody, and of absences.
func TestCalendar(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan")
	h.saved(h.daily("maria jan"))
	_, _, err := h.AddAbsence(ctx, h.by["maria"], false, schedule.Absence{From: noon.Add(2 * day), Until: noon.Add(3 * day), Note: "sea"})
	must(t, err)
	shifts, err := rota.Calendar{}.Shifts(ctx, tx, h.id("maria"), noon, noon.Add(5*day))
	must(t, err)
	if len(shifts) != 2 || !shifts[0].From.Equal(noon) || !shifts[1].From.Equal(noon.Add(4*day)) || shifts[0].Schedule != "release" || shifts[0].Role != "release" {
		t.Errorf("%+v", shifts)
	}
	away, err := rota.Calendar{}.Absences(ctx, tx, h.id("maria"), noon, noon.Add(5*day))
	must(t, err)
	if len(away) != 1 || away[0].Note != "sea" {
		t.Errorf("%+v", away)
	}
}
