package leader

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/migrations/pg"
)

// DB is the database of a program that may lead. The context says by which pool a call
// goes: below the function that an [Election] calls by the one whose writes are fenced,
// anywhere else by the other. So the same object of a lower floor serves both.
type DB struct {
	Web *pgxpool.Pool // whatever was not begun by the leading parts; may always write
	// Lead writes for a term, and serves nobody else. It has no connections before this
	// process leads.
	Lead *pgxpool.Pool
	// Apart is as Lead, for what is done below [Apart]: it never waits for a connection
	// that something less urgent has in hand.
	Apart *pgxpool.Pool
}

var _ pg.DB = (*DB)(nil)

// Options shape a [DB].
type Options struct {
	Web, Lead, Apart int32 // most connections of each pool; 0 is as package pg says
}

const (
	sqlSetTerm = `select set_config('batsignal.epoch', $1, false)`

	// leadName begins the application_name of connections that write for a term. The next
	// leader finds those of the one before by it.
	leadName = "batsignal lead "
	termData = "batsignal.term" // of a connection's own data
)

// frozenAfter is how long a process that stands still may hold what it has locked: nothing
// here waits for anything else inside a transaction.
const frozenAfter = 5 * time.Second

// Open makes the pools and proves that a connection can be had.
func Open(ctx context.Context, dsn string, o Options) (*DB, error) {
	web, err := pg.Open(ctx, dsn, pg.Options{MaxConns: o.Web, IdleInTxTimeout: frozenAfter})
	if err != nil {
		return nil, err
	}
	d := &DB{Web: web}
	if d.Lead, err = fenced(ctx, dsn, o.Lead); err == nil {
		d.Apart, err = fenced(ctx, dsn, o.Apart)
	}
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("the leader's database pool cannot be made: %w", err)
	}
	return d, nil
}

// fenced makes a pool that writes for a term only.
func fenced(ctx context.Context, dsn string, most int32) (*pgxpool.Pool, error) {
	cfg, err := pg.Config(dsn, pg.Options{MaxConns: most, IdleInTxTimeout: frozenAfter})
	if err != nil {
		return nil, err
	}
	cfg.ConnConfig.RuntimeParams["application_name"] = leadName + rand.Text()
	cfg.PrepareConn = prepare
	cfg.ConnConfig.OnPgError = endFenced(cfg.ConnConfig.OnPgError)
	return pgxpool.NewWithConfig(ctx, cfg)
}

// Close closes the pools.
func (d *DB) Close() {
	for _, pool := range []*pgxpool.Pool{d.Apart, d.Lead, d.Web} {
		if pool != nil {
			pool.Close()
		}
	}
}

type apartKey struct{}

// Apart has what is done below the context, for a term, use connections of its own: those
// who ring people do not queue behind chores, minutes and talk.
func Apart(ctx context.Context) context.Context { return context.WithValue(ctx, apartKey{}, true) }

// prepare has a connection write for the term of whoever takes it.
func prepare(ctx context.Context, conn *pgx.Conn) (keep bool, err error) {
	t := termOf(ctx)
	switch {
	case t == nil:
		return true, ErrNotLeading
	case t.deposed():
		return true, ErrDeposed
	}
	data := conn.PgConn().CustomData()
	if data[termData] == t {
		return true, nil
	}
	if _, err := conn.Exec(ctx, sqlSetTerm, t.mark()); err != nil {
		return false, fmt.Errorf("name the term: %w", err)
	}
	data[termData] = t
	return true, nil
}

// endFenced ends the term of a connection whose write was refused, and leaves the rest to
// the driver.
func endFenced(driver pgconn.PgErrorHandler) pgconn.PgErrorHandler {
	return func(conn *pgconn.PgConn, e *pgconn.PgError) (keep bool) {
		if t, ok := conn.CustomData()[termData].(*Term); ok && e.Code == CodeFenced {
			t.depose()
		}
		return driver(conn, e)
	}
}

func (d *DB) of(ctx context.Context) *pgxpool.Pool {
	switch {
	case termOf(ctx) == nil:
		return d.Web
	case ctx.Value(apartKey{}) != nil:
		return d.Apart
	}
	return d.Lead
}

// Exec implements [pg.DB].
func (d *DB) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return d.of(ctx).Exec(ctx, sql, args...)
}

// Query implements [pg.DB].
func (d *DB) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return d.of(ctx).Query(ctx, sql, args...)
}

// QueryRow implements [pg.DB].
func (d *DB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return d.of(ctx).QueryRow(ctx, sql, args...)
}

// SendBatch implements [pg.DB].
func (d *DB) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	return d.of(ctx).SendBatch(ctx, batch)
}

// Begin implements [pg.DB].
func (d *DB) Begin(ctx context.Context) (pgx.Tx, error) { return d.of(ctx).Begin(ctx) }

// Acquire takes a connection out of the pool that the context writes by.
func (d *DB) Acquire(ctx context.Context) (*pgxpool.Conn, error) { return d.of(ctx).Acquire(ctx) }
