package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"batsignal/migrations/pg"
	"batsignal/oncall/unseal"
)

const (
	sqlVerifyLeaves   = `select seq, body, hash, at from ledger_leaf order by seq`
	sqlVerifyHashes   = `select place, hash from ledger_hash order by place`
	sqlVerifyHeads    = `select size, note, signed_at from ledger_head order by size`
	sqlVerifyOpenings = `select intent, record_id::text as record, lane, dialled from sealed_opening order by intent`
	sqlVerifyRecords  = `select record_id::text from sealed_contact`
)

type leafRow struct {
	Seq  int64
	Body string
	Hash []byte
	At   time.Time
}

type hashRow struct {
	Place int64
	Hash  []byte
}

type headRow struct {
	Size   int64
	Note   string
	Signed time.Time
}

type openingRow struct {
	Intent  int64
	Record  string
	Lane    unseal.Lane
	Dialled *int64
}

// Verify is [Book.Verify] for the ledger in the database, and checks what else the database
// says about it: stored hashes, times, and the openings that owners are shown.
func Verify(ctx context.Context, db pg.DB, seen []Seen, vkeys ...string) (Report, error) {
	keys, err := verifiers(vkeys)
	if err != nil {
		return Report{}, err
	}
	var b Book
	var s stored
	if err := pg.Snapshot(ctx, db, func(tx pgx.Tx) error { return s.read(ctx, tx) }); err != nil {
		return Report{}, err
	}
	for _, l := range s.leaves {
		b.Leaves = append(b.Leaves, l.Body)
	}
	for _, h := range s.heads {
		b.Notes = append(b.Notes, h.Note)
	}
	r, leaves, err := b.verify(seen, keys)
	if err != nil {
		return Report{}, err
	}
	r.rows(s, leaves)
	r.openings(s, leaves)
	r.finish()
	return *r, nil
}

// stored is the ledger as the database has it.
type stored struct {
	leaves   []leafRow
	hashes   []hashRow
	heads    []headRow
	openings []openingRow
	records  []string
}

func (s *stored) read(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, sqlVerifyLeaves)
	if err != nil {
		return err
	}
	if s.leaves, err = pg.Collect(rows, func(l *leafRow) []any { return []any{&l.Seq, &l.Body, &l.Hash, &l.At} }); err != nil {
		return err
	}
	if rows, err = tx.Query(ctx, sqlVerifyHashes); err != nil {
		return err
	}
	if s.hashes, err = pg.Collect(rows, func(h *hashRow) []any { return []any{&h.Place, &h.Hash} }); err != nil {
		return err
	}
	if rows, err = tx.Query(ctx, sqlVerifyHeads); err != nil {
		return err
	}
	if s.heads, err = pg.Collect(rows, func(h *headRow) []any { return []any{&h.Size, &h.Note, &h.Signed} }); err != nil {
		return err
	}
	if rows, err = tx.Query(ctx, sqlVerifyOpenings); err != nil {
		return err
	}
	if s.openings, err = pg.Collect(rows, func(o *openingRow) []any { return []any{&o.Intent, &o.Record, &o.Lane, &o.Dialled} }); err != nil {
		return err
	}
	s.records, err = texts(ctx, tx, sqlVerifyRecords)
	return err
}

// rows checks the columns that repeat what bodies and notes say.
func (r *Report) rows(s stored, leaves []Leaf) {
	for i, row := range s.leaves {
		switch l := leaves[i]; {
		case row.Seq != int64(i):
			r.find("row", "Row %d of the table of entries has number %d.", i, row.Seq)
		case tlog.Hash(padded(row.Hash)) != r.tree.leaf(int64(i)):
			r.find("hash", "The stored hash of entry %d is not that of its text: one of them was changed.", i)
		case l.Type != "" && !row.At.Equal(l.At):
			r.find("at", "Entry %d has another time in the table than in its text.", i)
		}
	}
	for i := range max(len(s.hashes), len(r.tree.hashes)) {
		if i >= len(s.hashes) || i >= len(r.tree.hashes) || s.hashes[i].Place != int64(i) || tlog.Hash(padded(s.hashes[i].Hash)) != r.tree.hashes[i] {
			r.find("stored hash", "Stored hash %d of the tree is missing, or not what the entries make.", i)
		}
	}
	for i, row := range s.heads {
		switch {
		case row.Size != int64(i)+1:
			r.find("head row", "Row %d of the table of heads has size %d: heads are missing.", i, row.Size)
		case i < len(leaves) && leaves[i].Type != "" && !row.Signed.Equal(leaves[i].At):
			r.find("signed", "The head of size %d has another time than its last entry.", row.Size)
		}
	}
}

// padded is a hash of the right length, whatever is stored.
func padded(hash []byte) []byte {
	if len(hash) == tlog.HashSize {
		return hash
	}
	return make([]byte, tlog.HashSize)
}

// openings checks what owners are shown against the leaves.
func (r *Report) openings(s stored, leaves []Leaf) {
	shown := map[int64]bool{}
	for _, o := range s.openings {
		shown[o.Intent] = true
		if o.Intent < 0 || o.Intent >= int64(len(leaves)) || !opens(leaves, &o.Intent) ||
			!strings.EqualFold(leaves[o.Intent].Record, o.Record) || leaves[o.Intent].Lane != o.Lane {
			r.find("opening", "An owner is shown an opening by entry %d, which is none of that record.", o.Intent)
			continue
		}
		if d := o.Dialled; d != nil && (*d < 0 || *d >= int64(len(leaves)) || leaves[*d].Of == nil || *leaves[*d].Of != o.Intent) {
			r.find("dialled", "The opening by entry %d is shown with the end of another one, entry %d.", o.Intent, *d)
		}
	}
	alive := map[string]bool{}
	for _, id := range s.records {
		alive[strings.ToLower(id)] = true
	}
	for _, l := range leaves {
		if l.Opening() && alive[strings.ToLower(l.Record)] && !shown[l.Seq] {
			r.Remarks = append(r.Remarks, fmt.Sprintf("Entry %d opened record %s, and the page of its owner does not have it.", l.Seq, l.Record))
		}
	}
}
