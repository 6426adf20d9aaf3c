// Package migrations owns the schema: the numbered SQL files in this directory,
// forward only, and River's own tables beside them. It brings a database from any
// earlier version to this one, and tells whether a database fits this program.
//
// It owns no query of the domain. Connections are package pg's, a private server
// pglocal's, databases for tests pgtest's; schema.sql shows the outcome to read.
package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"batsignal/migrations/pg"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// Result tells what [Up] did.
type Result struct {
	From, To  int64 // version of our own schema before and after
	FromRiver int64 // version of River's tables before and after
	ToRiver   int64
	Took      time.Duration
}

// Changed reports whether the database was not up to date before.
func (r Result) Changed() bool { return r.From != r.To || r.FromRiver != r.ToRiver }

const (
	// lockKey is ours alone in the database's space of advisory locks.
	lockKey int64 = 0x6261747369676e61

	// A migration that waits for a lock makes everybody wait who comes after it,
	// so it gives up first; it can be started again.
	lockTimeout = "10s"

	ownerTryLock = "select pg_try_advisory_lock($1)"
)

// Up brings the database of ownerDSN to the version of this program: the group
// role, our migrations, River's, and the grants of the group. ownerDSN logs in as
// the owner of the database; login is the role the bot logs in as, made a member
// of the group if it exists, and may be empty.
//
// Up may run in several processes at once: one works, the others wait and then
// find nothing to do. It may run again at any time. A database that is newer than
// this program is refused with [ErrSchema].
func Up(ctx context.Context, ownerDSN, login string, log *slog.Logger) (Result, error) {
	begun := time.Now()
	pool, err := openSession(ctx, ownerDSN)
	if err != nil {
		return Result{}, err
	}
	defer pool.Close()
	if err := takeLock(ctx, pool, log); err != nil {
		return Result{}, err
	}
	if err := EnsureAppRole(ctx, pool, login); err != nil {
		return Result{}, err
	}
	if err := EnsureSwitchboardRole(ctx, pool, ""); err != nil {
		return Result{}, err
	}
	var r Result
	if r.From, r.To, err = upOwn(ctx, pool); err != nil {
		return r, err
	}
	if r.FromRiver, r.ToRiver, err = upRiver(ctx, pool); err != nil {
		return r, err
	}
	if _, err := pool.Exec(ctx, ownerGrants); err != nil {
		return r, fmt.Errorf("the bot's rights cannot be granted: %w", err)
	}
	r.Took = time.Since(begun)
	if r.Changed() {
		log.Info("database migrated", "from", r.From, "to", r.To, "river_from", r.FromRiver, "river_to", r.ToRiver,
			"took", r.Took.Round(time.Millisecond))
	}
	return r, nil
}

// openSession makes a pool of exactly one connection, ever. The advisory lock
// belongs to the session, so working in the same session means that we cannot
// lose the lock and go on working; it also spares the time of a second one.
func openSession(ctx context.Context, dsn string) (*pgxpool.Pool, error) {
	cfg, err := pg.Config(dsn, pg.Options{Name: "batsignal migrate", MaxConns: 1, StatementTimeout: -1, IdleInTxTimeout: -1})
	if err != nil {
		return nil, err
	}
	cfg.MaxConnLifetime, cfg.MaxConnIdleTime, cfg.HealthCheckPeriod = math.MaxInt64, math.MaxInt64, time.Hour
	cfg.ConnConfig.RuntimeParams["lock_timeout"] = lockTimeout
	var connected atomic.Bool
	cfg.BeforeConnect = func(context.Context, *pgx.ConnConfig) error {
		if connected.Swap(true) {
			return errors.New("the connection to the database was lost while migrating; start the migration again")
		}
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("the database cannot be reached: %w", err)
	}
	return pool, nil
}

// takeLock waits for the lock by asking again and again: a session that waits
// inside Postgres holds a snapshot open, which can stall what it waits for.
func takeLock(ctx context.Context, db pg.DB, log *slog.Logger) error {
	const longest = 250 * time.Millisecond
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, longest) {
		var got bool
		if err := db.QueryRow(ctx, ownerTryLock, lockKey).Scan(&got); err != nil {
			return fmt.Errorf("the database cannot be locked for migrating: %w", err)
		}
		if got {
			return nil
		}
		if wait == longest/2 {
			log.Info("another process is migrating the database; waiting for it")
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return fmt.Errorf("another process is migrating the database: %w", ctx.Err())
		case <-t.C:
		}
	}
}

// upOwn runs our own migrations.
func upOwn(ctx context.Context, pool *pgxpool.Pool) (from, to int64, err error) {
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	p, err := newProvider(db)
	if err != nil {
		return 0, 0, err
	}
	from, to, err = p.GetVersions(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("the version of the database cannot be read: %w", err)
	}
	if from > to {
		return from, from, newer(from, to)
	}
	if from == to {
		return from, to, nil
	}
	if _, err := p.Up(ctx); err != nil {
		return from, from, fmt.Errorf("the database cannot be migrated: %w", err)
	}
	return from, to, nil
}

func newProvider(db *sql.DB) (*goose.Provider, error) {
	p, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, fmt.Errorf("the migrations of this program are unsound: %w", err)
	}
	return p, nil
}

// upRiver runs River's migrations.
func upRiver(ctx context.Context, pool *pgxpool.Pool) (from, to int64, err error) {
	m, err := newRiver(pool)
	if err != nil {
		return 0, 0, err
	}
	existing, err := m.ExistingVersions(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("the version of River's tables cannot be read: %w", err)
	}
	for _, v := range existing {
		from = max(from, int64(v.Version))
	}
	if to = lastOf(m); from == to {
		return from, to, nil
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return from, from, fmt.Errorf("River's tables cannot be migrated: %w", err)
	}
	return from, to, nil
}

func newRiver(pool *pgxpool.Pool) (*rivermigrate.Migrator[pgx.Tx], error) {
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("River's migrations are unsound: %w", err)
	}
	return m, nil
}

func lastOf(m *rivermigrate.Migrator[pgx.Tx]) (last int64) {
	for _, v := range m.AllVersions() {
		last = max(last, int64(v.Version))
	}
	return last
}
