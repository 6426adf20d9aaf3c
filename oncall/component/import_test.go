package component_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/component"
	"batsignal/oncall/fault"
)

func TestAnImportReplacesWhatItsSourceSaid(t *testing.T) {
	h := build(t)
	h.person(t, "noor", oncall.Account{Network: "fas", Name: "nkhan"})
	sum := h.load(t, "fedora", "openssl: [maria, {owner: nkhan, rank: co-owner}, jdoe]\nbash: [jan, zoe]\nold: [jan]\norphan: []\n")
	if got, want := sum.Says(), "4 components with 6 owners: 6 added, 0 changed, 0 removed, 0 as before. 2 names mean nobody here: jdoe and zoe."; got != want {
		t.Errorf("%s", got)
	}
	want := []string{"maria owner by the list fedora", "jdoe owner unknown by the list fedora", "noor co-owner by the list fedora"}
	if diff := cmp.Diff(want, h.owners(t, "openssl")); diff != "" {
		t.Error(diff)
	}

	// By hand, and from another list: both stay when the first one changes.
	ada := h.actor(t, "ada")
	if _, _, err := h.Add(ctx, ada, component.Change{Component: "openssl", Name: "li", Admin: true}); err != nil {
		t.Fatal(err)
	}
	h.load(t, "debian", "openssl: [{owner: maria, rank: knows}]\n")
	h.clock = noon.Add(time.Hour)
	sum = h.load(t, "fedora", "openssl: [{owner: nkhan, rank: owner}, jdoe]\nbash: [jan, zoe]\nnew: [li]\n")
	if got, want := sum.Says(), "3 components with 5 owners: 1 added, 1 changed, 2 removed, 3 as before. 2 names mean nobody here: jdoe and zoe."; got != want {
		t.Errorf("%s", got)
	}
	want = []string{"noor owner by the list fedora", "li owner by ada", "jdoe owner unknown by the list fedora", "maria knows by the list debian"}
	if diff := cmp.Diff(want, h.owners(t, "openssl")); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]bool{"old": false, "orphan": false, "new": true} {
		if _, there, _, err := component.Lookup(ctx, h.db, name); there != want || err != nil {
			t.Errorf("%s: %v %v", name, there, err)
		}
	}

	// The same once more does nothing, and is no entry of the audit trail.
	before, err := audit.List(ctx, h.db, audit.Query{Subject: "list fedora"})
	if err != nil || len(before) != 2 || !strings.HasPrefix(before[0].Says, "imported the list fedora: 3 components") {
		t.Fatalf("%+v %v", before, err)
	}
	sum = h.load(t, "fedora", "openssl: [{owner: nkhan, rank: owner}, jdoe]\nbash: [jan, zoe]\nnew: [li]\n")
	if sum.Added+sum.Changed+sum.Removed != 0 || sum.Unchanged() != 5 {
		t.Errorf("%+v", sum)
	}
	if after, err := audit.List(ctx, h.db, audit.Query{Subject: "list fedora"}); err != nil || len(after) != len(before) {
		t.Errorf("%d entries, %v", len(after), err)
	}

	// Whom we did not know joins, and is known without another import.
	h.person(t, "jdoe")
	if got := h.owners(t, "openssl"); !slices.Contains(got, "jdoe owner by the list fedora") {
		t.Errorf("%v", got)
	}
	owned, err := component.OwnedBy(ctx, h.db, h.actor(t, "noor").PersonID, 10)
	if err != nil || cmp.Diff([]component.Owned{{Component: "openssl", Rank: component.Own}}, owned) != "" {
		t.Errorf("%+v %v", owned, err)
	}

	if err := h.Forget(ctx, ada, "fedora"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"li owner by ada", "maria knows by the list debian"}, h.owners(t, "openssl")); diff != "" {
		t.Error(diff)
	}
	if _, there, _, err := component.Lookup(ctx, h.db, "bash"); there || err != nil {
		t.Errorf("bash is there: %v", err)
	}
	if err := h.Forget(ctx, ada, "fedora"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}

