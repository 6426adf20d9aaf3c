// Package pgtest owns the databases of tests: a rolled-back transaction, a
// database of one's own, or a server of one's own, all migrated, all on a private
// Postgres that starts with the first test that asks and ends with the test run.
//
// Each test binary has its own server, on a copy of a cluster that was migrated
// once and is kept in the system's temporary directory: that starts in a fraction
// of a second, and packages tested side by side cannot disturb each other. It is
// for tests only, so it may read the environment and the clock.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// patience is how long any single step of preparing a database may take, on the
// slowest machine.
const patience = 2 * time.Minute

// run is what this test binary shares; it is a variable of the package because
// tests of one binary have nothing else in common.
var run struct {
	sync.Mutex
	inMain bool
	err    error // why there is no server, told to every test that asks
	home   *home
	server *pglocal.Server
	bot    *pgxpool.Pool // on the migrated database, for Tx
	admin  *pgxpool.Pool // makes and drops the databases of Fresh
	fresh  int
}

// Main is for TestMain; it runs the tests, stops the server, removes everything
// and exits:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for a TestMain that has more to do than exit with the result.
func Run(m interface{ Run() int }) int {
	run.Lock()
	run.inMain = true
	run.Unlock()
	code := m.Run()
	if err := shutDown(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		code = max(code, 1)
	}
	return code
}

// Tx begins a transaction as the bot on the migrated, empty database, and rolls
// it back when the test ends. Nothing that is done in it is seen by another test,
// nor by another connection; no notification is delivered: for those see [Fresh].
func Tx(t testing.TB) pgx.Tx {
	t.Helper()
	ensureServer(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tx, err := run.bot.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = tx.Rollback(ctx) // the test may have ended it
	})
	return tx
}

// DB is a migrated database that belongs to one test.
type DB struct {
	Pool     *pgxpool.Pool // as the bot
	BotDSN   string
	OwnerDSN string

	SwitchboardDSN string
}

// Switchboard opens a pool as the switchboard's role, until the test ends.
func (db *DB) Switchboard(t testing.TB) *pgxpool.Pool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pool, err := pg.Open(ctx, db.SwitchboardDSN, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// Fresh makes a migrated, empty database for this test alone, and drops it when
// the test ends.
func Fresh(t testing.TB) *DB {
	t.Helper()
	db := create(t, templateDB)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var err error
	if db.Pool, err = pg.Open(ctx, db.BotDSN, pg.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Pool.Close)
	return db
}

// Bare makes a database that was never migrated, and drops it when the test ends.
// Its Pool is nil.
func Bare(t testing.TB) *DB {
	t.Helper()
	return create(t, "template0")
}

func create(t testing.TB, template string) *DB {
	t.Helper()
	ensureServer(t)
	run.Lock()
	run.fresh++
	name := "fresh_" + strconv.Itoa(run.fresh)
	run.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := run.admin.Exec(ctx, "create database "+name+" template "+template+copyStrategy()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := run.admin.Exec(ctx, "drop database "+name+" with (force)"); err != nil {
			t.Error(err)
		}
	})
	return &DB{
		BotDSN: run.server.DSN(pglocal.BotRole, name), OwnerDSN: run.server.DSN(pglocal.OwnerRole, name),
		SwitchboardDSN: run.server.DSN(pglocal.SwitchboardRole, name),
	}
}

// Dir makes an empty directory for a server that a test has the program itself make, where
// those of this package are: in memory if there is enough of it. Servers under other
// accounts can walk through it. It is removed when the test ends, or swept when that
// cannot be.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := ensureHome(t).newDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Own is a server that belongs to one test.
type Own struct {
	*pglocal.Server
	options pglocal.Options
}

// Private starts a server, with the migrated database on it, for this test alone,
// which may kill and restart it; it is stopped and removed when the test ends.
func Private(t testing.TB) *Own {
	t.Helper()
	h := ensureHome(t)
	dir, err := h.clone()
	if err != nil {
		t.Fatal(err)
	}
	o := &Own{options: serverOptions(dir)}
	o.options.Settings["synchronous_commit"] = "on" // what was committed outlives a kill
	o.Start(t)
	t.Cleanup(func() {
		_ = o.Stop(context.Background()) // it may have been killed
		_ = os.RemoveAll(dir)
	})
	return o
}

// Start starts the server again after a [Own.Kill] or a Stop; connections made
// before are dead, the DSNs stay the same.
func (o *Own) Start(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := pglocal.Start(ctx, o.options)
	if err != nil {
		t.Fatal(err)
	}
	o.Server = s
}

// Kill ends the postmaster by SIGKILL and waits for it. A connection made before
// may live a moment longer, until its backend has noticed.
func (o *Own) Kill(t testing.TB) {
	t.Helper()
	p, err := os.FindProcess(o.PID())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = o.Wait(ctx) // says that it ended unasked
	_ = o.Stop(ctx) // gives the directory free, and says that it was not clean
}
