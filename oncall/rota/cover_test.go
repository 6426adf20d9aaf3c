package rota_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// Where hundreds could come, a few are asked in private, the schedule's own first, and
// the others in the rooms.
func TestCoverAskedOfHundreds(t *testing.T) {
	var people strings.Builder
	for n := range 120 {
		fmt.Fprintf(&people, " p%d", n)
	}
	h := open(t, pgtest.Tx(t), "boss maria"+people.String()+" jan")
	h.Rooms = []rota.Room{{Network: "chat", Room: "#ops"}}
	s := h.saved(h.daily("maria jan"))
	_, err := h.Ask(ctx, h.by["maria"], false, rota.Request{Schedule: s.ID, From: noon, Until: noon.Add(time.Hour)})
	must(t, err)
	says(t, h.told("jan"), "can you be on instead of maria")
	if n := get[int](t, h.db, `select count(*) from notice where account <> '' and state = 'waiting'`); n != 49 {
		t.Errorf("%d others are asked in private", n)
	}
	says(t, h.aloud("#ops"), "can you be on instead of maria")
}

func TestCoverAskedOfEverybody(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan li away | ann")
	s := h.saved(h.daily("maria jan"))
	_, _, err := h.AddAbsence(ctx, h.by["away"], false, schedule.Absence{From: noon, Until: noon.Add(7 * day)})
	must(t, err)
	_, err = h.Ask(ctx, h.by["jan"], false, rota.Request{Schedule: s.ID, From: noon, Until: noon.Add(time.Hour)})
	refused(t, err, fault.Conflict, "jan is not on by release from Mon 2 Mar 12:00 UTC")
	r, err := h.Ask(ctx, h.by["jan"], false, rota.Request{Schedule: s.ID, From: noon, Until: noon.Add(2 * day), Note: "a wedding"})
	must(t, err)
	if !r.From.Equal(noon.Add(day)) || r.Layer != "first" {
		t.Errorf("%+v", r)
	}
	// Maria is on before, not then: she is asked like the rest. Who is away is not.
	for _, who := range []string{"boss", "maria", "li"} {
		says(t, h.told(who), "Cover "+rota.Ref(r.ID)+": can you be on instead of", "!cover accept "+rota.Ref(r.ID), "jan for release from Tue 3 Mar 12:00 UTC (13:00 your time)", "a wedding")
	}
	for _, who := range []string{"jan", "away", "ann"} {
		silent(t, h.told(who))
	}
	if again, err := h.Ask(ctx, h.by["jan"], false, rota.Request{Schedule: s.ID, From: noon, Until: noon.Add(2 * day)}); err != nil || again.ID != r.ID {
		t.Errorf("%+v, %v", again, err)
	}
	silent(t, h.told("li"))
	if r, err = h.Decline(ctx, h.by["boss"], r.ID); err != nil || r.State != rota.Open {
		t.Errorf("%+v, %v", r, err)
	}
	_, err = h.Accept(ctx, h.by["jan"], r.ID)
	refused(t, err, fault.Forbidden, "!cover withdraw "+rota.Ref(r.ID))
	_, err = h.Accept(ctx, h.by["ann"], r.ID)
	refused(t, err, fault.Conflict, "Nobody may ring ann for release")
	_, err = h.Accept(ctx, h.by["away"], r.ID)
	refused(t, err, fault.Conflict, "away is away then")
	_, err = h.Withdraw(ctx, h.by["li"], false, r.ID)
	refused(t, err, fault.Forbidden)
	if r, err = h.Accept(ctx, h.by["li"], r.ID); err != nil || r.State != rota.Accepted {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err = h.Accept(ctx, h.by["li"], r.ID); err != nil {
		t.Errorf("saying yes twice: %v", err)
	}
	says(t, h.told("jan"), "li said yes to "+rota.Ref(r.ID))
	if got := h.on(s, noon, noon.Add(4*day)); got != "maria 24h0m0s, li 24h0m0s, maria 24h0m0s, jan 24h0m0s" {
		t.Error(got)
	}
	if open, err := rota.OpenRequests(ctx, tx, s.ID); err != nil || len(open) != 0 {
		t.Errorf("%v, %v", open, err)
	}
}

// Two say yes at once: the shift passes to one, and the other is told to whom.
func TestTwoSayYes(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	h := open(t, db, "boss maria jan li")
	s := h.saved(h.daily("maria"))
	r, err := h.Ask(ctx, h.by["maria"], false, rota.Request{Schedule: s.ID, From: noon.Add(time.Hour), Until: noon.Add(5 * time.Hour)})
	must(t, err)
	yes := func(who string) func() error {
		return func() error { _, err := h.Accept(ctx, h.by[who], r.ID); return err }
	}
	janErr, liErr := both(yes("jan"), yes("li"))
	won, lost := "jan", liErr
	if janErr != nil {
		won, lost = "li", janErr
	}
	refused(t, lost, fault.Conflict, won+" said yes to "+rota.Ref(r.ID)+" on Mon 2 Mar 12:00 UTC")
	if got := h.on(s, noon, noon.Add(6*time.Hour)); got != "maria 1h0m0s, "+won+" 4h0m0s, maria 1h0m0s" {
		t.Error(got)
	}
	says(t, h.told("maria"), won+" said yes")
	if n := get[int](t, db, `select count(*) from shift_override`); n != 1 {
		t.Errorf("%d overrides", n)
	}
}

func TestSwap(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan li")
	s := h.saved(h.daily("maria jan li"))
	from, until := noon.Add(day), noon.Add(2*day) // jan's
	swap := rota.Request{Schedule: s.ID, From: noon.Add(3 * day), Until: noon.Add(4 * day), ReturnFrom: &from, ReturnUntil: &until}
	_, err := h.Ask(ctx, h.by["maria"], false, swap)
	refused(t, err, fault.Invalid, "with whom")
	swap.Of = h.id("li")
	_, err = h.Ask(ctx, h.by["maria"], false, swap)
	refused(t, err, fault.Conflict, "li is not on by release")
	swap.Of = h.id("jan")
	r, err := h.Ask(ctx, h.by["maria"], false, swap)
	must(t, err)
	says(t, h.told("jan"), "Swap", "in return maria is on instead of jan", "!swap accept "+rota.Ref(r.ID), "!swap decline")
	_, err = h.Accept(ctx, h.by["li"], r.ID)
	refused(t, err, fault.Forbidden, "asked of jan")
	_, err = h.Accept(ctx, h.by["boss"], r.ID)
	refused(t, err, fault.Forbidden, "!override")
	_, err = h.Accept(ctx, h.by["jan"], r.ID)
	must(t, err)
	if got := h.on(s, noon, noon.Add(5*day)); got != "maria 48h0m0s, li 24h0m0s, jan 48h0m0s" {
		t.Error(got)
	}
}

func TestSwapOfWhatChangedSince(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan li")
	s := h.saved(h.daily("maria jan li"))
	from, until := noon.Add(day), noon.Add(2*day)
	r, err := h.Ask(ctx, h.by["maria"], false, rota.Request{Schedule: s.ID, From: noon.Add(3 * day), Until: noon.Add(4 * day), Of: h.id("jan"), ReturnFrom: &from, ReturnUntil: &until})
	must(t, err)
	_, err = h.AddOverride(ctx, h.by["boss"], true, schedule.Override{Schedule: s.ID, From: until.Add(-time.Hour), Until: until, Person: h.id("li"), Instead: h.id("jan")})
	must(t, err)
	_, err = h.Accept(ctx, h.by["jan"], r.ID)
	refused(t, err, fault.Conflict, "The shift of jan is not what it was")
	if n := get[int](t, tx, `select count(*) from shift_override where cover_id is not null`); n != 0 {
		t.Errorf("half a swap: %d", n)
	}
	if r, err = h.Decline(ctx, h.by["jan"], r.ID); err != nil || r.State != rota.Declined {
		t.Errorf("%+v, %v", r, err)
	}
	h.wait(time.Minute)
	_, err = h.Withdraw(ctx, h.by["maria"], false, r.ID)
	refused(t, err, fault.Conflict, "jan said no to "+rota.Ref(r.ID))
}

func TestNobodySaidYes(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan")
	s := h.saved(h.daily("maria jan"))
	ask := func(who string, from, until time.Time) rota.Request {
		t.Helper()
		r, err := h.Ask(ctx, h.by[who], false, rota.Request{Schedule: s.ID, From: from, Until: until})
		must(t, err)
		return r
	}
	later, running := ask("jan", noon.Add(day), noon.Add(2*day)), ask("maria", noon, noon.Add(day))
	h.told("jan")
	h.told("maria")
	h.wait(10 * time.Minute)
	// Asked within the shift, it can be taken until its end.
	if n, err := h.Lapse(ctx); err != nil || n != 0 {
		t.Errorf("%d lapsed, %v", n, err)
	}
	_, err := h.Accept(ctx, h.by["jan"], running.ID)
	must(t, err)
	if got := h.on(s, noon, noon.Add(day)); got != "jan 24h0m0s" {
		t.Error(got)
	}
	h.told("maria")
	h.wait(day)
	_, err = h.Accept(ctx, h.by["maria"], later.ID)
	refused(t, err, fault.Conflict, "is over", "jan kept it")
	for range 2 {
		if _, err = h.Lapse(ctx); err != nil {
			t.Fatal(err)
		}
	}
	says(t, h.told("jan"), "Nobody said yes to "+rota.Ref(later.ID))
	_, err = h.Accept(ctx, h.by["maria"], later.ID)
	refused(t, err, fault.Conflict, "is over")
}

// Whatever is covered and swapped, all hours that were somebody's are somebody's after,
// and in a swap each side gives what the other takes.
func TestHoursAreConserved(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	names := []string{"ann", "ben", "cleo", "dan"}
	h := open(t, db, "boss ann ben cleo dan")
	s := h.saved(h.daily("ann ben cleo dan"))
	until := noon.Add(12 * day)
	sums := func() map[string]time.Duration {
		b, err := rota.Load(ctx, db, noon, until)
		must(t, err)
		out := map[string]time.Duration{}
		for _, sh := range b.Shifts(s, noon, until) {
			out[h.handle(sh.Person)] += sh.Until.Sub(sh.From)
		}
		return out
	}
	rapid.Check(t, func(rt *rapid.T) {
		before := sums()
		who, whom := rapid.SampledFrom(names).Draw(rt, "who"), rapid.SampledFrom(names).Draw(rt, "whom")
		at := func(name string) (from, end time.Time) {
			from = noon.Add(time.Duration(rapid.IntRange(0, 280).Draw(rt, name)) * time.Hour)
			return from, earliest(until, from.Add(time.Duration(rapid.IntRange(1, 30).Draw(rt, name+" hours"))*time.Hour))
		}
		r := rota.Request{Schedule: s.ID, Of: h.id(whom)}
		r.From, r.Until = at("from")
		if rapid.Bool().Draw(rt, "swap") {
			from, end := at("return")
			r.ReturnFrom, r.ReturnUntil = &from, &end
		}
		r, err := h.Ask(ctx, h.by[who], false, r)
		var passes time.Duration // from who to whom
		if err == nil {
			passes = hours(h, s, who, r.From, r.Until)
			if r.Swap() {
				passes -= hours(h, s, whom, *r.ReturnFrom, *r.ReturnUntil)
			}
			_, err = h.Accept(ctx, h.by[whom], r.ID)
		}
		after := sums()
		if err != nil {
			if k := fault.KindOf(err); k != fault.Conflict && k != fault.Invalid {
				rt.Fatal(err)
			}
			for _, n := range names {
				if before[n] != after[n] {
					rt.Fatalf("refused (%v), and yet %s had %v and has %v", err, n, before[n], after[n])
				}
			}
			return
		}
		var whole time.Duration
		for _, n := range names {
			whole += after[n]
			if n != who && n != whom && before[n] != after[n] {
				rt.Fatalf("%s had nothing to do with it, had %v and has %v", n, before[n], after[n])
			}
		}
		if before[who]-after[who] != passes || after[whom]-before[whom] != passes {
			rt.Fatalf("%v pass from %s to %s, who had %v and %v and have %v and %v", passes, who, whom, before[who], before[whom], after[who], after[whom])
		}
		if whole != 12*day {
			rt.Fatalf("%v are somebody's", whole)
		}
	})
}

// hours is how long somebody is on in a range.
func hours(h *house, s schedule.Schedule, who string, from, until time.Time) (sum time.Duration) {
	h.t.Helper()
	b, err := rota.Load(ctx, h.db, from, until)
	must(h.t, err)
	for _, sh := range b.Shifts(s, from, until) {
		if sh.Person == h.id(who) {
			sum += sh.Until.Sub(sh.From)
		}
	}
	return sum
}

// In the hour that comes twice both neighbours are on. They can swap all the same, and
// each has what the other had.
func TestSwapWhereClocksArePutBack(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan")
	s := h.daily("maria jan")
	s.Zone = "Europe/Berlin"
	s.Layers[0].Starts = civil.DateTime{Year: 2026, Month: 10, Day: 24, Hour: 2, Minute: 30}
	s = h.saved(s)
	from := time.Date(2026, 10, 24, 0, 30, 0, 0, time.UTC)
	middle, until := from.Add(25*time.Hour), from.Add(49*time.Hour)
	first := middle.Add(-time.Hour)
	if got := h.on(s, from, until); got != "maria 25h0m0s, jan 25h0m0s" {
		t.Fatal(got)
	}
	r, err := h.Ask(ctx, h.by["maria"], false, rota.Request{Schedule: s.ID, From: from, Until: middle, Of: h.id("jan"), ReturnFrom: &first, ReturnUntil: &until})
	must(t, err)
	_, err = h.Accept(ctx, h.by["jan"], r.ID)
	must(t, err)
	if got := h.on(s, from, until); got != "jan 25h0m0s, maria 25h0m0s" {
		t.Error(got)
	}
}

// Whoever only looks on can come, and has nothing to hand on.
func TestAShadowComes(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan")
	s := h.daily("maria")
	shadow := s.Layers[0]
	shadow.Name, shadow.Shadow, shadow.Members = "new", true, []int64{h.id("jan")}
	s.Layers = append(s.Layers, shadow)
	s = h.saved(s)
	_, err := h.Ask(ctx, h.by["jan"], false, rota.Request{Schedule: s.ID, From: noon, Until: noon.Add(day)})
	refused(t, err, fault.Conflict, "jan is not on by release")
	r, err := h.Ask(ctx, h.by["maria"], false, rota.Request{Schedule: s.ID, From: noon, Until: noon.Add(day), Note: "a\x00note\nof two lines"})
	must(t, err)
	if _, err := h.Accept(ctx, h.by["jan"], r.ID); err != nil || r.Note != "a note of two lines" {
		t.Errorf("%q, %v", r.Note, err)
	}
	if got := h.on(s, noon, noon.Add(day)); got != "jan 24h0m0s" {
		t.Error(got)
	}
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
