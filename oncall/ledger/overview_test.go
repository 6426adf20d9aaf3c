package ledger

import (
	"testing"
	"time"

	"batsignal/oncall/unseal"
)

func TestOverview(t *testing.T) {
	h := newHouse(t)
	if v, err := Overview(t.Context(), h.Pool, 3); err != nil || v.Head.Size != 0 || !v.Since.IsZero() || v.Openings != 0 {
		t.Errorf("%+v, %v", v, err)
	}
	h.story(t, recordA, recordB)
	if err := AnchorHead(t.Context(), h.board, Anchor{Size: 6, Network: "libera", Room: "#ops", At: noon}); err != nil {
		t.Fatal(err)
	}
	v, err := Overview(t.Context(), h.Pool, 3)
	if err != nil || v.Head != h.log.last || !v.Since.Equal(noon) || v.Openings != 1 || v.Lanes[unseal.LaneDial] != 1 || v.Lanes[unseal.LaneOwner] != 1 ||
		len(v.Last) != 3 || v.Last[0].Type != TypeDialed || len(v.Anchors) != 1 || v.Anchors[0].Room != "#ops" {
		t.Errorf("%+v, %v", v, err)
	}
	h.write(t, Leaf{Type: TypeRevealAsked, Note: `"type":"intent","lane":"B"`}) // looks like one, and is none
	f, err := Count(t.Context(), h.Pool)
	if err != nil || f.Lanes[unseal.LaneDial] != 1 || f.Lanes[unseal.LaneReveal] != 0 || f.Lanes[unseal.LaneOwner] != 1 || f.Unanchored != 1 {
		t.Errorf("%+v, %v", f, err)
	}
	if err := AnchorHead(t.Context(), h.board, Anchor{Size: 8, Network: "libera", Room: "#ops", At: noon}); err == nil {
		t.Error("a head that is not there was seen")
	}
	proof, err := Prove(t.Context(), h.Pool, v.Head, 4)
	if err != nil || len(proof) == 0 {
		t.Errorf("%v, %v", proof, err)
	}
}

func TestOwnersSeeTheirOpenings(t *testing.T) {
	h := newHouse(t)
	maria, otto := h.person(t, "maria"), h.person(t, "otto")
	h.seal(t, maria, recordA)
	h.seal(t, otto, recordB)
	h.story(t, recordA, recordB)
	const add = `insert into sealed_opening (intent, key, record_id, owner_id, kind, lane, role, opened_at, dialled, dialled_at, result)
		values ($1, $2, $3, $4, 'sms', $5, $6, $7, $8, $9, $10)`
	exec(t, h.board, add, 2, "a/1", recordA, maria, "F", "", noon, nil, nil, "")
	exec(t, h.board, add, 4, "b/1", recordB, otto, "B", "network", noon, 5, noon.Add(time.Second), "accepted")
	if r := h.verify(t); r.Err() != nil || len(r.Remarks) != 0 {
		t.Errorf("%v, %v", r.Findings, r.Remarks)
	}
	list, err := OpeningsOf(t.Context(), h.Pool, otto, 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if o := list[0]; o.Intent != 4 || o.Record != recordB || o.Lane != "B" || o.Role != "network" || *o.Dialled != 5 || o.Result != "accepted" || o.Gone ||
		len(o.Leaf.By) != 2 || o.Leaf.Incident != "INC-7" {
		t.Errorf("%+v", o)
	}
	if list, err := OpeningsOf(t.Context(), h.Pool, maria, 10); err != nil || len(list) != 1 || list[0].Lane != "F" || list[0].Dialled != nil {
		t.Errorf("%+v, %v", list, err)
	}
	// What owners are shown is compared with the ledger.
	owner := h.asOwner(t)
	for _, sql := range []string{
		`update sealed_opening set record_id = '` + recordC + `' where intent = 4`,
		`update sealed_opening set lane = 'D' where intent = 4`,
		`update sealed_opening set dialled = 2 where intent = 4`,
		`update sealed_opening set intent = 3 where intent = 4`,
		`update sealed_opening set intent = 99 where intent = 4`,
	} {
		tx, err := owner.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		exec(t, tx, sql)
		r, err := Verify(t.Context(), tx, nil, h.vkey)
		if err != nil || len(r.Findings) != 1 {
			t.Errorf("%s: %v, %v", sql, r.Findings, err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	exec(t, owner, `delete from sealed_opening where intent = 4`)
	if r := h.verify(t); r.Err() != nil || len(r.Remarks) != 1 {
		t.Errorf("%v, %v", r.Findings, r.Remarks)
	}
	exec(t, owner, `delete from sealed_contact where owner_id = $1`, otto)
	if r := h.verify(t); r.Err() != nil || len(r.Remarks) != 0 {
		t.Errorf("%v, %v", r.Findings, r.Remarks)
	}
}
