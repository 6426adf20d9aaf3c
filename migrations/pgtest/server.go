package pgtest

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"
)

// ensureHome prepares this binary's directory, once. Without a Postgres the test
// is skipped with the reason, except in CI, where nothing may be skipped unseen.
func ensureHome(t testing.TB) *home {
	t.Helper()
	run.Lock()
	defer run.Unlock()
	return ensureHomeLocked(t)
}

func ensureHomeLocked(t testing.TB) *home {
	t.Helper()
	if !run.inMain {
		t.Fatal("this package needs: func TestMain(m *testing.M) { pgtest.Main(m) }")
	}
	if run.home == nil && run.err == nil {
		run.home, run.err = newHome()
	}
	switch {
	case errors.Is(run.err, pglocal.ErrNoPostgres) && os.Getenv("CI") == "":
		t.Skip(run.err)
	case run.err != nil:
		t.Fatal(run.err)
	}
	return run.home
}

// ensureServer starts the server that the tests of this binary share, once.
func ensureServer(t testing.TB) {
	t.Helper()
	run.Lock()
	defer run.Unlock()
	h := ensureHomeLocked(t)
	if run.server != nil {
		return
	}
	if run.err = startShared(h); run.err != nil {
		t.Fatal(run.err)
	}
}

func startShared(h *home) error {
	dir, err := h.clone()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	server, err := pglocal.Start(ctx, serverOptions(dir))
	if err != nil {
		return err
	}
	bot, err := pg.Open(ctx, server.BotDSN(), pg.Options{Name: "pgtest", MaxConns: 32})
	if err != nil {
		return errors.Join(err, server.Stop(ctx))
	}
	admin, err := pg.Open(ctx, server.DSN(pglocal.OwnerRole, "postgres"), pg.Options{Name: "pgtest", MaxConns: 8, StatementTimeout: patience})
	if err != nil {
		bot.Close()
		return errors.Join(err, server.Stop(ctx))
	}
	run.server, run.bot, run.admin = server, bot, admin
	return nil
}

func serverOptions(dir string) pglocal.Options {
	return pglocal.Options{
		Dir: dir, BinDir: os.Getenv("PG_BINDIR"), Fast: true,
		Settings: map[string]string{
			"max_connections": "200",
			// A test sends most of its statements two or three times on one connection, and
			// Postgres plans each of the first five anew: that took most of its time.
			"plan_cache_mode": "force_generic_plan",
		},
	}
}

// copyStrategy copies the files of the template, which is quicker than writing a
// log of them; before version 15 that was the only way and had no name.
func copyStrategy() string {
	conn, err := run.admin.Acquire(context.Background())
	if err != nil {
		return ""
	}
	defer conn.Release()
	version, _, _ := strings.Cut(conn.Conn().PgConn().ParameterStatus("server_version"), ".")
	if n, err := strconv.Atoi(version); err != nil || n < 15 {
		return ""
	}
	return " strategy file_copy"
}

func shutDown() error {
	run.Lock()
	defer run.Unlock()
	var err error
	if run.server != nil {
		run.bot.Close()
		run.admin.Close()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err = run.server.Stop(ctx)
	}
	if run.home != nil {
		err = errors.Join(err, run.home.remove())
	}
	return err
}
