package pg_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
)

// Two batches are answered on a pool as in a transaction, and an error of either is told.
func TestBothAreAnswered(t *testing.T) {
	for name, db := range map[string]pg.DB{"pool": pgtest.Fresh(t).Pool, "transaction": pgtest.Tx(t)} {
		var a, b int
		number := func(sql string, into *int) *pgx.Batch {
			var batch pgx.Batch
			batch.Queue(sql).QueryRow(func(row pgx.Row) error { return row.Scan(into) })
			return &batch
		}
		if err := pg.SendBoth(t.Context(), db, number("select 1", &a), number("select 2", &b)); err != nil || a != 1 || b != 2 {
			t.Errorf("%s: %d and %d, %v", name, a, b, err)
		}
		if err := pg.SendBoth(t.Context(), db, number("select 1", &a), number("select 1/0", &b)); err == nil {
			t.Errorf("%s: an error of the second batch was not told", name)
		}
	}
}
