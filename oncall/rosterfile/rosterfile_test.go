package rosterfile_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/rosterfile"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func roster(t testing.TB, db pg.DB) rosterfile.File {
	t.Helper()
	must(t, oncall.SyncRoles(ctx, db, noon, oncall.DefaultRoles()))
	f, err := rosterfile.Parse(rosterfile.Example)
	must(t, err)
	return f
}

func TestTheExampleCoversEveryRole(t *testing.T) {
	tx := pgtest.Tx(t)
	f := roster(t, tx)
	n, err := rosterfile.Apply(ctx, tx, f, rosterfile.How{Now: noon, Agreed: true, Network: "console"})
	if err != nil || n != len(f.People) {
		t.Fatalf("%d of %d, %v", n, len(f.People), err)
	}
	members, err := oncall.Members(ctx, tx)
	must(t, err)
	behind, zones := map[string]int{}, map[string]bool{}
	for _, m := range oncall.Order(members, noon) {
		behind[m.Role]++
		zones[m.Person.Zone] = true
	}
	for _, r := range oncall.DefaultRoles() {
		if behind[r.Name] < 2 {
			t.Errorf("%d people behind %s", behind[r.Name], r.Name)
		}
	}
	if len(zones) < 5 {
		t.Errorf("only %d zones", len(zones))
	}
	if p, found, err := oncall.PersonByAccount(ctx, tx, "console", "maria"); err != nil || !found || p.Name != "Maria Ortega" {
		t.Errorf("%+v, %v", p, err)
	}
	// Applied again it changes nobody.
	if n, err = rosterfile.Apply(ctx, tx, f, rosterfile.How{Now: noon, Agreed: true, Network: "console"}); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
}

// A file cannot say yes for anybody, unless it is only a play.
func TestAFileOnlyAsks(t *testing.T) {
	tx := pgtest.Tx(t)
	f := roster(t, tx)
	desk := &oncall.Desk{DB: tx, Now: func() time.Time { return noon }}
	asked := 0
	_, err := rosterfile.Apply(ctx, tx, f, rosterfile.How{Now: noon, Ask: func(ctx context.Context, handle, role string) error {
		asked++
		_, err := desk.Add(ctx, oncall.Actor{Network: "console"}, handle, role)
		return err
	}})
	must(t, err)
	members, err := oncall.Members(ctx, tx)
	must(t, err)
	if len(members) != asked || asked == 0 || len(oncall.Order(members, noon)) != 0 {
		t.Errorf("asked %d, %d memberships, %d can be rung", asked, len(members), len(oncall.Order(members, noon)))
	}
}

func TestEverythingOfAnEntryIsStored(t *testing.T) {
	tx := pgtest.Tx(t)
	roster(t, tx)
	f, err := rosterfile.Parse([]byte(`
people:
  - handle: ada
    zone: Asia/Tokyo
    awake: "22:00-06:00"
    accounts: {libera: Ada, oftc: ada_}
    mail: ada@example.org
    webhook: https://example.org/hook
    roles: [coord]
`))
	must(t, err)
	_, err = rosterfile.Apply(ctx, tx, f, rosterfile.How{Now: noon, Agreed: true})
	must(t, err)
	p, err := oncall.PersonByHandle(ctx, tx, "ada")
	must(t, err)
	if p.Zone != "Asia/Tokyo" || p.Wakes != 22*60 || p.Sleeps != 6*60 {
		t.Errorf("%+v", p)
	}
	for network, account := range map[string]string{"libera": "ada", "oftc": "ada_"} {
		if got, found, err := oncall.PersonByAccount(ctx, tx, network, account); err != nil || !found || got.ID != p.ID {
			t.Errorf("%s: %v, %v", network, found, err)
		}
	}
	if list, err := contact.Of(ctx, tx, p.ID); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

// A mistake anywhere in a file stores nothing of it.
func TestAFileIsAppliedWholeOrNotAtAll(t *testing.T) {
	for _, bad := range []string{
		"{handle: bea, zone: Mars/Olympus}", "{handle: bea, roles: [piloting]}", "{handle: 'B B'}",
		"{handle: bea, mail: nowhere}", "{handle: bea, accounts: {libera: ada}}",
	} {
		db := pgtest.Fresh(t).Pool
		roster(t, db)
		f, err := rosterfile.Parse([]byte("people:\n  - {handle: ada, accounts: {libera: ada}}\n  - " + bad))
		must(t, err)
		_, err = rosterfile.Apply(ctx, db, f, rosterfile.How{Now: noon, Agreed: true})
		if err == nil || fault.KindOf(err) == fault.Internal || !strings.Contains(err.Error(), ":") {
			t.Errorf("%s: %v", bad, err)
		}
		if people, err := oncall.People(ctx, db); err != nil || len(people) != 0 {
			t.Errorf("%s: %d people were stored, %v", bad, len(people), err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, says := range map[string]string{
		"":                       "cannot be read",
		"people: []":             "names nobody",
		"people:\n  - {name: x}": "has no handle",
		"people:\n  - {handle: a}\n  - {handle: a}": "there already",
		"people:\n  - {handle: a, awake: x}":        "write awake like",
		"people:\n  - {handle: a, zome: UTC}":       "zome",
		"people: {":                                 "cannot be read",
		"persons: []":                               "persons",
	} {
		_, err := rosterfile.Parse([]byte(text))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), says) || strings.Contains(fault.Say(err), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(rosterfile.Example)
	for _, seed := range []string{"people:", "people: [{handle: a}]", "people: &a [*a]", "- - -", "people:\n - {handle: \xff}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := rosterfile.Parse(text)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		seen := map[string]bool{}
		for _, p := range file.People {
			if p.Handle == "" || seen[p.Handle] {
				t.Fatalf("%+v", file)
			}
			seen[p.Handle] = true
		}
	})
}
