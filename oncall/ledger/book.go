package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const (
	sqlAllBodies = `select body from ledger_leaf order by seq`
	sqlAllNotes  = `select note from ledger_head order by size`
)

// Book is a whole ledger as text: all that somebody needs to check it, with the public key.
// It is only as true as what [Book.Verify] says of it.
type Book struct {
	Leaves []string // bodies, in order
	Notes  []string // signed heads, in order
}

// Read reads the whole ledger as it is at one time.
func Read(ctx context.Context, db pg.DB) (Book, error) {
	var b Book
	err := pg.Snapshot(ctx, db, func(tx pgx.Tx) (err error) {
		if b.Leaves, err = texts(ctx, tx, sqlAllBodies); err != nil {
			return err
		}
		b.Notes, err = texts(ctx, tx, sqlAllNotes)
		return err
	})
	return b, err
}

func texts(ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]string, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pg.Collect(rows, func(s *string) []any { return []any{s} })
}
