package backup_test

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"batsignal/migrations/pg"
)

// mortal is a database as a process sees it whose life can end: each statement outside of a
// transaction, and each transaction, is one deed.
type mortal struct {
	pg.DB
	life *life
}

func (m mortal) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return do(m.life, func() (pgconn.CommandTag, error) { return m.DB.Exec(ctx, sql, args...) })
}

func (m mortal) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if m.life.gone() {
		return nil, errDead
	}
	return m.DB.Query(ctx, sql, args...) // it only reads
}

func (m mortal) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	may, heard := m.life.deed()
	if !may {
		return deadRow{}
	}
	row := m.DB.QueryRow(ctx, sql, args...)
	if !heard {
		return deadRow{row}
	}
	return row
}

func (m mortal) Begin(ctx context.Context) (pgx.Tx, error) {
	if m.life.gone() {
		return nil, errDead
	}
	tx, err := m.DB.Begin(ctx)
	return mortalTx{tx, m.life}, err
}

// deadRow is a row that nobody sees any more, though its statement may have been run.
type deadRow struct{ row pgx.Row }

func (d deadRow) Scan(into ...any) error {
	if d.row != nil {
		_ = d.row.Scan(into...)
	}
	return errDead
}

type mortalTx struct {
	pgx.Tx
	life *life
}

func (m mortalTx) Commit(ctx context.Context) error {
	may, heard := m.life.deed()
	if !may {
		_ = m.Tx.Rollback(ctx)
		return errDead
	}
	err := m.Tx.Commit(ctx)
	if !heard {
		return errDead
	}
	return err
}

func (l *life) gone() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}
