package job_test

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"batsignal/migrations/pg"
)

// errDead is a refusal, so that what is dead does not try again.
var errDead error = &pgconn.PgError{Severity: "FATAL", Code: "42501", Message: "this process is dead"}

// dying is the way to the database of a process that dies at its n-th statement: just before
// it, or just after, so that nobody hears what came of it. From then on nothing of it arrives.
type dying struct {
	pg.DB
	kill context.CancelFunc // what dies with it

	mu    sync.Mutex
	n     int  // statements until it dies; 0 never dies
	after bool // it dies after the statement
	dead  bool
	count int // statements so far
}

// step counts a statement; before tells that it is not to be sent, after that its answer is
// not heard.
func (d *dying) step() (before, after bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return true, false
	}
	d.count++
	if d.n == 0 || d.count < d.n {
		return false, false
	}
	d.dead = true
	d.kill()
	return !d.after, d.after
}

func (d *dying) isDead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

func (d *dying) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return execOn(d, d.DB.Exec, ctx, sql, args...)
}

func execOn(d *dying, send func(context.Context, string, ...any) (pgconn.CommandTag, error), ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	before, after := d.step()
	if before {
		return pgconn.CommandTag{}, errDead
	}
	tag, err := send(context.WithoutCancel(ctx), sql, args...)
	if after {
		return pgconn.CommandTag{}, errDead
	}
	return tag, err
}

func (d *dying) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if before, after := d.step(); before || after {
		return nil, errDead
	}
	return d.DB.Query(ctx, sql, args...)
}

func (d *dying) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if before, after := d.step(); before || after {
		return deadRow{}
	}
	return d.DB.QueryRow(ctx, sql, args...)
}

func (d *dying) Begin(ctx context.Context) (pgx.Tx, error) {
	if before, after := d.step(); before || after {
		return nil, errDead
	}
	tx, err := d.DB.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return &dyingTx{Tx: tx, d: d}, nil
}

type deadRow struct{}

func (deadRow) Scan(...any) error { return errDead }

// dyingTx is a transaction of such a process. What it did not commit is rolled back, as the
// server does it when a connection breaks.
type dyingTx struct {
	pgx.Tx
	d *dying
}

func (t *dyingTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return execOn(t.d, t.Tx.Exec, ctx, sql, args...)
}

func (t *dyingTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if before, after := t.d.step(); before || after {
		return nil, errDead
	}
	return t.Tx.Query(ctx, sql, args...)
}

func (t *dyingTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if before, after := t.d.step(); before || after {
		return deadRow{}
	}
	return t.Tx.QueryRow(ctx, sql, args...)
}

func (t *dyingTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if t.d.isDead() {
		return deadBatch{}
	}
	return t.Tx.SendBatch(ctx, b)
}

type deadBatch struct{ pgx.BatchResults }

func (deadBatch) Close() error { return errDead }

func (t *dyingTx) Commit(ctx context.Context) error {
	before, after := t.d.step()
	if before {
		_ = t.Tx.Rollback(context.WithoutCancel(ctx))
		return errDead
	}
	err := t.Tx.Commit(context.WithoutCancel(ctx))
	if after {
		return errDead
	}
	return err
}
