package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"
	"batsignal/oncall/ledger"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// manyLeaves is a ledger of years: more openings than there ever were emergencies.
const manyLeaves = 100_000

// escrowLedger is how fast the ledger is written and checked when it is long.
func escrowLedger(ctx context.Context, b *bench) ([]figure, error) {
	server, err := b.sealedDatabase(ctx, "escrow_ledger")
	if err != nil {
		return nil, err
	}
	db, err := pg.Open(ctx, server.DSN(pglocal.SwitchboardRole, "escrow_ledger"), pg.Options{})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	dir := filepath.Join(b.dir, "escrow-ledger")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	private, public, err := ledger.NewKey("bench.test")
	if err != nil {
		return nil, err
	}
	w, err := newWriter(db, private, filepath.Join(dir, "head"))
	if err != nil {
		return nil, err
	}
	leaves := b.runs(manyLeaves, 1000)
	b.say("writing a ledger of %d entries", leaves)
	for at := 0; at < leaves; at += 1000 {
		if err := w.append(ctx, 1000); err != nil {
			return nil, err
		}
	}
	if err := asOwner(ctx, server.DSN(pglocal.OwnerRole, "escrow_ledger"), `vacuum analyze`); err != nil {
		return nil, err
	}
	var each durations
	used, began := ownCPU(), time.Now()
	for range b.runs(1000, 10) {
		at := time.Now()
		if err := w.append(ctx, 1); err != nil {
			return nil, err
		}
		each = append(each, time.Since(at))
	}
	took, used := time.Since(began), (ownCPU()-used)/time.Duration(len(each))
	checked, before := time.Now(), ownCPU()
	report, err := ledger.Verify(ctx, db, nil, public)
	if err != nil {
		return nil, err
	}
	verify, cost := time.Since(checked), ownCPU()-before
	if err := report.Err(); err != nil || report.Leaves != int64(leaves+len(each)) {
		return nil, fmt.Errorf("a ledger of %d entries was found to have %d: %w", leaves+len(each), report.Leaves, err)
	}
	return []figure{{
		what: "entries written to the ledger", got: fmt.Sprintf("%.0f a second", float64(len(each))/took.Seconds()),
		how: fmt.Sprintf("%d entries, each in a transaction of its own, one after the other, to a ledger that has %d: the end of the ledger is checked, entry, hashes and "+
			"signed head are committed to disk, and the head is flushed to a file off the database (%s; %s of CPU here each)", len(each), leaves, each.list(0.5, 0.99, 1), short(used)),
	}, {
		what: fmt.Sprintf("a ledger of %d entries checked", leaves), got: fmt.Sprintf("%s, %.1f s of CPU here", short(verify), cost.Seconds()),
		how: "`batsignal ledger verify` without its start: every entry, every stored hash and every signed head is read from the database and made again",
	}}, nil
}

// writer appends to a ledger, as the switchboard does.
type writer struct {
	db   *pgxpool.Pool
	log  *ledger.Log
	next int
}

func newWriter(db *pgxpool.Pool, private secret.Text, head string) (*writer, error) {
	signer, err := ledger.SignerOf(private)
	if err != nil {
		return nil, err
	}
	return &writer{db: db, log: &ledger.Log{Signer: signer, Guard: ledger.FileGuard{Path: head}}}, nil
}

const sqlCommitments = `select record_id::text as record, encode(commitment, 'hex') as hash from sealed_contact order by record_id`

// prove writes that the owner of each record was sent a code there, as it is sealed now:
// nothing else is dialled.
func (w *writer) prove(ctx context.Context) error {
	rows, err := w.db.Query(ctx, sqlCommitments)
	if err != nil {
		return err
	}
	var leaves []ledger.Leaf
	var record, hash string
	if _, err := pgx.ForEachRow(rows, []any{&record, &hash}, func() error {
		leaves = append(leaves, ledger.Leaf{
			Type: ledger.TypeProof, Record: record, Hash: hash, Lane: unseal.LaneOwner, Key: fmt.Sprintf("proof-%d/1", len(leaves)+1), Epoch: 1,
		})
		return nil
	}); err != nil {
		return err
	}
	for some := range slices.Chunk(leaves, 500) {
		if _, err := w.log.Write(ctx, w.db, time.Now(), some...); err != nil {
			return err
		}
	}
	return nil
}

// append writes entries about a thousand records in one transaction.
func (w *writer) append(ctx context.Context, n int) error {
	leaves := make([]ledger.Leaf, n)
	for i := range leaves {
		leaves[i] = ledger.Leaf{
			Type: ledger.TypeIntent, Record: fmt.Sprintf("0f3c1a52-6f3e-4f6a-8a57-%012x", w.next%1000), Lane: unseal.LaneDial, Incident: "INC-7",
			Role: "role:coordination", By: []string{asker, confirmer}, Key: fmt.Sprintf("page-%d/1", w.next+1), Epoch: 1,
		}
		w.next++
	}
	_, err := w.log.Write(ctx, w.db, time.Now(), leaves...)
	return err
}
