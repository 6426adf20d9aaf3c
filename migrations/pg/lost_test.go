package pg_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
)

// What a server says when it ends a connection is told from what it says of a statement.
func TestWhatIsALostConnection(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	for name, ended := range map[string]string{
		"an idle transaction": `set local idle_in_transaction_session_timeout = '1ms'`,
		"by an operator":      `select pg_terminate_backend(pg_backend_pid())`,
	} {
		err := pg.Snapshot(t.Context(), db, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), ended); err != nil {
				return err
			}
			for there := true; there; { // until the server has ended it
				if err := db.QueryRow(t.Context(), `select exists (select from pg_stat_activity where pid = $1)`, tx.Conn().PgConn().PID()).Scan(&there); err != nil {
					t.Fatal(err)
				}
			}
			_, err := tx.Exec(t.Context(), `select 1`)
			return err
		})
		if !pg.IsLost(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := db.Exec(t.Context(), `select 1 / 0`)
	for _, err := range []error{nil, err, context.Canceled, context.DeadlineExceeded, pgx.ErrNoRows, errors.New("x"), &pgconn.PgError{Code: "57014", SeverityUnlocalized: "ERROR"}} {
		if pg.IsLost(err) {
			t.Errorf("%v is no lost connection", err)
		}
	}
	if err := fmt.Errorf("read: %w", io.ErrUnexpectedEOF); !pg.IsLost(err) {
		t.Error(err)
	}
	// No connection to be had is one, too; an address that nobody has.
	if _, err := pgx.Connect(t.Context(), "host=/nowhere user=x"); !pg.IsLost(err) {
		t.Error(err)
	}
}
