package paging

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

const lease = 6 * time.Second

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func get[T any](t testing.TB, db pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	must(t, db.QueryRow(ctx, sql, args...).Scan(&v))
	return v
}

func exec(t testing.TB, db pg.DB, sql string, args ...any) {
	t.Helper()
	_, err := db.Exec(ctx, sql, args...)
	must(t, err)
}

// person stores somebody who is reached on the networks given, by their handle.
func person(t testing.TB, db pg.DB, handle string, networks ...string) int64 {
	t.Helper()
	id := get[int64](t, db, `insert into person (handle, created_at) values ($1, $2) returning id`, handle, noon)
	for _, n := range networks {
		exec(t, db, `insert into account (network, name, person_id, linked_at) values ($1, $2, $3, $4)`, n, handle, id, noon)
	}
	return id
}

// hunt starts a hunt at noon.
func hunt(t testing.TB, db pg.DB, cause string, slot Slot) Escalation {
	t.Helper()
	e := Escalation{Cause: cause, Slot: slot, Why: "fire", Severity: 1, Patience: 90 * time.Second}
	must(t, pg.InTx(ctx, db, func(tx pgx.Tx) error {
		_, err := Start(ctx, tx, noon, e)
		return err
	}))
	e, found, err := HuntFor(ctx, db, cause, slot)
	must(t, err)
	if !found {
		t.Fatal("no hunt was started")
	}
	return e
}

// ring rings people in a round and returns their pages, in the order of people.
func ring(t testing.TB, db pg.DB, now time.Time, e Escalation, round int, routes []string, people ...int64) []Rung {
	t.Helper()
	rung := ringBy(t, db, now, e, round, plain(routes), people...)
	must(t, pg.InTx(ctx, db, func(tx pgx.Tx) error {
		return Advance(ctx, tx, now, e, Step{Round: round, Wait: e.Patience})
	}))
	return rung
}

var chat = []string{"chat"}

func worker(name string) Worker { return Worker{Me: name, Routes: chat} }

// one takes the only delivery that is due.
func one(t testing.TB, db pg.DB, w Worker, now time.Time) Delivery {
	t.Helper()
	list, err := w.Lease(ctx, db, now, now.Add(lease), hands(10))
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("%s leases %d deliveries, want 1", w.Me, len(list))
	}
	return list[0]
}

func none(t testing.TB, db pg.DB, w Worker, now time.Time) {
	t.Helper()
	list, err := w.Lease(ctx, db, now, now.Add(lease), hands(10))
	must(t, err)
	if len(list) != 0 {
		t.Fatalf("%s leases %d deliveries, want none", w.Me, len(list))
	}
}

func finish(t testing.TB, db pg.DB, w Worker, now time.Time, d Delivery, o Outcome) (dead bool) {
	t.Helper()
	must(t, pg.InTx(ctx, db, func(tx pgx.Tx) (err error) {
		f, err := w.Finish(ctx, tx, now, d, Try{Outcome: o, Detail: "as it went"})
		dead = f.Dead
		return err
	}))
	return dead
}

// story is what the rows tell of a delivery: its state and how each try ended.
func story(t testing.TB, db pg.DB, delivery int64) string {
	t.Helper()
	return get[string](t, db, `
		select d.state || ':' || coalesce(string_agg(' ' || a.n || ' ' || a.outcome, ',' order by a.n), '')
		from delivery d left join attempt a on a.delivery_id = d.id where d.id = $1 group by d.id`, delivery)
}

func wantStory(t testing.TB, db pg.DB, delivery int64, want string) {
	t.Helper()
	if got := story(t, db, delivery); got != want {
		t.Errorf("delivery %d tells %q, want %q", delivery, got, want)
	}
}

func answer(t testing.TB, db pg.DB, now time.Time, page int64, state PageState) (changed bool) {
	t.Helper()
	must(t, pg.InTx(ctx, db, func(tx pgx.Tx) error {
		p, _, err := Get(ctx, tx, page)
		if err != nil {
			return err
		}
		changed, err = Answer(ctx, tx, now, p, state, "chat")
		return err
	}))
	return changed
}

func handles(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("p%d", i+1)
	}
	return list
}

// hands lets every route of the tests take n messages.
func hands(n int) Hands {
	return Hands{"chat": n, "slack": n, "mail": n, "webhook": n, "sms": n, "voice": n, "ntfy": n}
}

// plain are routes without any traits but their names.
func plain(routes []string) []Traits {
	list := make([]Traits, 0, len(routes))
	for _, name := range routes {
		list = append(list, Traits{Name: name})
	}
	return list
}
