package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

const sqlProofsOf = `
	select seq, body from ledger_leaf
	where substring(body from '"rec":"([^"]*)"') = @record and body like '%"type":"proof"%' order by seq desc limit 20`

// Proven tells whether a code went to a record's address as it is sealed now: hash is what
// the entry of that has. Whoever can write every row could seal an address of their own in
// place of somebody's; they cannot make this entry, since it must be in the tree that was
// signed. From then on nobody else writes until the transaction ends.
func (l *Log) Proven(ctx context.Context, tx pgx.Tx, record, hash string) (bool, error) {
	stored, size, root, err := l.tree(ctx, tx)
	if err != nil {
		return false, err
	}
	rows, err := tx.Query(ctx, sqlProofsOf, pgx.NamedArgs{"record": record})
	if err != nil {
		return false, err
	}
	type entry struct {
		Seq  int64
		Body string
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[entry])
	if err != nil {
		return false, err
	}
	for _, e := range list {
		leaf, err := ParseLeaf(e.Body)
		if err != nil || leaf.Type != TypeProof || leaf.Record != record || leaf.Hash != hash || hash == "" {
			continue
		}
		return true, inTree(stored, size, root, e.Seq, e.Body)
	}
	return false, nil
}

// Holds tells whether the entry of that number is in the tree that was signed, and is the
// one that is meant: a row elsewhere that names a number may be anybody's. From then on
// nobody else writes until the transaction ends.
func (l *Log) Holds(ctx context.Context, tx pgx.Tx, seq int64, meant func(Leaf) bool) (bool, error) {
	stored, size, root, err := l.tree(ctx, tx)
	if err != nil || seq < 0 || seq >= size {
		return false, err
	}
	var body string
	if err := tx.QueryRow(ctx, sqlLeafAt, pgx.NamedArgs{"seq": seq}).Scan(&body); err != nil {
		return false, err
	}
	leaf, err := ParseLeaf(body)
	if err != nil || !meant(leaf) {
		return false, nil
	}
	return true, inTree(stored, size, root, seq, body)
}

// inTree refuses an entry that is not in a tree.
func inTree(stored tlog.HashReader, size int64, root tlog.Hash, seq int64, body string) error {
	proof, err := tlog.ProveRecord(size, seq, stored)
	if err != nil {
		return discontinued("a hash of it is missing")
	}
	if err := tlog.CheckRecord(proof, size, root, seq, tlog.RecordHash([]byte(body))); err != nil {
		return discontinued("one of its entries was changed")
	}
	return nil
}
