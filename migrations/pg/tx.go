package pg

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrCommitUnknown means that the connection broke while a commit was under way:
// the work may or may not have happened. The caller must look before it repeats.
var ErrCommitUnknown = errors.New("the database went away during a commit, so its outcome is unknown")

const (
	txTries        = 6 // the first try and five more
	txFirstPause   = 10 * time.Millisecond
	rollbackBudget = 5 * time.Second
)

// InTx runs fn in a transaction and commits when fn returns nil; any error or
// panic rolls back. On a pool or a connection it runs fn again, after a short
// random pause, when Postgres chose this transaction as the loser of a deadlock
// or of a serialization conflict; so fn must not do anything but SQL.
//
// On a transaction it nests by a savepoint and does not repeat: a conflict
// concerns the whole transaction, and the outermost InTx repeats that.
func InTx(ctx context.Context, db DB, fn func(tx pgx.Tx) error) error {
	if _, nested := db.(pgx.Tx); nested {
		return once(ctx, db, fn, plainError)
	}
	pause := txFirstPause
	for try := 1; ; try++ {
		err := once(ctx, db, fn, commitError)
		if err == nil || try == txTries || !isConflict(err) {
			return err
		}
		// Two losers that wait equally long meet again.
		if !sleep(ctx, pause/2+rand.N(pause)) {
			return err
		}
		pause *= 2
	}
}

const sqlOneMoment = `set transaction isolation level repeatable read, read only`

// Snapshot runs fn in a transaction that only reads, on the rows as they were committed at one
// moment. On a transaction they are as that one has them. It never runs fn again, so fn may
// write out what it reads.
func Snapshot(ctx context.Context, db DB, fn func(tx pgx.Tx) error) error {
	_, nested := db.(pgx.Tx)
	return once(ctx, db, func(tx pgx.Tx) error {
		if !nested {
			if _, err := tx.Exec(ctx, sqlOneMoment); err != nil {
				return err
			}
		}
		return fn(tx)
	}, plainError)
}

func once(ctx context.Context, db DB, fn func(tx pgx.Tx) error, judge func(error) error) error {
	tx, err := db.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	committing := false
	defer func() {
		if committing {
			return
		}
		// The caller's context may be over already; a rollback that is not sent
		// would cost the connection.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackBudget)
		defer cancel()
		_ = tx.Rollback(ctx) // a broken connection has rolled back by itself
	}()
	if err := fn(tx); err != nil {
		return err
	}
	// What is known not to have been sent is known not to have happened.
	if err := ctx.Err(); err != nil {
		return err
	}
	if tx.Conn().IsClosed() {
		return errors.New("the database went away before the commit")
	}
	committing = true
	return judge(tx.Commit(ctx))
}

// plainError judges the release of a savepoint, and the end of what only read: if
// that fails nothing was committed.
func plainError(err error) error { return err }

// commitError tells a commit that surely did not happen from one that may have.
// It does not ask pgconn.SafeToRetry, which also says yes when the connection
// broke while we waited for the answer.
func commitError(err error) error {
	if err == nil || errors.Is(err, pgx.ErrTxCommitRollback) || errors.Is(err, pgx.ErrTxClosed) {
		return err
	}
	// A plain ERROR is the server's word that it rolled back (a deferred
	// constraint, a serialization failure). A FATAL may follow the commit record.
	if pgErr := pgError(err); pgErr != nil && pgErr.SeverityUnlocalized == "ERROR" {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCommitUnknown, err)
}

func isConflict(err error) bool {
	pgErr := pgError(err)
	return pgErr != nil && (pgErr.Code == "40001" || pgErr.Code == "40P01")
}

// sleep reports whether it slept to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
