package ledger

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// A ledger of years: more openings than there ever were emergencies.
const many = 100_000

func BenchmarkVerify(b *testing.B) {
	log, vkey := newLog(b)
	book := bookOf(b, log, many)
	for b.Loop() {
		if r, err := book.Verify(nil, vkey); err != nil || r.Err() != nil {
			b.Fatal(err, r.Findings)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	h := newHouse(b)
	h.fill(b, many)
	exec(b, h.asOwner(b), `create index if not exists ledger_leaf_record on ledger_leaf (substring(body from '"rec":"([^"]*)"'), seq)`)
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			h.write(b, Leaf{Type: TypeIntent, Record: recordA, Lane: "B", Incident: "INC-7"})
		}
	})
	b.Run("overview", func(b *testing.B) {
		for b.Loop() {
			if _, err := Overview(b.Context(), h.Pool, 20); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if r := h.verify(b); r.Err() != nil {
				b.Fatal(r.Findings)
			}
		}
	})
}

// fill puts a long ledger into the database, by the way of a restored one.
func (h *house) fill(t testing.TB, n int) {
	t.Helper()
	book := bookOf(t, h.log, n)
	if err := pg.InTx(t.Context(), h.board, func(tx pgx.Tx) error {
		kept, err := sign(h.log.Signer, 0, mustRoot(t))
		if err != nil {
			return err
		}
		if err := h.log.Guard.Keep(kept.Note); err != nil {
			return err
		}
		_, err = h.log.Refill(t.Context(), tx, book)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func mustRoot(t testing.TB) [32]byte {
	t.Helper()
	root, err := (&tree{}).root(0)
	if err != nil {
		t.Fatal(err)
	}
	return root
}
