package retrospective_test

import (
	"strings"
	"testing"
	"time"
)

// What was opened for an incident stands in its retrospective, by entries of the ledger and
// not by people: neither what their owners asked for, nor what was opened for another one.
func TestADraftListsWhatWasOpened(t *testing.T) {
	s := newScene(t)
	id := s.fire()
	other := s.light("another fire")
	board := s.whole.Switchboard(t)
	for seq, o := range []struct {
		key, lane, role, result string
		incident                *int64
	}{
		{"a/1", "B", "role:package-fixing", "taken: the phone rings", &id},
		{"b/1", "F", "", "taken", nil},
		{"c/1", "B", "bridge", "", &id},
		{"d/1", "D", "", "taken: shown", &id},
		{"e/1", "B", "role:coordination", "taken", &other},
	} {
		_, err := board.Exec(ctx, `insert into ledger_leaf (seq, body, hash, at) values ($1, '{}', sha256('leaf'), $2)`, seq, night)
		s.must(err)
		_, err = board.Exec(ctx, `insert into sealed_opening (intent, key, record_id, owner_id, kind, lane, incident_id, role, opened_at, result)
			values ($1, $2, '6f9619ff-8b86-4011-b42d-00c04fc964ff', $3, 'voice', $4, $5, $6, $7, $8)`,
			seq, o.key, s.ids["li"], o.lane, o.incident, o.role, night.Add(90*time.Second), o.result)
		s.must(err)
	}
	got := strings.TrimSpace(section(t, s.drafted(id).Text, "Sealed contacts opened"))
	want := strings.Join([]string{
		"- 03:15:30 a phone number for package-fixing, to be dialled: taken: the phone rings (entry 0 of the ledger)",
		"- 03:15:30 a phone number, to be dialled: what came of it is not known (entry 2 of the ledger)",
		"- 03:15:30 a phone number, to be shown to one person: taken: shown (entry 3 of the ledger)",
	}, "\n")
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
