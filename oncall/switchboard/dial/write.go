package dial

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/ledger"
)

// pen appends a leaf in a transaction, and returns its number.
type pen func(leaf ledger.Leaf) (seq int64, err error)

// write runs a transaction that writes to the ledger, and keeps its head off the database
// once it is committed. fn may run again, and does nothing but SQL.
func write(ctx context.Context, db pg.DB, l Ledger, log *slog.Logger, now time.Time, fn func(tx pgx.Tx, p pen) error) (head ledger.Head, err error) {
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		head = ledger.Head{}
		return fn(tx, func(leaf ledger.Leaf) (int64, error) {
			h, err := l.Append(ctx, tx, now, leaf)
			if err != nil {
				return 0, err
			}
			head = h
			return h.Size - 1, nil
		})
	})
	if err == nil && head.Size > 0 {
		if err := l.Committed(head); err != nil {
			// What is in the database counts as well; the file is one behind until the next leaf.
			log.Error("the head of the ledger could not be kept off the database", "size", head.Size, "error", err)
		}
	}
	return head, err
}
