package reach

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall"
	"batsignal/oncall/contact"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(ago time.Duration) *time.Time {
	t := noon.Add(-ago)
	return &t
}

func member(id int64, handle, role string, heard *time.Time) oncall.Member {
	return oncall.Member{Role: role, Person: oncall.Person{ID: id, Handle: handle, HeardAt: heard}, AgreedAt: at(0), ApprovedAt: at(0)}
}

func TestWhoIsNotReadyAndWhatTheyType(t *testing.T) {
	const day = 24 * time.Hour
	asked := member(9, "new", "lead", nil)
	asked.AgreedAt = nil
	rows := Rows{
		Roles:    []oncall.Role{{Name: "lead", Title: "the lead"}, {Name: "fix", Title: "fixing"}},
		Networks: []string{"libera"}, Routes: []string{"libera", "mail", "sms", "ntfy"},
		Members: []oncall.Member{
			member(1, "ada", "lead", at(day)), member(1, "ada", "fix", at(day)), member(2, "bea", "lead", at(40*day)),
			member(3, "cem", "lead", at(day)), member(4, "dan", "lead", at(day)), member(5, "eve", "lead", nil), asked,
		},
		Accounts: map[int64][]oncall.Account{1: {{Network: "libera"}, {Network: "gone"}}, 2: {{Network: "libera"}}, 3: {{Network: "gone"}}, 4: {{Network: "libera"}}},
		Consents: map[int64]oncall.Consent{4: {Terms: oncall.Terms{Routes: []string{"mail"}}}},
		Contacts: []contact.Contact{
			{ID: 1, PersonID: 1, Kind: "sms", ProvenAt: at(90 * day), TestedAt: at(29 * day)},
			{ID: 2, PersonID: 2, Kind: "sms", ProvenAt: at(90 * day), TestedAt: at(30 * day)},
			{ID: 3, PersonID: 2, Kind: "mail"},
			{ID: 4, PersonID: 3, Kind: "sms", ProvenAt: at(day), TestedAt: at(day), SuspendedAt: at(day)},
			{ID: 5, PersonID: 3, Kind: "voice", ProvenAt: at(day), TestedAt: at(day)},
			{ID: 6, PersonID: 3, Kind: "ntfy", ProvenAt: at(day), TestedAt: at(day), Fault: "the topic is gone"},
			{ID: 7, PersonID: 4, Kind: "mail", ProvenAt: at(day), TestedAt: at(day)},
		},
	}
	r := Judge(noon, rows)
	if r.Ready != 1 || len(r.People) != 5 || r.Roles[0].Ready != 1 || len(r.Roles[0].People) != 5 || r.Roles[1].Ready != 1 {
		t.Errorf("%+v", r)
	}
	want := map[string]string{
		"ada": "",
		"bea": "has no way that is known to work (chat not tested for 30 days, sms not tested for 30 days and mail not proven); they type any word to me on a chat network, !route test and !contact code mail",
		"cem": "has no way that is known to work (sms paused, voice nothing here sends by it and ntfy does not work: the topic is gone); they type !contact resume sms and !contact code ntfy",
		"dan": "has only 1 way that is known to work (chat not agreed to); they type !roster agree --routes any",
		"eve": "has no way that is known to work; they type !contact add",
	}
	for _, p := range r.People {
		if got := p.Why(); got != want[p.Handle] {
			t.Errorf("%s: %s", p.Handle, got)
		}
	}
}

// Whoever is not ready is told something to type, and one more way never makes anybody
// less ready.
func TestReadinessProperties(t *testing.T) {
	kinds := contact.Kinds()
	rapid.Check(t, func(t *rapid.T) {
		maybe := func(label string) *time.Time {
			if !rapid.Bool().Draw(t, label) {
				return nil
			}
			return at(time.Duration(rapid.IntRange(0, 60).Draw(t, label+" days")) * 24 * time.Hour)
		}
		rows := Rows{
			Networks: []string{"libera"}, Routes: append([]string{"libera"}, kinds[:rapid.IntRange(0, len(kinds)).Draw(t, "routes")]...),
			Roles: []oncall.Role{{Name: "lead"}}, Members: []oncall.Member{member(1, "ada", "lead", maybe("heard"))},
			Accounts: map[int64][]oncall.Account{},
		}
		if rapid.Bool().Draw(t, "account") {
			rows.Accounts[1] = []oncall.Account{{Network: "libera"}}
		}
		ready := false
		for i := range rapid.IntRange(0, 4).Draw(t, "ways") {
			rows.Contacts = append(rows.Contacts, contact.Contact{
				ID: int64(i + 1), PersonID: 1, Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
				ProvenAt: maybe("proven"), TestedAt: maybe("tested"), SuspendedAt: maybe("suspended"),
			})
			p := Judge(noon, rows).People[0]
			if ready && !p.Ready {
				t.Fatalf("one more way makes them unready: %+v", p)
			}
			ready = p.Ready
			usable := 0
			for _, w := range p.Ways {
				if w.Kind == oncall.Chat || rows.Contacts[w.Contact-1].Usable() {
					usable++
				}
			}
			if p.Counts() > usable || p.Ready != (p.Counts() >= 2) || (p.Why() == "") != p.Ready {
				t.Fatalf("%+v", p)
			}
		}
	})
}
