package pgtest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"batsignal/migrations"
	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"
	"batsignal/migrations/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	sqlAdd   = `insert into person (handle, created_at) values ($1, $2)`
	sqlCount = `select count(*) from person`
)

var noon = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)

func add(t *testing.T, db pg.DB, handle string) {
	t.Helper()
	if _, err := db.Exec(context.Background(), sqlAdd, handle, noon); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db pg.DB) (n int) {
	t.Helper()
	if err := db.QueryRow(context.Background(), sqlCount).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTxIsTheBotsAndIsRolledBack(t *testing.T) {
	for i := range 2 {
		t.Run(fmt.Sprint("time ", i), func(t *testing.T) {
			tx := pgtest.Tx(t)
			if n := count(t, tx); n != 0 {
				t.Errorf("%d people were here before", n)
			}
			add(t, tx, "maria")
			var who, jit string
			if err := tx.QueryRow(context.Background(), "select current_user::text, current_setting('jit')").Scan(&who, &jit); err != nil {
				t.Fatal(err)
			}
			if who != pglocal.BotRole || jit != "off" {
				t.Errorf("current_user %s, jit %s", who, jit)
			}
		})
	}
}

func TestFreshDatabasesAreApart(t *testing.T) {
	for i := range 8 {
		t.Run(fmt.Sprint("database ", i), func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			db := pgtest.Fresh(t)
			t.Logf("took %v", time.Since(begun))
			if err := migrations.Check(context.Background(), db.Pool); err != nil {
				t.Error(err)
			}
			add(t, db.Pool, "maria")
			if n := count(t, db.Pool); n != 1 {
				t.Errorf("%d people", n)
			}
		})
	}
}

func TestPrivateServerCanBeKilled(t *testing.T) {
	s := pgtest.Private(t)
	pid := s.PID()
	add(t, open(t, s.BotDSN()), "maria")
	s.Kill(t)
	s.Start(t)
	if s.PID() == pid {
		t.Error("the same server")
	}
	if n := count(t, open(t, s.BotDSN())); n != 1 {
		t.Errorf("%d people after the crash", n)
	}
}

func open(t *testing.T, dsn string) pg.DB {
	t.Helper()
	pool, err := pg.Open(context.Background(), dsn, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}
