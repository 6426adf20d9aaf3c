package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

const sqlTip = `
	select coalesce((select max(seq) + 1 from ledger_leaf), 0) as leaves,
		coalesce((select max(place) + 1 from ledger_hash), 0) as hashes,
		coalesce((select note from ledger_head order by size desc limit 1), '') as note,
		coalesce((select body from ledger_leaf order by seq desc limit 1), '') as body`

// tip finds the end of the ledger, and makes sure that it is the end of what was signed:
// its last head is ours, its hashes lead to that head, and the head that was kept off the
// database is on the way there.
func (l *Log) tip(ctx context.Context, tx pgx.Tx, stored *storedHashes) (size int64, err error) {
	var hashes int64
	var signed, body string
	if err := tx.QueryRow(ctx, sqlTip).Scan(&size, &hashes, &signed, &body); err != nil {
		return 0, err
	}
	kept, err := l.kept(ctx, tx, size)
	if err != nil {
		return 0, err
	}
	if size < kept.Size {
		return 0, discontinued(fmt.Sprintf("%d of its entries were signed, and the database has %d", kept.Size, size))
	}
	if size == 0 {
		if hashes != 0 || signed != "" {
			return 0, discontinued("its entries are missing")
		}
		return 0, nil
	}
	head, ours, err := l.open(ctx, tx, signed)
	switch {
	case err != nil:
		return 0, err
	case !ours:
		return 0, discontinued("its last head is not signed by this switchboard")
	case head.Size != size || hashes != tlog.StoredHashCount(size):
		return 0, discontinued(fmt.Sprintf("its last head is of %d entries, and the database has %d", head.Size, size))
	}
	switch err := contains(head, kept, tlog.RecordHash([]byte(body)), stored); {
	case errors.Is(err, errNoHash), errors.Is(err, errOtherTree):
		return 0, discontinued(err.Error())
	case err != nil:
		return 0, err
	}
	return size, nil
}

// tree is the tree that was signed, by its stored hashes. Nothing is said of a ledger that
// does not continue, and nobody else writes from then on until the transaction ends.
func (l *Log) tree(ctx context.Context, tx pgx.Tx) (stored *storedHashes, size int64, root tlog.Hash, err error) {
	if err = tx.QueryRow(ctx, sqlLedgerLock).Scan(nil, nil, nil); err != nil {
		return nil, 0, root, err
	}
	stored = hashesOf(ctx, tx)
	if size, err = l.tip(ctx, tx, stored); err == nil {
		root, err = tlog.TreeHash(size, stored)
	}
	return stored, size, root, err
}

// Continues tells whether the ledger in the database is what was signed, as whoever writes to
// it would find. The cause of its error is [ErrDiscontinued] if it is not.
func (l *Log) Continues(ctx context.Context, db pg.DB) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		_, _, _, err := l.tree(ctx, tx)
		return err
	})
}

// kept is the highest head that is known to have been committed, of the guard and of this
// process. A ledger that begins has its guard made first: without one, nobody could tell a
// first start from a guard that was taken away.
//
// It is read under the lock that writers take: whatever is kept was committed by then.
func (l *Log) kept(ctx context.Context, tx pgx.Tx, size int64) (Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	signed, err := l.Guard.Last()
	if err != nil {
		return Head{}, fault.Wrap(fault.Unready, err, "What was last written to the ledger cannot be read, so nothing is opened. An operator finds the reason in the log.")
	}
	if signed == "" {
		if size > 0 || l.last.Size > 0 {
			return Head{}, discontinued("this switchboard's own record of the last head is missing, as on a new host, where `batsignal ledger trust-head` makes it")
		}
		none, err := tlog.TreeHash(0, nil)
		if err != nil {
			return Head{}, err
		}
		empty, err := sign(l.Signer, 0, none)
		if err != nil {
			return Head{}, err
		}
		return empty, l.Guard.Keep(empty.Note)
	}
	head, ours, err := l.open(ctx, tx, signed)
	if err != nil {
		return Head{}, err
	}
	if !ours {
		return Head{}, discontinued("this switchboard's own record of the last head is of another ledger")
	}
	if head.Size > l.last.Size {
		l.last = head
	}
	return l.last, nil
}

var errOtherTree = errors.New("its entries are not those that were signed")

// contains makes sure that stored hashes lead to a head, and that an older one is in it.
func contains(head, older Head, last tlog.Hash, stored tlog.HashReader) error {
	root, err := tlog.TreeHash(head.Size, stored)
	if err != nil {
		return err
	}
	end, err := stored.ReadHashes([]int64{tlog.StoredHashIndex(0, head.Size-1)})
	if err != nil {
		return err
	}
	if root != head.Hash || end[0] != last {
		return errOtherTree
	}
	if older.Size == 0 || older.Size == head.Size && older.Hash == head.Hash {
		return nil
	}
	proof, err := tlog.ProveTree(head.Size, older.Size, stored)
	if err != nil {
		return err
	}
	if tlog.CheckTree(proof, head.Size, head.Hash, older.Size, older.Hash) != nil {
		return errOtherTree
	}
	return nil
}

// Committed keeps a head off the database, after the transaction of [Log.Append] was
// committed. If we die before, or the error is not minded, the guard is behind, which is no
// harm: heads in the database that are ours count as well. Ahead it must never be.
func (l *Log) Committed(head Head) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if head.Size <= l.last.Size {
		return nil // somebody who appended later was quicker
	}
	l.last = head
	return l.Guard.Keep(head.Note)
}

// discontinued is the refusal to go on with a ledger that is not what was signed.
func discontinued(why string) error {
	return fault.Wrap(fault.Conflict, ErrDiscontinued,
		"The ledger does not continue: %s. Nothing is opened until an operator has looked: an older copy of the database was restored, or somebody changed it. %s",
		why, "`batsignal ledger verify` tells more.")
}
