package paging

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
)

// phones are routes as people have them: a push at once, a text after a minute, a call
// after two, with the limits of a phone.
func phones() []Traits {
	return []Traits{
		{Name: "ntfy"},
		{Name: "sms", Delay: time.Minute, Receipts: true, PerQuarterHour: 2, PerHour: 3},
		{Name: "voice", Delay: 2 * time.Minute, Ends: true, Receipts: true, Loud: true},
	}
}

// reached gives somebody proven addresses of these kinds.
func reached(t testing.TB, db pg.DB, handle string, kinds ...string) int64 {
	t.Helper()
	id := person(t, db, handle)
	for _, kind := range kinds {
		exec(t, db, `insert into contact (person_id, kind, created_at, proven_at) values ($1, $2, $3, $3)`, id, kind, noon)
	}
	return id
}

// plan tells how somebody's ways are used after the last ring: "ntfy 0s, sms 1m0s".
func plan(t testing.TB, db pg.DB, page int64) string {
	t.Helper()
	rows, err := db.Query(ctx, `
		select d.route || case when d.state <> 'queued' then '/' || d.state else '' end, d.due_at - p.rung_at
		from delivery d join page p on p.id = d.page_id where p.id = $1 and d.ring = p.round order by d.due_at, d.id`, page)
	must(t, err)
	var words []string
	var route string
	var after time.Duration
	_, err = pgx.ForEachRow(rows, []any{&route, &after}, func() error {
		words = append(words, route+" "+after.String())
		return nil
	})
	must(t, err)
	return strings.Join(words, ", ")
}

func ringBy(t testing.TB, db pg.DB, now time.Time, e Escalation, round int, routes []Traits, people ...int64) []Rung {
	t.Helper()
	s := Step{Round: round, Wait: e.Patience}
	for _, id := range people {
		s.Ring = append(s.Ring, Candidate{PersonID: id})
	}
	var rung []Rung
	must(t, pg.InTx(ctx, db, func(tx pgx.Tx) (err error) {
		rung, err = Ring(ctx, tx, now, routes, e, s)
		return err
	}))
	return rung
}

