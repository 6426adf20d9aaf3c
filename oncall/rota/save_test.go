package rota_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/audit"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

func TestWhatIsSavedIsReadBack(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan | li")
	s := h.daily("maria jan maria")
	s.Zone = "Europe/Berlin"
	s.Layers = append(s.Layers, schedule.Layer{
		Name: "follow", Zone: "Asia/Tokyo", Starts: civil.DateTime{Year: 2026, Month: 3, Day: 1, Hour: 9},
		Ends: civil.DateTime{Year: 2027, Month: 3, Day: 1, Hour: 9}, Unit: schedule.Week, Turns: []int{4, 3}, Members: []int64{h.id("li")},
		Windows: []schedule.Window{{Days: 31, From: 540, Until: 1020}}, Shadow: true,
	})
	saved, warnings, err := h.Save(ctx, h.by["boss"], 0, s)
	must(t, err)
	if len(warnings) > 0 {
		t.Errorf("a shadow needs no yes: %q", warnings)
	}
	read, err := rota.ByName(ctx, tx, "Rel")
	must(t, err)
	if diff := cmp.Diff(saved, read); diff != "" {
		t.Error(diff)
	}
	s.ID, s.Version = read.ID, 1
	s.Layers[1].Shadow = false
	if saved, warnings, err = h.Save(ctx, h.by["boss"], 1, s); err != nil || saved.Version != 2 {
		t.Fatalf("%+v, %v", saved, err)
	}
	says(t, warnings, "li cannot be rung for release yet", "!roster add li release")
	list, err := audit.List(ctx, tx, audit.Query{Kind: "schedule", Subject: "release", Reader: h.id("li")})
	must(t, err)
	if len(list) != 2 || !strings.Contains(string(list[0].After), `"li"`) || list[0].Before == nil || list[1].Before != nil {
		t.Errorf("%+v", list)
	}
}

func TestNamesThatAreNone(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria")
	_, err := rota.ByName(ctx, tx, "release")
	refused(t, err, fault.NotFound, "none at all")
	h.saved(h.daily("maria"))
	_, err = rota.ByName(ctx, tx, "relaese")
	refused(t, err, fault.NotFound, "Did you mean release?")
	_, err = rota.ByName(ctx, tx, "kernel")
	refused(t, err, fault.NotFound, "There are release.")
	_, _, err = h.Save(ctx, h.by["boss"], 0, h.daily("maria"))
	refused(t, err, fault.Conflict, "There is a schedule release already")
	s := h.daily("maria")
	s.Name, s.Role = "other", "cooking"
	_, _, err = h.Save(ctx, h.by["boss"], 0, s)
	refused(t, err, fault.NotFound, `no role "cooking"`)
	s = h.daily("maria")
	s.Layers[0].Members = []int64{987654}
	s.Name = "other"
	_, _, err = h.Save(ctx, h.by["boss"], 0, s)
	refused(t, err, fault.Invalid, "987654")
}

// Two admins look at the same schedule and both save: the second is told who was
// quicker, and what the first did stays.
func TestTwoAdminsOneSchedule(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	h := open(t, db, "boss chief maria jan li")
	s := h.saved(h.daily("maria jan"))
	h.wait(time.Minute)
	change := func(who, members string) func() error {
		mine := h.daily(members)
		mine.ID = s.ID
		return func() error {
			_, _, err := h.Save(ctx, h.by[who], s.Version, mine)
			return err
		}
	}
	bossErr, chiefErr := both(change("boss", "maria jan li"), change("chief", "li maria"))
	won, lost, want := "boss", chiefErr, "maria jan li"
	if bossErr != nil {
		won, lost, want = "chief", bossErr, "li maria"
	}
	refused(t, lost, fault.Conflict, "Meanwhile "+won+" changed release on Mon 2 Mar 12:01 UTC (13:01 your time)", "Nothing of yours was stored")
	read, err := rota.ByID(ctx, db, s.ID)
	must(t, err)
	if diff := cmp.Diff(h.daily(want).Layers, read.Layers); diff != "" || read.Version != 2 {
		t.Errorf("version %d: %s", read.Version, diff)
	}
	if n := get[int](t, db, `select count(*) from audit_entry where kind = 'schedule'`); n != 2 {
		t.Errorf("%d entries for two changes", n)
	}
}

func TestRetiredAndBack(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan")
	s := h.saved(h.daily("maria jan"))
	_, err := h.AddOverride(ctx, h.by["boss"], true, schedule.Override{Schedule: s.ID, From: noon.Add(day), Until: noon.Add(2 * day), Person: h.id("maria"), Instead: h.id("jan")})
	must(t, err)
	r, err := h.Ask(ctx, h.by["maria"], false, rota.Request{Schedule: s.ID, From: noon.Add(2 * day), Until: noon.Add(3 * day)})
	must(t, err)
	h.wait(6 * time.Hour)
	refused(t, h.Retire(ctx, h.by["boss"], 7, s.ID), fault.Conflict)
	must(t, h.Retire(ctx, h.by["boss"], s.Version, s.ID))
	refused(t, h.Retire(ctx, h.by["boss"], s.Version, s.ID), fault.NotFound)
	_, err = rota.ByName(ctx, tx, "release")
	refused(t, err, fault.NotFound)
	if r, err = rota.RequestByID(ctx, tx, r.ID); err != nil || r.State != rota.Withdrawn {
		t.Errorf("%+v, %v", r, err)
	}
	h.wait(day)
	must(t, h.Handoff(ctx))
	if got := h.stints(); got != "maria 0h-6h" {
		t.Error(got)
	}
	back := h.saved(h.daily("jan"))
	if back.ID != s.ID || back.Version <= s.Version {
		t.Errorf("%+v after %+v", back, s)
	}
	if got := h.on(back, h.now, h.now.Add(day)); got != "jan 24h0m0s" {
		t.Error(got)
	}
}

// A policy that rings a schedule would ring nobody if that went, or took another name.
func TestASchedulesNameThatAPolicyRings(t *testing.T) {
	h := open(t, pgtest.Tx(t), "boss maria")
	s := h.saved(h.daily("maria"))
	_, err := h.db.Exec(ctx, `insert into escalation_policy (name, title, steps, changed_at) values
		('other', 'x', '[{"targets": [{"kind": "person", "name": "release"}]}]', now()),
		('urgent', 'x', '[{"targets": [{"kind": "room", "name": "#ops"}]}, {"targets": [{"kind": "schedule", "name": "release"}]}]', now())`)
	must(t, err)
	refused(t, h.Retire(ctx, h.by["boss"], s.Version, s.ID), fault.Conflict, "policy urgent", "release")
	s.Name = "releases"
	_, _, err = h.Save(ctx, h.by["boss"], s.Version, s)
	refused(t, err, fault.Conflict, "policy urgent")
	s.Name, s.Title = "release", "Another title"
	s = h.saved(s)
	_, err = h.db.Exec(ctx, `delete from escalation_policy where name = 'urgent'`)
	must(t, err)
	must(t, h.Retire(ctx, h.by["boss"], s.Version, s.ID))
}