func TestAnAccountOfTwoPeopleMeansNeither(t *testing.T) {
	h := build(t)
	h.person(t, "sam", oncall.Account{Network: "libera", Name: "smith"})
	h.person(t, "sue", oncall.Account{Network: "slack", Name: "smith"})
	h.load(t, "fedora", "openssl: [smith]\n")
	if diff := cmp.Diff([]string{"smith owner unknown by the list fedora"}, h.owners(t, "openssl")); diff != "" {
		t.Error(diff)
	}
	if owned, err := component.OwnedBy(ctx, h.db, h.actor(t, "sam").PersonID, 10); len(owned) != 0 || err != nil {
		t.Errorf("%v %v", owned, err)
	}
}

func TestAListThatShrankIsNotBelieved(t *testing.T) {
	h := build(t)
	h.load(t, "fedora", many(100))
	list, err := component.ParseList("a.yaml", []byte(many(10)))
	if err != nil {
		t.Fatal(err)
	}
	in := component.Import{Source: "fedora", List: list}
	if _, err := h.Import(ctx, h.actor(t, "ada"), in); fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Say(err), "--shrink") {
		t.Errorf("%v", err)
	}
	if got := len(h.owners(t, "p99")); got != 1 {
		t.Errorf("%d owners of p99", got)
	}
	in.Shrink = true
	if sum, err := h.Import(ctx, h.actor(t, "ada"), in); err != nil || sum.Removed != 90 {
		t.Errorf("%+v %v", sum, err)
	}
	if _, err := h.Import(ctx, h.actor(t, "ada"), component.Import{Source: "fedora"}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an empty list: %v", err)
	}
	if _, err := h.Import(ctx, h.actor(t, "ada"), component.Import{Source: "No Name", List: list}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "p%d: [maria]\n", i)
	}
	return b.String()
}

// shelf gives lists by their places.
type shelf map[string]string

func (s shelf) Fetch(_ context.Context, place string) ([]byte, error) {
	text, ok := s[place]
	if !ok {
		return nil, fault.Wrap(fault.Unready, errors.New("no route to host"), "The address %s cannot be reached.", place)
	}
	return []byte(text), nil
}

func TestListsAreReadAgainWhenTheyAreDue(t *testing.T) {
	h := build(t)
	lists := shelf{"https://a.example/owners.json": `{"openssl": ["maria"]}`, "/etc/owners.csv": "bash,jan\n"}
	h.Fetcher = lists
	sources := []component.Source{
		{Name: "a", Place: "https://a.example/owners.json", Every: 24 * time.Hour},
		{Name: "b", Place: "/etc/owners.csv", Every: time.Hour},
		{Name: "c", Place: "https://gone.example/owners.json", Every: 24 * time.Hour},
		{Name: "d", Place: "/by/hand"},
	}
	refresh := func() map[string]component.State {
		t.Helper()
		if err := h.RefreshDue(ctx); err != nil {
			t.Fatal(err)
		}
		all, err := component.Sources(ctx, h.db)
		if err != nil {
			t.Fatal(err)
		}
		of := map[string]component.State{}
		for _, s := range all {
			of[s.Name] = s
		}
		return of
	}
	if err := h.SyncSources(ctx, sources); err != nil {
		t.Fatal(err)
	}
	is := refresh()
	if len(is) != 3 || is["a"].Components != 1 || is["b"].Owners != 1 || !is["a"].DueAt.Equal(noon.Add(24*time.Hour)) || !is["b"].DueAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v", is)
	}
	if c := is["c"]; c.Trouble != "The address https://gone.example/owners.json cannot be reached." || c.LoadedAt != nil || !c.DueAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v", c)
	}

	// A broken list changes nothing; a start of the program does not make one due.
	lists["/etc/owners.csv"], lists["https://gone.example/owners.json"] = "bash,jan,boss\n", "curl: [li]"
	h.clock = noon.Add(time.Hour)
	if err := h.SyncSources(ctx, sources); err != nil {
		t.Fatal(err)
	}
	is = refresh()
	if b := is["b"]; b.Trouble == "" || !b.LoadedAt.Equal(noon) || len(h.owners(t, "bash")) != 1 {
		t.Errorf("%+v", b)
	}
	// .json says what it is, whatever is in it
	if c := is["c"]; c.Trouble == "" || !strings.HasPrefix(c.Trouble, "Line 1: this is no JSON") {
		t.Errorf("%+v", c)
	}
	if a := is["a"]; !a.TriedAt.Equal(noon) {
		t.Errorf("a was read again: %+v", a)
	}

	// What the configuration names no more stays, and is read no more; another place is
	// read at once.
	lists["/srv/owners.csv"] = "bash,jan\nzsh,li\n"
	if err := h.SyncSources(ctx, []component.Source{{Name: "b", Place: "/srv/owners.csv", Every: time.Hour}}); err != nil {
		t.Fatal(err)
	}
	is = refresh()
	if is["a"].DueAt != nil || len(h.owners(t, "openssl")) != 1 || is["b"].Components != 2 || is["b"].Trouble != "" {
		t.Errorf("%+v", is)
	}
}

