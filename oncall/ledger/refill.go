package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"batsignal/oncall/fault"
)

const sqlRefillLeaves = `
	insert into ledger_leaf (seq, body, hash, at)
	select seq, body, hash, at from unnest(@seqs::bigint[], @bodies::text[], @hashes::bytea[], @ats::timestamptz[]) as l (seq, body, hash, at)`

const sqlRefillHeads = `
	insert into ledger_head (size, note, signed_at)
	select size, note, at from unnest(@sizes::bigint[], @notes::text[], @ats::timestamptz[]) as h (size, note, at)`

// Refill adds what a restored database lacks of the ledger, from an export that is sound and
// has all that was signed. It tells how many leaves it added; it signs nothing.
func (l *Log) Refill(ctx context.Context, tx pgx.Tx, b Book) (added int64, err error) {
	if err := tx.QueryRow(ctx, sqlLedgerLock).Scan(nil, nil, nil); err != nil {
		return 0, err
	}
	l.keys.Lock()
	signers := l.verifiers()
	l.keys.Unlock()
	r, leaves, err := b.verify(nil, signers)
	if err != nil {
		return 0, err
	}
	if r.finish(); r.Err() != nil {
		return 0, r.Err()
	}
	there, err := Read(ctx, tx)
	if err != nil {
		return 0, err
	}
	n := len(there.Leaves)
	if n > len(b.Leaves) {
		return 0, fault.New(fault.Conflict, "This export has %d entries and the database has %d: a later export is needed.", len(b.Leaves), n)
	}
	if len(there.Notes) != n || !slices.Equal(there.Leaves, b.Leaves[:n]) || !slices.Equal(there.Notes, b.Notes[:n]) {
		return 0, fault.New(fault.Conflict, "The ledger in the database is not the beginning of the one in this export, so nothing was added.")
	}
	kept, err := l.kept(ctx, tx, int64(n))
	if err != nil {
		return 0, err
	}
	if kept.Size > r.Leaves {
		return 0, fault.New(fault.Conflict, "This export has %d entries and %d were signed: a later export is needed.", r.Leaves, kept.Size)
	}
	if root, err := r.tree.root(kept.Size); err != nil || kept.Size > 0 && root != kept.Hash {
		return 0, fault.New(fault.Conflict, "This export is of another ledger than the one that this switchboard signed.")
	}
	return r.Leaves - int64(n), refill(ctx, tx, b, leaves, r.tree, n)
}

func refill(ctx context.Context, tx pgx.Tx, b Book, leaves []Leaf, t *tree, from int) error {
	if from == len(leaves) {
		return nil
	}
	var seqs, sizes, places []int64
	var ats []time.Time
	var leafHashes, hashes [][]byte
	for _, leaf := range leaves[from:] {
		hash := t.leaf(leaf.Seq)
		seqs, sizes, ats, leafHashes = append(seqs, leaf.Seq), append(sizes, leaf.Seq+1), append(ats, leaf.At), append(leafHashes, hash[:])
	}
	for place := tlog.StoredHashCount(int64(from)); place < int64(len(t.hashes)); place++ {
		places, hashes = append(places, place), append(hashes, t.hashes[place][:])
	}
	batch := &pgx.Batch{}
	batch.Queue(sqlRefillLeaves, pgx.NamedArgs{"seqs": seqs, "bodies": b.Leaves[from:], "hashes": leafHashes, "ats": ats})
	batch.Queue(sqlAddHashes, pgx.NamedArgs{"places": places, "hashes": hashes})
	batch.Queue(sqlRefillHeads, pgx.NamedArgs{"sizes": sizes, "notes": b.Notes[from:], "ats": ats})
	return tx.SendBatch(ctx, batch).Close()
}
