package rota_test

import (
	"testing"
	"time"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

func TestOverrideAndBack(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan li | ann")
	s := h.saved(h.daily("maria jan"))
	o := schedule.Override{Schedule: s.ID, From: noon.Add(6 * time.Hour), Until: noon.Add(12 * time.Hour), Person: h.id("li"), Instead: h.id("maria"), Note: "dentist"}
	_, err := h.AddOverride(ctx, h.by["li"], false, o)
	refused(t, err, fault.Forbidden, "!cover")
	first, err := h.AddOverride(ctx, h.by["boss"], true, o)
	must(t, err)
	says(t, h.told("li"), "boss decided about release: li comes instead of maria from Mon 2 Mar 18:00 UTC (19:00 your time)", "They say: dentist")
	says(t, h.told("maria"), "boss decided")
	if got := h.on(s, noon, noon.Add(day)); got != "maria 6h0m0s, li 6h0m0s, maria 12h0m0s" {
		t.Error(got)
	}
	again, err := h.AddOverride(ctx, h.by["boss"], true, o)
	must(t, err)
	if again.ID != first.ID {
		t.Errorf("%+v beside %+v", again, first)
	}
	silent(t, h.told("li"))
	_, err = h.RemoveOverride(ctx, h.by["li"], false, first.ID)
	refused(t, err, fault.Forbidden, "!cover")
	_, err = h.RemoveOverride(ctx, h.by["boss"], true, first.ID)
	must(t, err)
	says(t, h.told("maria"), "boss took back")
	_, err = h.RemoveOverride(ctx, h.by["boss"], true, first.ID)
	refused(t, err, fault.NotFound)
	if got := h.on(s, noon, noon.Add(day)); got != "maria 24h0m0s" {
		t.Error(got)
	}
	if list, err := rota.Overrides(ctx, tx, s.ID, noon, noon.Add(day)); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	if n := get[int](t, tx, `select count(*) from audit_entry where kind = 'override'`); n != 2 {
		t.Errorf("%d entries:\n%s", n, h.audited())
	}
}

// A decision that others undid since is no repeat.
func TestOverrideForthBackAndForth(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan")
	s := h.saved(h.daily("maria"))
	for _, pair := range [][2]string{{"jan", "maria"}, {"maria", "jan"}, {"jan", "maria"}} {
		_, err := h.AddOverride(ctx, h.by["boss"], true, schedule.Override{Schedule: s.ID, From: noon, Until: noon.Add(day), Person: h.id(pair[0]), Instead: h.id(pair[1])})
		must(t, err)
		if got := h.on(s, noon, noon.Add(day)); got != pair[0]+" 24h0m0s" {
			t.Error(got)
		}
	}
}

func TestOverridesThatCannotBe(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan | ann")
	s := h.saved(h.daily("maria"))
	good := schedule.Override{Schedule: s.ID, From: noon, Until: noon.Add(day), Person: h.id("jan"), Instead: h.id("maria")}
	for _, c := range []struct {
		name  string
		make  func(o *schedule.Override)
		kind  fault.Kind
		words string
	}{
		{"nobody at all", func(o *schedule.Override) { o.Person, o.Instead = 0, 0 }, fault.Invalid, "Say who comes"},
		{"of oneself", func(o *schedule.Override) { o.Instead = o.Person }, fault.Invalid, "themselves"},
		{"backwards", func(o *schedule.Override) { o.Until = o.From }, fault.Invalid, "before it begins"},
		{"too long", func(o *schedule.Override) { o.Until = o.From.AddDate(1, 2, 0) }, fault.Invalid, "400 days"},
		{"over", func(o *schedule.Override) { o.From, o.Until = noon.Add(-day), noon }, fault.Invalid, "over already"},
		{"no such layer", func(o *schedule.Override) { o.Layer = "third" }, fault.NotFound, "It has first."},
		{"not on the roster", func(o *schedule.Override) { o.Person = h.id("ann") }, fault.Conflict, "Who can come: boss, maria and jan."},
		{"instead of who is not on", func(o *schedule.Override) { o.Person, o.Instead = h.id("maria"), h.id("jan") }, fault.Conflict, "jan is not on by release"},
		{"no such schedule", func(o *schedule.Override) { o.Schedule += 999 }, fault.NotFound, "no such schedule"},
	} {
		o := good
		c.make(&o)
		_, err := h.AddOverride(ctx, h.by["boss"], true, o)
		if err == nil {
			t.Errorf("%s: is let through", c.name)
			continue
		}
		refused(t, err, c.kind, c.words)
	}
	if n := get[int](t, tx, `select count(*) from shift_override`); n != 0 {
		t.Errorf("%d of them were stored", n)
	}
}

func TestComingInAddition(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan")
	s := h.saved(h.daily("maria"))
	o := schedule.Override{Schedule: s.ID, Layer: "first", From: noon, Until: noon.Add(6 * time.Hour), Person: h.id("jan")}
	first, err := h.AddOverride(ctx, h.by["jan"], false, o)
	must(t, err)
	if again, err := h.AddOverride(ctx, h.by["jan"], false, o); err != nil || again.ID != first.ID {
		t.Errorf("%+v, %v", again, err)
	}
	o.Until = noon.Add(7 * time.Hour)
	_, err = h.AddOverride(ctx, h.by["jan"], false, o)
	refused(t, err, fault.Conflict, "in addition")
	if got := h.on(s, noon, noon.Add(6*time.Hour)); got != "jan 6h0m0s, maria 6h0m0s" {
		t.Error(got)
	}
	_, err = h.RemoveOverride(ctx, h.by["jan"], false, first.ID)
	must(t, err)
}

// Where no roster says who may come, nobody who is not one of its people appoints
// themselves: whoever is on first is rung first.
func TestNobodyAppointsThemselvesWhereNoRoleAsks(t *testing.T) {
	h := open(t, pgtest.Tx(t), "boss maria li")
	free := h.daily("boss maria")
	free.Name, free.Role = "free", ""
	s := h.saved(free)
	o := schedule.Override{Schedule: s.ID, From: noon, Until: noon.Add(day), Person: h.id("li")}
	_, err := h.AddOverride(ctx, h.by["li"], false, o)
	refused(t, err, fault.Forbidden, "free serves no role", "only an admin")
	_, err = h.Trying().AddOverride(ctx, h.by["li"], false, o)
	refused(t, err, fault.Forbidden)
	_, err = h.AddOverride(ctx, h.by["boss"], true, o)
	must(t, err)
	o.Person = h.id("maria")
	_, err = h.AddOverride(ctx, h.by["maria"], false, o)
	must(t, err)
}
