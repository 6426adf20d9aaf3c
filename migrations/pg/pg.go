// Package pg owns how the program talks to Postgres: the pool and what every
// connection is told at start-up, transactions and their retries, what an error
// of the database means, and listening for notifications.
//
// It owns no SQL of its own and knows no table: that stands beside its noun. It
// does not migrate (package migrations) and does not start a server (pglocal).
package pg

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// DB is what a store asks for: a pool, one connection and a transaction are all
// one, so the caller alone decides what commits together.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
	Begin(ctx context.Context) (pgx.Tx, error)
}

var (
	_ DB = (*pgxpool.Pool)(nil)
	_ DB = (*pgxpool.Conn)(nil)
	_ DB = (*pgx.Conn)(nil)
	_ DB = (pgx.Tx)(nil)
)

// Options shape a pool; the zero value is good for the bot.
type Options struct {
	Name             string        // application_name, shown in pg_stat_activity; default "batsignal"
	MaxConns         int32         // most connections open at once; default 10
	StatementTimeout time.Duration // longest one statement may run, waiting for locks included; default 30 s, negative means none
	IdleInTxTimeout  time.Duration // longest a transaction may sit with nothing to do; default 30 s, negative means none
}

// Config reads a DSN (URL or key=value form) and adds what every connection of
// ours is told. A setting that the DSN names itself is kept, except jit and the
// time zone, which are not a matter of taste: compiling a plan costs more than
// our short queries, and an instant read in a local zone is read wrongly.
//
// The error never quotes the DSN, which may hold a password.
func Config(dsn string, o Options) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("the database URL cannot be understood; it should look like postgres://name@host:5432/database")
	}
	if o.MaxConns == 0 {
		o.MaxConns = 10
	}
	cfg.MaxConns = o.MaxConns
	cfg.MaxConnIdleTime = 5 * time.Minute

	params := cfg.ConnConfig.RuntimeParams
	params["jit"] = "off"
	params["timezone"] = "UTC"
	if o.Name == "" {
		o.Name = "batsignal"
	}
	setDefault(params, "application_name", o.Name)
	setDefault(params, "statement_timeout", millis(o.StatementTimeout))
	setDefault(params, "idle_in_transaction_session_timeout", millis(o.IdleInTxTimeout))
	return cfg, nil
}

// Open makes a pool and proves that one connection can be had, so that a wrong
// URL is told at start and not at three in the morning.
func Open(ctx context.Context, dsn string, o Options) (*pgxpool.Pool, error) {
	cfg, err := Config(dsn, o)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("the database pool cannot be made: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("the database cannot be reached: %w", err)
	}
	return pool, nil
}

func setDefault(params map[string]string, name, value string) {
	if _, given := params[name]; !given {
		params[name] = value
	}
}

// millis is a timeout as Postgres wants it; Postgres reads 0 as no limit.
func millis(d time.Duration) string {
	switch {
	case d == 0:
		d = 30 * time.Second
	case d < 0:
		d = 0
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}
