package custody_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var errKilled = errors.New("killed")

// fate counts the statements of a run, over all of its connections, and kills it at one of
// them: before the statement is sent, or after the server has answered and nobody heard it.
type fate struct {
	at, count int
	after     bool
}

// mortal is a connection that dies by a fate. Dying is a socket that closes, as by kill -9.
type mortal struct {
	*pgx.Conn
	fate *fate
}

func mortalConn(t testing.TB, dsn string, f *fate) mortal {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), dsn)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return mortal{conn, f}
}

// step does one statement, unless it is the last moment.
func step[T any](f *fate, conn *pgx.Conn, do func() (T, error)) (out T, err error) {
	f.count++
	if f.at > 0 && f.count > f.at { // it is dead already
		_ = conn.PgConn().Conn().Close()
		return out, errKilled
	}
	if f.count == f.at && !f.after {
		_ = conn.PgConn().Conn().Close()
		return out, errKilled
	}
	out, err = do()
	if f.count == f.at {
		_ = conn.PgConn().Conn().Close()
		return out, errKilled
	}
	return out, err
}

func (m mortal) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return step(m.fate, m.Conn, func() (pgconn.CommandTag, error) { return m.Conn.Exec(ctx, sql, args...) })
}

func (m mortal) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return step(m.fate, m.Conn, func() (pgx.Rows, error) { return m.Conn.Query(ctx, sql, args...) })
}

func (m mortal) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	row, err := step(m.fate, m.Conn, func() (pgx.Row, error) { return m.Conn.QueryRow(ctx, sql, args...), nil })
	if err != nil {
		return deadRow{}
	}
	return row
}

func (m mortal) Begin(ctx context.Context) (pgx.Tx, error) {
	tx, err := step(m.fate, m.Conn, func() (pgx.Tx, error) { return m.Conn.Begin(ctx) })
	if err != nil {
		return nil, err
	}
	return mortalTx{tx, m}, nil
}

type mortalTx struct {
	pgx.Tx
	m mortal
}

func (x mortalTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return step(x.m.fate, x.m.Conn, func() (pgconn.CommandTag, error) { return x.Tx.Exec(ctx, sql, args...) })
}

func (x mortalTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return step(x.m.fate, x.m.Conn, func() (pgx.Rows, error) { return x.Tx.Query(ctx, sql, args...) })
}

func (x mortalTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	row, err := step(x.m.fate, x.m.Conn, func() (pgx.Row, error) { return x.Tx.QueryRow(ctx, sql, args...), nil })
	if err != nil {
		return deadRow{}
	}
	return row
}

func (x mortalTx) Commit(ctx context.Context) error {
	_, err := step(x.m.fate, x.m.Conn, func() (bool, error) { return true, x.Tx.Commit(ctx) })
	return err
}

type deadRow struct{}

func (deadRow) Scan(...any) error { return errKilled }