// Whoever dies over a list, or had a wrong clock, does not keep it from being read.
func TestAListIsReadAfterAll(t *testing.T) {
	h := buildOn(t, pgtest.Tx(t))
	reads := 0
	broken, cancel := context.WithCancel(ctx)
	h.Fetcher = fetcher(func(context.Context, string) ([]byte, error) {
		if reads++; reads == 1 {
			cancel() // as by a kill: nothing is written any more
			return nil, broken.Err()
		}
		return []byte("bash,jan\n"), nil
	})
	if err := h.SyncSources(ctx, []component.Source{{Name: "a", Place: "/srv/a.csv", Every: 7 * 24 * time.Hour}}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		after time.Duration
		reads int
	}{{0, 1}, {30 * time.Minute, 1}, {time.Hour, 2}, {2 * time.Hour, 2}, {7*24*time.Hour + time.Hour, 3}, {-30 * 24 * time.Hour, 4}, {-30*24*time.Hour + time.Hour, 4}} {
		h.Now = func() time.Time { return noon.Add(want.after) }
		c := ctx
		if i == 0 {
			c = broken
		}
		if err := h.RefreshDue(c); (err != nil) != (i == 0) {
			t.Error(err)
		}
		if reads != want.reads {
			t.Errorf("after %v: read %d times, want %d", want.after, reads, want.reads)
		}
	}
}

type fetcher func(context.Context, string) ([]byte, error)

func (f fetcher) Fetch(ctx context.Context, place string) ([]byte, error) { return f(ctx, place) }

// BenchmarkImport25000 is a distribution of its size: the first import, one that changes
// nothing, and one in which a hundred packages have changed hands. Each must stay far
// below three seconds.
func BenchmarkImport25000(b *testing.B) {
	list := func(turn int) []component.Listed {
		all := make([]component.Listed, 25_000)
		for i := range all {
			owner := fmt.Sprintf("packager%d", i%2000)
			if i < 100 {
				owner = fmt.Sprintf("heir%d", turn)
			}
			all[i] = component.Listed{Name: fmt.Sprintf("perl-package-%d", i), Owners: []component.ListedOwner{{Login: owner, Rank: component.Own}, {Login: "group", Rank: component.Knows}}}
		}
		return all
	}
	h := buildOn(b, pgtest.Fresh(b).Pool)
	ada := h.actor(b, "ada")
	run := func(what string, list []component.Listed, source string) {
		start := time.Now()
		if _, err := h.Import(ctx, ada, component.Import{Source: source, List: list}); err != nil {
			b.Fatal(err)
		}
		took := time.Since(start)
		if took > 3*time.Second {
			b.Errorf("%s took %v", what, took)
		}
		b.ReportMetric(took.Seconds()*1000, what+"-ms")
	}
	for n := 0; b.Loop(); n++ {
		source := fmt.Sprintf("s%d", n)
		run("first", list(0), source)
		run("same", list(0), source)
		run("changed", list(1), source)
		b.StopTimer()
		if err := h.Forget(ctx, ada, source); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
