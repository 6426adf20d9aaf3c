package oncall_test

import (
	"context"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	must(t, err)
	return when
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused wants an error of a kind, with a sentence for people.
func refused(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("want %v, got %v", kind, err)
	}
}

func get[T any](t testing.TB, db pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	must(t, db.QueryRow(ctx, sql, args...).Scan(&v))
	return v
}

// desk is a roster office at noon, with the default roles.
func desk(t testing.TB, db pg.DB) *oncall.Desk {
	t.Helper()
	must(t, oncall.SyncRoles(ctx, db, noon, oncall.DefaultRoles()))
	return &oncall.Desk{DB: db, Now: func() time.Time { return noon }}
}

// known stores a person with an account of that name on the network "libera".
func known(t testing.TB, db pg.DB, handle string) oncall.Actor {
	t.Helper()
	id, err := oncall.AddPerson(ctx, db, noon, oncall.Person{Handle: handle, Zone: "UTC", Wakes: 420, Sleeps: 1380})
	must(t, err)
	must(t, oncall.BindAccount(ctx, db, noon, id, oncall.Account{Network: "libera", Name: handle}))
	return oncall.Actor{PersonID: id, Handle: handle, Network: "libera", Account: handle}
}

func stranger(account string) oncall.Actor { return oncall.Actor{Network: "libera", Account: account} }
