package pg_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestEveryConnectionIsToldOurSettings(t *testing.T) {
	db := pgtest.Fresh(t)
	pool, err := pg.Open(ctx, db.BotDSN, pg.Options{Name: "a test", MaxConns: 3, StatementTimeout: -1, IdleInTxTimeout: 7 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if n := pool.Config().MaxConns; n != 3 {
		t.Errorf("MaxConns %d", n)
	}
	for range 3 {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release() // held to the end, so that each is another one
		for name, want := range map[string]string{
			"jit": "off", "TimeZone": "UTC", "application_name": "a test",
			"statement_timeout": "0", "idle_in_transaction_session_timeout": "7s",
		} {
			if got := get[string](t, conn, "show "+name); got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
	}
}

func TestDefaultsYieldToTheURLExceptJitAndZone(t *testing.T) {
	cfg, err := pg.Config("postgres://bot@/db?host=/run&statement_timeout=5&application_name=mine&jit=on&timezone=Asia/Tokyo", pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"jit": "off", "timezone": "UTC", "application_name": "mine",
		"statement_timeout": "5", "idle_in_transaction_session_timeout": "30000",
	} {
		if got := cfg.ConnConfig.RuntimeParams[name]; got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestNoErrorShowsThePassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://bot:hunter2@[bad/db",
		"postgres://bot:hunter2%zz@host/db",
		"postgres://bot:hunter2@host:notaport/db",
		"postgres://bot:hunter2@/db?host=/nonexistent",
		"host=/nonexistent user=bot password=hunter2 sslmode=nonsense",
	} {
		_, err := pg.Open(ctx, dsn, pg.Options{})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}
