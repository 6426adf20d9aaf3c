package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// Write adds leaves in a transaction of their own. An error with a head that has a size is
// about the guard alone: the leaves are written.
func (l *Log) Write(ctx context.Context, db pg.DB, now time.Time, leaves ...Leaf) (head Head, err error) {
	err = pg.InTx(ctx, db, func(tx pgx.Tx) (err error) {
		head, err = l.Append(ctx, tx, now, leaves...)
		return err
	})
	if err != nil {
		return Head{}, err
	}
	return head, l.Committed(head)
}
