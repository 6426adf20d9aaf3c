package ledger

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

func (h *house) statement(t testing.TB, person int64) string {
	t.Helper()
	text, err := h.log.MakeStatement(t.Context(), h.board, noon, person)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAStatementCanBeReadAndChecked(t *testing.T) {
	h := newHouse(t)
	maria, otto, nina := h.person(t, "maria"), h.person(t, "otto"), h.person(t, "nina")
	h.seal(t, maria, recordA)
	h.seal(t, otto, recordB)
	h.seal(t, otto, recordC)
	h.story(t, recordA, recordB)
	for person, want := range map[int64]string{
		maria: "On 2026-03-29 12:00 UTC the ledger ledger.example.org stated for maria: 0 openings of 1 sealed address. The last entry about each is in the ledger of 6 entries that was signed then.",
		otto:  "On 2026-03-29 12:00 UTC the ledger ledger.example.org stated for otto: 1 opening of 2 sealed addresses. The last entry about each is in the ledger of 6 entries that was signed then.",
		nina:  "On 2026-03-29 12:00 UTC the ledger ledger.example.org stated for nina: 0 openings of 0 sealed addresses. The last entry about each is in the ledger of 6 entries that was signed then.",
	} {
		text := h.statement(t, person)
		s, err := VerifyStatement(text, h.vkey)
		if err != nil || s.Says() != want {
			t.Errorf("%v\n%s\n%s", err, s.Says(), text)
		}
		r, err := s.Check(h.book(t), h.vkey)
		if err != nil || r.Err() != nil {
			t.Errorf("%v, %v", err, r.Findings)
		}
		// As it comes out of a form or a letter.
		pasted := "\r\n  " + strings.ReplaceAll(text, "\n", "  \r\n") + "\r\n\r\n"
		if _, err := VerifyStatement(pasted, h.vkey); err != nil {
			t.Error(err)
		}
	}
	text := h.statement(t, maria)
	if !strings.HasPrefix(text, fmt.Sprintf("batsignal statement of openings, version 1\nledger: ledger.example.org\nmade: 2026-03-29T12:00:00Z\nperson: %d maria\nopenings: 0\nrecords: 1\n"+
		"record: %s entries 2 openings 0\nlast: {\"v\":1,\"seq\":2,", maria, recordA)) {
		t.Error(text)
	}
	for name, other := range map[string]string{
		"count":  strings.Replace(text, "openings: 0", "openings: 1", 1),
		"handle": strings.Replace(text, "maria", "otto", 1),
		"cut":    text[:len(text)/2],
		"empty":  "",
		"head":   h.log.last.Note,
	} {
		if s, err := VerifyStatement(other, h.vkey); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	_, other := newLog(t)
	if _, err := VerifyStatement(text, other); err == nil {
		t.Error("checked by the key of another ledger")
	}
	if _, err := h.log.MakeStatement(t.Context(), h.board, noon, 9999); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}

func TestAStatementOfAnEmptyLedger(t *testing.T) {
	h := newHouse(t)
	maria := h.person(t, "maria")
	h.seal(t, maria, recordA)
	s, err := VerifyStatement(h.statement(t, maria), h.vkey)
	if err != nil || s.Openings() != 0 || s.Head.Size != 0 || len(s.Records) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	h.story(t, recordA, recordB)
	if r, err := s.Check(h.book(t), h.vkey); err != nil || r.Err() != nil {
		t.Errorf("%v, %v", r.Findings, err)
	}
}

// I12: statements and leaves agree, for every owner, at every time; an entry that the
// ledger has and the statement does not is named, as is one the other way round.
func TestI12StatementsAgreeWithTheLedger(t *testing.T) {
	h := newHouse(t)
	records := []string{recordA, recordB, recordC}
	owners := []int64{h.person(t, "maria"), h.person(t, "otto")}
	for i, r := range records {
		h.seal(t, owners[i%2], r)
	}
	draw := rand.New(rand.NewPCG(12, 12))
	openings := map[int64]int64{}
	var all []Statement
	for range 40 {
		i := draw.IntN(3)
		l := Leaf{Record: records[i], Type: TypeIntent, Lane: []unseal.Lane{unseal.LaneDial, unseal.LaneReveal, unseal.LaneOwner}[draw.IntN(3)]}
		if draw.IntN(3) == 0 {
			l.Type = TypeProof
		}
		if l.Opening() {
			openings[owners[i%2]]++
		}
		h.write(t, l)
		owner := owners[draw.IntN(2)]
		s, err := VerifyStatement(h.statement(t, owner), h.vkey)
		if err != nil || s.Openings() != openings[owner] {
			t.Fatalf("%d openings of %d, %v", s.Openings(), openings[owner], err)
		}
		all = append(all, s)
	}
	b := h.book(t)
	for i, s := range all {
		if r, err := s.Check(b, h.vkey); err != nil || r.Err() != nil {
			t.Fatalf("statement %d: %v, %v", i, r.Findings, err)
		}
	}
	// A ledger whose key signs statements that leave out an opening, or invent one.
	for _, by := range []int64{-1, 1} {
		lie := all[len(all)-1]
		lie.Records = append([]RecordStatement{}, lie.Records...)
		lie.Records[0].Openings += by
		if r, err := lie.Check(b, h.vkey); err != nil || len(r.Findings) != 1 || !strings.Contains(r.Findings[0], "openings about record") {
			t.Errorf("%v, %v", r.Findings, err)
		}
	}
	// One that ends an entry early: the proof is right, the number of entries is not.
	for _, s := range all[:5] {
		later := s
		later.Head = all[len(all)-1].Head
		if r, err := later.Check(b, h.vkey); err != nil || r.Err() == nil {
			t.Errorf("an older statement passes for a later one: %v", err)
		}
	}
}

// A statement is not made of a ledger in which entries of a record were changed.
func TestNoStatementOfAChangedLedger(t *testing.T) {
	h := newHouse(t)
	maria := h.person(t, "maria")
	h.seal(t, maria, recordA)
	h.story(t, recordB, recordA)
	owner := h.asOwner(t)
	exec(t, owner, `update ledger_leaf set body = replace(body, '"intent"', '"proof"') where seq = 4`)
	exec(t, owner, `update ledger_leaf set body = replace(body, 'accepted', 'declined') where seq = 5`)
	if text, err := h.log.MakeStatement(t.Context(), h.board, noon, maria); err == nil {
		t.Error(text)
	}
}

func FuzzStatement(f *testing.F) {
	s := Statement{Ledger: "ledger.example.org", Made: noon, Person: 7, Handle: "maria", Head: Head{Size: 1}, Records: []RecordStatement{
		{Record: "r1", Entries: 1, Last: Leaf{Type: TypeRevealAsked, Record: "r1"}}, {Record: "r2"},
	}}
	text, err := s.text()
	if err != nil {
		f.Fatal(err)
	}
	if _, err := parseStatement(text); err != nil {
		f.Fatal(err)
	}
	_, vkey := newLog(f)
	f.Add(text)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := VerifyStatement(text, vkey); err == nil {
			t.Error("nobody signed this")
		}
		s, err := parseStatement(text)
		if err != nil {
			return
		}
		if again, err := s.text(); err != nil || again != text {
			t.Errorf("%q became %q, %v", text, again, err)
		}
		_, _ = s.check(), s.Says()
	})
}
