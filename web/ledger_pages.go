package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/unseal"
)

const (
	leavesShown  = 25
	anchorsShown = 8
)

// ledgerBody is the public page: openings since when.
type ledgerBody struct {
	ledger.View
	Dialled, Shown, Own int64 // openings, by lane
	Leaves              []leafRow
	From                int64  // where the list begins, if not at the end
	Older               string // where it goes on
	Unanchored          int64  // entries that no room has seen a head of
	Wrong               string // what is wrong with the keyring, in a sentence
}

// leafRow is one entry of the list.
type leafRow struct {
	ledger.Leaf
	InThere int64 // number of its incident, if it has a page; 0 has none
}

func rowOf(l ledger.Leaf) leafRow {
	row := leafRow{Leaf: l}
	digits, found := strings.CutPrefix(l.Incident, "INC-")
	if n, err := strconv.ParseInt(digits, 10, 64); found && err == nil && incidents.Ref(n) == l.Incident {
		row.InThere = n
	}
	return row
}

func (p *escrowPages) ledger(w http.ResponseWriter, r *http.Request) error {
	v, err := ledger.Overview(r.Context(), p.DB, max(leavesShown, anchorsShown))
	if err != nil {
		return err
	}
	body := ledgerBody{View: v, Dialled: v.Lanes[unseal.LaneDial], Shown: v.Lanes[unseal.LaneReveal], Own: v.Lanes[unseal.LaneOwner]}
	body.Anchors = v.Anchors[:min(len(v.Anchors), anchorsShown)]
	if body.Unanchored = v.Head.Size; len(v.Anchors) > 0 {
		body.Unanchored -= v.Anchors[0].Size
	}
	leaves := v.Last
	if before := r.URL.Query().Get("before"); before != "" {
		n, err := strconv.ParseInt(before, 10, 64)
		if err != nil || n < 1 {
			return fault.New(fault.NotFound, "The ledger has no entries before that number.")
		}
		body.From = min(n, v.Head.Size)
		if leaves, err = ledger.Leaves(r.Context(), p.DB, n, leavesShown); err != nil {
			return err
		}
	}
	for _, l := range leaves {
		body.Leaves = append(body.Leaves, rowOf(l))
	}
	if n := len(leaves); n > 0 && leaves[n-1].Seq > 0 {
		body.Older = fmt.Sprintf("/ledger?before=%d#entries", leaves[n-1].Seq)
	}
	if _, err := p.ledgerKeys(r.Context()); err != nil {
		if fault.KindOf(err) == fault.Internal {
			return err
		}
		body.Wrong = fault.Say(err)
	}
	return p.render(w, r, http.StatusOK, "ledger", view{Title: "Ledger", Here: "/ledger", Body: body})
}

// leafBody is one entry, with the proof that it is in the tree of the latest head.
type leafBody struct {
	leafRow
	Body  string // the bytes that are hashed
	Proof string // in the form of c2sp.org/tlog-proof
	Head  ledger.Head
	Last  bool
}

func (p *escrowPages) leaf(w http.ResponseWriter, r *http.Request) error {
	seq, err := strconv.ParseInt(chi.URLParam(r, "seq"), 10, 64)
	if err != nil {
		return notFound(w, r)
	}
	head, err := ledger.Latest(r.Context(), p.DB)
	if err != nil {
		return err
	}
	if seq >= head.Size {
		return fault.New(fault.NotFound, "The ledger has no entry %d yet.", seq)
	}
	l, err := ledger.LeafAt(r.Context(), p.DB, seq)
	if err != nil {
		return err
	}
	body := leafBody{leafRow: rowOf(l), Head: head, Last: seq == head.Size-1}
	if body.Body, err = l.Body(); err != nil {
		return err
	}
	if body.Proof, err = p.proofOf(r, head, seq); err != nil {
		return err
	}
	return p.render(w, r, http.StatusOK, "leaf", view{Title: fmt.Sprintf("Entry %d of the ledger", seq), Here: "/ledger", Body: body})
}

// proofOf writes the proof that an entry is in the tree of a head, with that signed head:
// index, the hashes from its leaf to the root, the checkpoint.
func (p *escrowPages) proofOf(r *http.Request, head ledger.Head, seq int64) (string, error) {
	proof, err := ledger.Prove(r.Context(), p.DB, head, seq)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "c2sp.org/tlog-proof@v1\nindex %d\n", seq)
	for _, hash := range proof {
		fmt.Fprintln(&text, hash)
	}
	return text.String() + "\n" + head.Note, nil
}
