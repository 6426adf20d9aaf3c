package ledger

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

const (
	sqlLatest = `select note from ledger_head order by size desc limit 1`
	sqlLeafAt = `select body from ledger_leaf where seq = @seq`
	sqlLeaves = `select body from ledger_leaf where seq < @before order by seq desc limit @most`
)

// Latest is the last head in the database, as it stands there: whoever must be sure of it
// checks it ([ParseHead], [Verify]). An empty ledger has the zero Head.
func Latest(ctx context.Context, db pg.DB) (Head, error) {
	var signed string
	switch err := db.QueryRow(ctx, sqlLatest).Scan(&signed); {
	case errors.Is(err, pgx.ErrNoRows):
		return Head{}, nil
	case err != nil:
		return Head{}, err
	}
	h, _, err := readHead(signed)
	return h, err
}

// LeafAt is one leaf.
func LeafAt(ctx context.Context, db pg.DB, seq int64) (Leaf, error) {
	var body string
	switch err := db.QueryRow(ctx, sqlLeafAt, pgx.NamedArgs{"seq": seq}).Scan(&body); {
	case errors.Is(err, pgx.ErrNoRows):
		return Leaf{}, fault.New(fault.NotFound, "The ledger has no entry %d.", seq)
	case err != nil:
		return Leaf{}, err
	}
	return ParseLeaf(body)
}

// Leaves are leaves before a number, the last one first, at most so many; all of the end
// with before = [End].
func Leaves(ctx context.Context, db pg.DB, before int64, most int) ([]Leaf, error) {
	rows, err := db.Query(ctx, sqlLeaves, pgx.NamedArgs{"before": before, "most": most})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, parseRow)
}

// End is after every leaf.
const End = int64(1<<62 - 1)

func parseRow(row pgx.CollectableRow) (Leaf, error) {
	var body string
	if err := row.Scan(&body); err != nil {
		return Leaf{}, err
	}
	return ParseLeaf(body)
}

// Prove is the proof that a leaf is in the tree of a head.
func Prove(ctx context.Context, db pg.DB, head Head, seq int64) (tlog.RecordProof, error) {
	return tlog.ProveRecord(head.Size, seq, hashesOf(ctx, db))
}

const sqlLastKeyring = `select body from ledger_leaf where body like '%"type":"keyring"%' order by seq desc limit 1`

// LastKeyring is the fingerprint of the keyring that the ledger has last; "" is none.
func LastKeyring(ctx context.Context, db pg.DB) (string, error) {
	var body string
	err := db.QueryRow(ctx, sqlLastKeyring).Scan(&body)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	leaf, err := ParseLeaf(body)
	return leaf.Hash, err
}

const sqlNoteOf = `select note from ledger_head where size = @size`

// HeadOf is the head of a size; found is false if none of that size was signed.
func HeadOf(ctx context.Context, db pg.DB, size int64) (h Head, found bool, err error) {
	var signed string
	err = db.QueryRow(ctx, sqlNoteOf, pgx.NamedArgs{"size": size}).Scan(&signed)
	if errors.Is(err, pgx.ErrNoRows) {
		return Head{}, false, nil
	}
	if err == nil {
		h, _, err = readHead(signed)
	}
	return h, err == nil, err
}
