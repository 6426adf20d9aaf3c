package ledger

import (
	"strings"
	"testing"

	"batsignal/oncall/unseal"
)

// Every type of leaf is told in a sentence that names its record, incident and people, and
// never by the bare type.
func TestLeavesInWords(t *testing.T) {
	three := int64(3)
	for _, c := range []struct {
		l    Leaf
		want string
	}{
		{Leaf{Type: TypeIntent, Lane: unseal.LaneDial, Record: recordA, Incident: "INC-7", Role: "network", By: []string{"dora", "carl"}}, "A sealed address was opened (record 0f3c1a52) for INC-7, network, to be dialled, on the word of dora and carl."},
		{Leaf{Type: TypeIntent, Lane: unseal.LaneReveal, Record: recordA, Incident: "INC-7", By: []string{"dora"}}, "A sealed address was opened (record 0f3c1a52) for INC-7 to be shown to dora."},
		{Leaf{Type: TypeDialed, Of: &three, Result: "taken: it rings"}, "What came of it (entry 3): taken: it rings."},
		{Leaf{Type: TypeProof, Record: recordA}, "A sealed address was opened (record 0f3c1a52) for its owner, who asked for it."},
		{Leaf{Type: TypeShown, Of: &three, By: []string{"dora"}}, "It was shown (entry 3) to dora, once."},
		{Leaf{Type: TypeShown, Of: &three, Lane: unseal.LaneOwner}, "It was opened for its owner (entry 3), once."},
		{Leaf{Type: TypeUnanchored, Of: &three}, "No room showed the head in time (entry 3), and it was dialled all the same."},
		{Leaf{Type: TypeKeyring, Epoch: 2}, "Keyring 2 is in force."},
		{Leaf{Type: TypeDeleted, Record: "short"}, "A sealed address was deleted (record short)."},
		{Leaf{Type: TypeRevealAsked, Incident: "INC-7", By: []string{"dora"}}, "dora asked the custodians to see a sealed address for INC-7."},
		{Leaf{Type: TypeRevealApproved, Of: &three, By: []string{"Ada"}}, "Ada agreed, as a custodian (entry 3)."},
		{Leaf{Type: TypeIntent, Lane: unseal.LaneDial, Record: "r1", By: []string{"a", "b", "c"}}, "A sealed address was opened (record r1) to be dialled, on the word of a, b and c."},
		{Leaf{Type: "later"}, "An entry of the type later."},
		{Leaf{Type: "later", Incident: "INC-7", Result: "it went well", Note: "by day."}, "An entry of the type later for INC-7: it went well: by day."},
		{Leaf{Type: TypeShown}, "It was shown to somebody, once."},
	} {
		if got := c.l.Says(); got != c.want {
			t.Errorf("%s: %q, want %q", c.l.Type, got, c.want)
		}
		if got := c.l.Says(); strings.Contains(got, "  ") || strings.Contains(got, "..") {
			t.Errorf("%q", got)
		}
	}
}

func TestFiguresOfTheLedger(t *testing.T) {
	h := newHouse(t)
	if f, err := Count(t.Context(), h.Pool); err != nil || f.Unanchored != 0 || f.Lanes[unseal.LaneDial] != 0 {
		t.Errorf("%+v, %v", f, err)
	}
	h.story(t, recordA, recordB)
	f, err := Count(t.Context(), h.Pool)
	if err != nil || f.Unanchored != 6 || f.Lanes[unseal.LaneDial] != 1 || f.Lanes[unseal.LaneOwner] != 1 || f.Lanes[unseal.LaneReveal] != 0 {
		t.Errorf("%+v, %v", f, err)
	}
	if err := AnchorHead(t.Context(), h.board, Anchor{Size: 4, Network: "libera", Room: "#ops", At: noon}); err != nil {
		t.Fatal(err)
	}
	if f, err := Count(t.Context(), h.Pool); err != nil || f.Unanchored != 2 {
		t.Errorf("%+v, %v", f, err)
	}
	person := h.person(t, "dora")
	if others, all, err := CountOf(t.Context(), h.Pool, person); err != nil || others != 0 || all != 0 {
		t.Error(others, all, err)
	}
	exec(t, h.board, `insert into sealed_opening (intent, key, record_id, owner_id, kind, lane, opened_at) values (2, 'a', $1, $2, 'sms', 'F', $3), (4, 'b', $1, $2, 'sms', 'B', $3)`, recordB, person, noon)
	if others, all, err := CountOf(t.Context(), h.Pool, person); err != nil || others != 1 || all != 2 {
		t.Error(others, all, err)
	}
}