func TestWaysAreUsedOneAfterTheOther(t *testing.T) {
	for name, c := range map[string]struct {
		kinds []string
		sql   string // what else is so
		want  string
	}{
		"as the routes say":                 {[]string{"voice", "sms", "ntfy"}, ``, "ntfy 0s, sms 1m0s, voice 2m0s"},
		"the first at once, whatever it is": {[]string{"voice", "sms"}, ``, "sms 0s, voice 1m0s"},
		"the only one at once":              {[]string{"voice"}, ``, "voice 0s"},
		"as somebody chose":                 {[]string{"sms", "voice"}, `update contact set delay = '0' where kind = 'voice'`, "voice 0s, sms 1m0s"},
		"not what was never proven":         {[]string{"sms", "ntfy"}, `update contact set proven_at = null where kind = 'ntfy'`, "sms 0s"},
		"not what was stopped":              {[]string{"sms", "ntfy"}, `update contact set suspended_at = now() where kind = 'sms'`, "ntfy 0s"},
		"not what cannot work":              {[]string{"sms", "ntfy"}, `update contact set fault = 'gone', fault_at = now() where kind = 'sms'`, "ntfy 0s"},
		"what is unproven comes last":       {[]string{"sms", "ntfy", "voice"}, `insert into route_health (route, proven_at, expected_at) values ('ntfy', '2026-02-27', '2026-02-20')`, "sms 0s, voice 1m0s, ntfy 1m30s"},
		"and so does what never was proven": {[]string{"sms", "ntfy"}, `insert into route_health (route, expected_at) values ('ntfy', '2026-02-27')`, "sms 0s, ntfy 30s"},
		"if nothing else is left, at once":  {[]string{"ntfy"}, `insert into route_health (route, expected_at) values ('ntfy', '2026-02-27')`, "ntfy 0s"},
		"silence without a synthetic page":  {[]string{"sms", "ntfy"}, `insert into route_health (route, proven_at) values ('ntfy', '2026-02-27')`, "ntfy 0s, sms 1m0s"},
		"a fresh proof is no reason":        {[]string{"sms", "ntfy"}, `insert into route_health (route, proven_at) values ('ntfy', '2026-03-01')`, "ntfy 0s, sms 1m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			tx := pgtest.Tx(t)
			maria := reached(t, tx, "maria", c.kinds...)
			if c.sql != "" {
				exec(t, tx, c.sql)
			}
			rung := ringBy(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, phones(), maria)
			if got := plan(t, tx, rung[0].PageID); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// Below severity 1 nobody's phone is used more often than its route allows; that it was
// not is seen. At severity 1 there is no limit.
func TestLimitsBindBelowSeverityOne(t *testing.T) {
	for severity, want := range map[int]string{1: "sms 0s", 2: "sms/failed 0s"} {
		t.Run(fmt.Sprint(severity), func(t *testing.T) {
			tx := pgtest.Tx(t)
			maria := reached(t, tx, "maria", "sms")
			e := Escalation{Cause: "incident:1", Slot: RoleSlot("qa"), Why: "fire", Severity: severity, Patience: time.Minute}
			_, err := Start(ctx, tx, noon, e)
			must(t, err)
			e, _, err = HuntFor(ctx, tx, e.Cause, e.Slot)
			must(t, err)
			var rung []Rung
			for round := 1; round <= 3; round++ {
				at := noon.Add(time.Duration(round) * time.Minute)
				rung = ringBy(t, tx, at, e, round, phones(), maria)
				if round < 3 {
					exec(t, tx, `update delivery set state = 'accepted' where state = 'queued'`)
				}
			}
			if got := plan(t, tx, rung[0].PageID); got != want {
				t.Errorf("severity %d, third ring: %s, want %s", severity, got, want)
			}
			if ways := rung[0].Ways; ways != map[int]int{1: 1, 2: 0}[severity] {
				t.Errorf("severity %d: %d ways", severity, ways)
			}
		})
	}
}

// A delay longer than any rest is not taken for the work of a wrong clock, and one that a
// wrong clock wrote is.
func TestADelayIsNoWrongClock(t *testing.T) {
	tx := pgtest.Tx(t)
	w := Worker{Me: "a", Routes: []string{"sms", "voice"}}
	maria := reached(t, tx, "maria", "sms", "voice")
	exec(t, tx, `update contact set delay = '40 minutes' where kind = 'voice'`)
	ringBy(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, phones(), maria)
	if d := one(t, tx, w, noon); d.Route != "sms" {
		t.Fatal(d.Route)
	}
	none(t, tx, w, noon.Add(time.Minute))
	none(t, tx, w, noon.Add(38*time.Minute))
	exec(t, tx, `update delivery set due_at = due_at + interval '2 hours' where route = 'voice'`)
	if d := one(t, tx, w, noon.Add(40*time.Minute)); d.Route != "voice" {
		t.Fatal(d.Route)
	}
}

// A route whose hands are full holds up no other.
func TestEachRouteHasHandsOfItsOwn(t *testing.T) {
	tx := pgtest.Tx(t)
	w := Worker{Me: "a", Routes: []string{"sms", "ntfy"}}
	var people []int64
	for _, handle := range handles(5) {
		people = append(people, reached(t, tx, handle, "sms", "ntfy"))
	}
	exec(t, tx, `update contact set delay = '0'`)
	ringBy(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, phones(), people...)
	for _, c := range []struct {
		hands Hands
		want  map[string]int
	}{
		{Hands{"sms": 0, "ntfy": 3}, map[string]int{"ntfy": 3}},
		{Hands{"sms": 1, "ntfy": 10}, map[string]int{"sms": 1, "ntfy": 2}},
		{Hands{"sms": 10}, map[string]int{"sms": 4}},
		{Hands{}, map[string]int{}},
	} {
		list, err := w.Lease(ctx, tx, noon, noon.Add(lease), c.hands)
		must(t, err)
		got := map[string]int{}
		for _, d := range list {
			got[d.Route]++
		}
		if len(got) != len(c.want) || got["sms"] != c.want["sms"] || got["ntfy"] != c.want["ntfy"] {
			t.Errorf("%v gives %v, want %v", c.hands, got, c.want)
		}
	}
}

// Whoever dies after a message was begun leaves word that the provider must be asked;
// whoever dies before does not.
func TestWhatWasBegunIsAskedFor(t *testing.T) {
	for _, begun := range []bool{false, true} {
		t.Run(fmt.Sprint(begun), func(t *testing.T) {
			tx := pgtest.Tx(t)
			a, b := Worker{Me: "a", Routes: []string{"voice"}}, Worker{Me: "b", Routes: []string{"voice"}}
			ringBy(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, phones(), reached(t, tx, "maria", "voice"))
			d := one(t, tx, a, noon)
			if begun {
				mine, err := a.Submit(ctx, tx, d)
				must(t, err)
				if !mine {
					t.Fatal("the lease is not ours")
				}
			}
			later := noon.Add(lease)
			must(t, b.Reclaim(ctx, tx, later, nothing()))
			again := one(t, tx, b, later)
			if again.Ask != begun || !again.Repeat {
				t.Errorf("begun %v: ask %v, repeat %v", begun, again.Ask, again.Repeat)
			}
			if mine, err := a.Submit(ctx, tx, d); err != nil || mine {
				t.Errorf("the first worker may still send: %v %v", mine, err)
			}
			// What it says about its try comes too late and changes nothing.
			finish(t, tx, a, later, d, Permanent)
			wantStory(t, tx, d.ID, "leased: 1 unknown, 2 open")
		})
	}
}

// The next way of somebody is used at once when one fails, or when its provider does.
func TestAFailureUsesTheNextWayAtOnce(t *testing.T) {
	for name, try := range map[string]Try{
		"for good":     {Outcome: Permanent},
		"the provider": {Outcome: Temporary, Provider: true},
	} {
		t.Run(name, func(t *testing.T) {
			tx := pgtest.Tx(t)
			w := Worker{Me: "a", Routes: []string{"ntfy", "voice"}}
			rung := ringBy(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, phones(), reached(t, tx, "maria", "ntfy", "voice"))
			d := one(t, tx, w, noon)
			f, err := w.Finish(ctx, tx, noon.Add(time.Second), d, try)
			must(t, err)
			if f.Dead {
				t.Errorf("%s: there is another way", name)
			}
			if got := plan(t, tx, rung[0].PageID); !strings.Contains(got, "voice 1s") {
				t.Errorf("%s: %s", name, got)
			}
		})
	}
}
