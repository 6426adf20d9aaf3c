package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"batsignal/migrations/pg"
	"batsignal/oncall/unseal"
)

func TestAppend(t *testing.T) {
	h := newHouse(t)
	if r := h.verify(t); r.Err() != nil || !strings.Contains(r.Says(), "empty") {
		t.Error(r.Says())
	}
	h.story(t, recordA, recordB)
	r := h.verify(t)
	if r.Err() != nil || r.Leaves != 6 || r.Heads != 6 || r.Records != 2 || r.Openings[unseal.LaneDial] != 1 || r.Last.Size != 6 {
		t.Errorf("%+v", r)
	}
	latest, err := Latest(t.Context(), h.Pool)
	if err != nil || latest != r.Last {
		t.Errorf("%+v, %v", latest, err)
	}
	l, err := LeafAt(t.Context(), h.Pool, 5)
	if err != nil || l.Type != TypeDialed || l.OwnerSeq != 2 || !l.At.Equal(noon) {
		t.Errorf("%+v, %v", l, err)
	}
	list, err := Leaves(t.Context(), h.Pool, End, 2)
	if err != nil || len(list) != 2 || list[0].Seq != 5 || list[1].Seq != 4 {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := LeafAt(t.Context(), h.Pool, 6); err == nil {
		t.Error("there is an entry 6")
	}
	if _, err := h.log.Write(t.Context(), h.board, noon); err == nil {
		t.Error("nothing was written")
	}
	if _, err := h.log.Write(t.Context(), h.board, noon, Leaf{Type: "No Type"}); err == nil {
		t.Error("a leaf of no type was written")
	}
}

// A leaf that is full of the longest texts of all still fits.
func TestTheLongestLeafFits(t *testing.T) {
	h := newHouse(t)
	long := strings.Repeat(`"`, 500)
	h.write(t, Leaf{
		Type: TypeRevealAsked, Record: strings.Repeat("r", 64), Incident: strings.Repeat("9", 32), Lane: unseal.LaneDial, Role: long, Key: strings.Repeat("k", 100),
		Hash: strings.Repeat("h", 100), Epoch: 1 << 30, Result: long, Note: long, By: []string{long, long, long, long, long, long},
	})
	if r := h.verify(t); r.Err() != nil {
		t.Error(r.Findings)
	}
}

// What is rolled back leaves no gap, and its numbers are given again.
func TestARolledBackLeafLeavesNothing(t *testing.T) {
	h := newHouse(t)
	h.write(t, Leaf{Type: TypeRevealAsked, Record: recordA})
	nope := errors.New("no")
	err := pg.InTx(t.Context(), h.board, func(tx pgx.Tx) error {
		leaves := []Leaf{{Type: TypeProof, Record: recordA}, {Type: TypeProof, Record: recordA}}
		head, err := h.log.Append(t.Context(), tx, noon, leaves...)
		if err != nil || head.Size != 3 || leaves[0].Seq != 1 || leaves[1].OwnerSeq != 2 {
			t.Errorf("%+v, %+v, %v", head, leaves, err)
		}
		return nope
	})
	if !errors.Is(err, nope) {
		t.Fatal(err)
	}
	h.write(t, Leaf{Type: TypeDeleted, Record: recordA})
	if r := h.verify(t); r.Err() != nil || r.Leaves != 2 {
		t.Errorf("%+v", r)
	}
}

// A transaction that does not see what others committed meanwhile is not let in.
func TestAppendNeedsToSeeWhatWasCommitted(t *testing.T) {
	h := newHouse(t)
	tx, err := h.board.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := h.log.Append(t.Context(), tx, noon, Leaf{Type: TypeRevealAsked}); err == nil || errors.Is(err, ErrDiscontinued) {
		t.Error(err)
	}
}

// I11: whoever appends at the same time, as the switchboard, there is no gap and no fork;
// and the numbers of each record are without a gap.
func TestI11ManyAppendAtOnce(t *testing.T) {
	h := newHouse(t)
	const writers, each = 6, 12
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			draw := rand.New(rand.NewPCG(11, uint64(w)))
			for i := range each {
				leaves := make([]Leaf, 1+draw.IntN(3))
				for j := range leaves {
					leaves[j] = Leaf{Type: TypeProof, Record: []string{recordA, recordB, recordC, ""}[draw.IntN(4)]}
				}
				if draw.IntN(4) == 0 { // one that does not come to its commit
					if tx, err := h.board.Begin(t.Context()); err == nil {
						_, _ = h.log.Append(t.Context(), tx, noon, leaves...)
						_ = tx.Rollback(t.Context())
					}
				}
				if _, err := h.log.Write(t.Context(), h.board, noon.Add(time.Duration(i)*time.Second), leaves...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	r := h.verify(t)
	if r.Err() != nil || r.Leaves < writers*each || r.Records != 3 {
		t.Errorf("%+v", r.Findings)
	}
	kept, err := h.log.Guard.Last()
	if err != nil || kept != r.Last.Note {
		t.Errorf("the guard has %q, %v", kept, err)
	}
}

// I11: whatever row the owner of the database changes or removes, Verify tells.
func TestI11EveryEditIsFound(t *testing.T) {
	h := newHouse(t)
	h.story(t, recordA, recordB)
	h.story(t, recordB, recordC)
	owner := h.asOwner(t)
	n := count1(t, h.Pool, `select count(*) from ledger_leaf`)
	places := count1(t, h.Pool, `select count(*) from ledger_hash`)
	draw := rand.New(rand.NewPCG(7, 11))
	edits := []struct {
		sql string
		of  int64 // rows, numbered from first
		at  int64
	}{
		{`delete from ledger_leaf where seq = $1`, n, 0},
		{`delete from ledger_head where size = $1`, n, 1},
		{`delete from ledger_hash where place = $1`, places, 0},
		{`update ledger_leaf set body = replace(body, 'INC-7', 'INC-8') || case when body like '%INC-7%' then '' else ' ' end where seq = $1`, n, 0},
		{`update ledger_leaf set at = at + interval '1 second' where seq = $1`, n, 0},
		{`update ledger_leaf set hash = sha256(hash) where seq = $1`, n, 0},
		{`update ledger_leaf set seq = seq + 1000 where seq = $1`, n, 0},
		{`update ledger_hash set hash = sha256(hash) where place = $1`, places, 0},
		{`update ledger_hash set place = place + 1000 where place = $1`, places, 0},
		{`update ledger_head set note = replace(note, 'A', 'B') || 'x' where size = $1`, n, 1},
		{`update ledger_head set note = (select note from ledger_head h where h.size = 12 - ledger_head.size + 1) where size = $1`, n, 1},
		{`update ledger_head set signed_at = signed_at - interval '1 day' where size = $1`, n, 1},
		{`insert into ledger_leaf select seq + 1000, body, hash, at from ledger_leaf where seq = $1`, n, 0},
		{`insert into ledger_head select size + 1000, note, signed_at from ledger_head where size = $1`, n, 1},
		{`insert into ledger_hash select place + 1000, hash from ledger_hash where place = $1`, places, 0},
	}
	for i, e := range edits {
		for range 4 {
			row := e.at + draw.Int64N(e.of)
			t.Run(fmt.Sprint(i, " row ", row), func(t *testing.T) {
				tx, err := owner.Begin(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = tx.Rollback(context.Background()) }()
				exec(t, tx, strings.ReplaceAll(e.sql, "$1", fmt.Sprint(row)))
				r, err := Verify(t.Context(), tx, nil, h.vkey)
				if err != nil {
					t.Error(err)
				}
				if r.Err() == nil || !errors.Is(r.Err(), ErrDiscontinued) {
					t.Errorf("not found: %s", e.sql)
				}
			})
		}
	}
	if r := h.verify(t); r.Err() != nil {
		t.Errorf("the rest of the test proves nothing: %v", r.Findings)
	}
}

// Trees of any size, appended in any portions: heads agree with a tree that is built of the
// leaves alone, and every older head is in every later one.
func TestTreesOfAnySize(t *testing.T) {
	h := newHouse(t)
	var heads []Head
	rapid.Check(t, func(rt *rapid.T) {
		leaves := make([]Leaf, rapid.IntRange(1, 9).Draw(rt, "leaves"))
		for i := range leaves {
			leaves[i] = Leaf{
				Type: TypeRevealAsked, Record: rapid.StringMatching(`[a-c]?`).Draw(rt, "record"), Note: rapid.String().Draw(rt, "note"),
				Incident: rapid.StringMatching(`(INC-[1-9])?`).Draw(rt, "incident"),
			}
		}
		log := h.log
		if rapid.Bool().Draw(rt, "restarted") {
			log = h.again()
			h.log = log
		}
		head, err := log.Write(t.Context(), h.board, noon, leaves...)
		if err != nil {
			rt.Fatal(err)
		}
		heads = append(heads, head)
		tr := &tree{}
		for _, body := range h.book(t).Leaves {
			if err := tr.add(body); err != nil {
				rt.Fatal(err)
			}
		}
		older := heads[rapid.IntRange(0, len(heads)-1).Draw(rt, "older")]
		end := tr.leaf(head.Size - 1)
		if root, err := tr.root(head.Size); err != nil || root != head.Hash {
			rt.Errorf("%d leaves: %v, %v", head.Size, root, err)
		}
		if err := contains(head, older, end, tr); err != nil {
			rt.Errorf("%d is not in %d: %v", older.Size, head.Size, err)
		}
		older.Hash[0] ^= 1
		if err := contains(head, older, end, tr); err == nil {
			rt.Errorf("something else is in %d", head.Size)
		}
	})
	if r := h.verify(t); r.Err() != nil {
		t.Error(r.Findings)
	}
	if !slices.IsSortedFunc(heads, func(a, b Head) int { return int(a.Size - b.Size) }) {
		t.Error("heads do not grow")
	}
}
