package pg

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// SendBoth asks two batches of questions and reads what is answered: at once, on two
// connections, if db has several; else one after the other. The answers may then be from
// before and after a change, so it is for what is looked at, and not for what something is
// decided by, which has a transaction.
func SendBoth(ctx context.Context, db DB, one, other *pgx.Batch) error {
	if _, hasSeveral := db.(interface {
		Acquire(ctx context.Context) (*pgxpool.Conn, error)
	}); !hasSeveral {
		return errors.Join(db.SendBatch(ctx, one).Close(), db.SendBatch(ctx, other).Close())
	}
	read := make(chan error, 1)
	go func() { read <- db.SendBatch(ctx, other).Close() }()
	err := db.SendBatch(ctx, one).Close()
	return errors.Join(err, <-read)
}
