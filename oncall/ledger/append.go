package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"batsignal/oncall/fault"
)

// What is written here, only the switchboard's role may write.
const (
	// A transaction that sees the database as of before it had the lock would take the
	// ledger for one that was rolled back. And the guard must not be ahead of a database
	// that lost its last commits in a power cut.
	sqlLedgerLock = `
		select pg_advisory_xact_lock(hashtextextended('batsignal: the ledger is written', 0)),
			set_config('synchronous_commit', 'on', true), current_setting('transaction_isolation')`
	sqlLastOfRecords = `
		select l.body from unnest(@records::text[]) as r (record)
		cross join lateral (
			select body from ledger_leaf
			where substring(body from '"rec":"([^"]*)"') = r.record
			order by seq desc limit 1
		) l`
	sqlAddLeaves = `
		insert into ledger_leaf (seq, body, hash, at)
		select seq, body, hash, @now from unnest(@seqs::bigint[], @bodies::text[], @hashes::bytea[]) as l (seq, body, hash)`
	sqlAddHashes = `
		insert into ledger_hash (place, hash)
		select place, hash from unnest(@places::bigint[], @hashes::bytea[]) as h (place, hash)`
	sqlAddHeads = `
		insert into ledger_head (size, note, signed_at)
		select size, note, @now from unnest(@sizes::bigint[], @notes::text[]) as h (size, note)`
)

// Append adds leaves in the caller's transaction, which must read what others committed
// (the default), and returns the signed head that covers them. The first leaf's number is
// the head's size less how many there are; given as a slice, they have it set. Others who
// append wait until the transaction ends, so it should be short.
//
// After the commit, and only then, the caller must call [Log.Committed]. If the ledger
// does not contain what was signed before, the error's cause is [ErrDiscontinued], and
// nothing may be opened.
func (l *Log) Append(ctx context.Context, tx pgx.Tx, now time.Time, leaves ...Leaf) (Head, error) {
	if len(leaves) == 0 {
		return Head{}, fault.New(fault.Internal, "Nothing was given to be written to the ledger.")
	}
	var isolation string
	if err := tx.QueryRow(ctx, sqlLedgerLock).Scan(nil, nil, &isolation); err != nil {
		return Head{}, err
	}
	if isolation != "read committed" {
		return Head{}, fmt.Errorf("the ledger is not written in a transaction that is %s", isolation)
	}
	stored := hashesOf(ctx, tx)
	size, err := l.tip(ctx, tx, stored)
	if err != nil {
		return Head{}, err
	}
	now = now.UTC().Truncate(time.Second)
	if err := number(ctx, tx, size, now, leaves); err != nil {
		return Head{}, err
	}
	return l.write(ctx, tx, now, leaves, stored)
}

// number gives leaves their places: in the ledger, and among those of their record.
func number(ctx context.Context, tx pgx.Tx, size int64, now time.Time, leaves []Leaf) error {
	next := map[string]int64{}
	for i := range leaves {
		leaves[i] = leaves[i].tidied()
		leaves[i].Seq, leaves[i].At, leaves[i].OwnerSeq = size+int64(i), now, 0
		if leaves[i].Record != "" {
			next[leaves[i].Record] = 0
		}
		if err := leaves[i].check(); err != nil {
			return err
		}
	}
	if len(next) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, sqlLastOfRecords, pgx.NamedArgs{"records": slices.Collect(maps.Keys(next))})
	if err != nil {
		return err
	}
	bodies, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, body := range bodies {
		last, err := ParseLeaf(body)
		if err != nil {
			return discontinued("one of its entries cannot be read")
		}
		next[last.Record] = last.OwnerSeq + 1
	}
	for i := range leaves {
		if r := leaves[i].Record; r != "" {
			leaves[i].OwnerSeq = next[r]
			next[r]++
		}
	}
	return nil
}

// write stores numbered leaves, the hashes that they complete, and a head for every size:
// that one is missing shows, then.
func (l *Log) write(ctx context.Context, tx pgx.Tx, now time.Time, leaves []Leaf, stored *storedHashes) (head Head, err error) {
	var seqs, places, sizes []int64
	var bodies, notes []string
	var leafHashes, hashes [][]byte
	for _, leaf := range leaves {
		body, err := leaf.Body()
		if err != nil {
			return Head{}, err
		}
		if len([]rune(body)) > longestBody {
			return Head{}, fmt.Errorf("%w: it is too long", errLeaf)
		}
		made, err := tlog.StoredHashes(leaf.Seq, []byte(body), stored)
		if err != nil {
			return Head{}, err
		}
		place := tlog.StoredHashIndex(0, leaf.Seq)
		for i, hash := range made {
			stored.known[place+int64(i)] = hash
			places, hashes = append(places, place+int64(i)), append(hashes, hash[:])
		}
		root, err := tlog.TreeHash(leaf.Seq+1, stored)
		if err != nil {
			return Head{}, err
		}
		if head, err = sign(l.Signer, leaf.Seq+1, root); err != nil {
			return Head{}, err
		}
		seqs, bodies, leafHashes = append(seqs, leaf.Seq), append(bodies, body), append(leafHashes, made[0][:])
		sizes, notes = append(sizes, head.Size), append(notes, head.Note)
	}
	batch := &pgx.Batch{}
	batch.Queue(sqlAddLeaves, pgx.NamedArgs{"now": now, "seqs": seqs, "bodies": bodies, "hashes": leafHashes})
	batch.Queue(sqlAddHashes, pgx.NamedArgs{"places": places, "hashes": hashes})
	batch.Queue(sqlAddHeads, pgx.NamedArgs{"now": now, "sizes": sizes, "notes": notes})
	return head, tx.SendBatch(ctx, batch).Close()
}
