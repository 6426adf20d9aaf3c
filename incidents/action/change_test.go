package action_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/action"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

func TestWhatATextSays(t *testing.T) {
	s := newScene(t)
	for _, c := range []struct{ by, text, head string }{
		{"maria", "bert rotates the signing key by friday", "A1, due 2026-12-04, bert"},
		{"maria", "I write the announcement", "A2, maria"},
		{"bert", "aiko and maria look at the mirrors by 24 december", "A3, due 2026-12-24, aiko and maria"},
		{"bert", "somebody buys a cake", "A4, nobody's yet"},
		{"bert", "m.lopez calls back", "A5, nobody's yet"}, // an account of another network
		{"aiko", "me by tomorrow", "A6, due tomorrow (2026-12-01), aiko"},
	} {
		if got := s.add(c.by, c.text).Head(start, ""); got != c.head {
			t.Errorf("%q: %s, want %s", c.text, got, c.head)
		}
	}
	s.at(start.Add(4 * 3600e9)) // in Tokyo it is Tuesday by now
	if got := s.add("aiko", "call them by tomorrow").Due; !got.Equal(day("2026-12-02")) {
		t.Error(got)
	}
	for _, text := range []string{"", strings.Repeat("ü", 1001)} {
		_, err := s.Add(ctx, s.as("maria"), text)
		s.refused(err, fault.Invalid, "An action has 1 to 1000 letters, as in !action add maria rotates the signing key by friday.")
	}
}

func TestTheLifeOfAnAction(t *testing.T) {
	s := newScene(t)
	it := s.add("maria", "bert rotates the signing key")
	do := func(it action.Item, err error) action.Item {
		t.Helper()
		s.must(err)
		return it
	}
	do(s.SetDue(ctx, s.as("bert"), it.ID, day("2026-12-24")))
	do(s.SetOwner(ctx, s.as("bert"), it.ID, "me, maria and the QA team"))
	do(s.Done(ctx, s.as("maria"), it.ID))
	do(s.Reopen(ctx, s.as("bert"), it.ID))
	do(s.SetDue(ctx, s.as("bert"), it.ID, day("0001-01-01")))
	do(s.SetOwner(ctx, s.as("bert"), it.ID, "nobody"))
	got := do(s.Drop(ctx, s.as("bert"), it.ID, "the key is gone"))
	if got.State != action.Dropped || got.ClosedAt.IsZero() || len(got.Owners) != 0 || !got.Due.IsZero() {
		t.Errorf("%+v", got)
	}
	want := []string{
		"maria: noted: bert rotates the signing key", "bert: due 2026-12-24", "bert: owner: bert, maria, the QA team", "maria: done",
		"bert: opened again", "bert: no date", "bert: owner: nobody", "bert: dropped: the key is gone",
	}
	if lines := s.history(it.ID); !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
}

func TestRefusalsShowAWayForward(t *testing.T) {
	s := newScene(t)
	maria := s.as("maria")
	a := s.add("maria", "bert: rotate the key")
	_, err := s.Done(ctx, maria, 99)
	s.refused(err, fault.NotFound, "There is no action A99. !actions lists those that there are.")
	_, err = s.Reopen(ctx, maria, a.ID)
	s.refused(err, fault.Conflict, "A1 is open.")
	_, err = s.SetOwner(ctx, maria, a.ID, "@Bert")
	s.refused(err, fault.Conflict, "A1 belongs to bert already.")
	_, err = s.SetDue(ctx, maria, a.ID, a.Due)
	s.refused(err, fault.Conflict, "A1 has no date already.")
	_, err = s.SetDue(ctx, maria, a.ID, day("2026-12-24"))
	s.must(err)
	_, err = s.SetDue(ctx, maria, a.ID, day("2026-12-24"))
	s.refused(err, fault.Conflict, "A1 is due 2026-12-24 already.")
	_, err = s.SetOwner(ctx, maria, a.ID, strings.Repeat("x", 81))
	s.refused(err, fault.Invalid, "The name of an owner has 1 to 80 letters.")
	_, err = s.Drop(ctx, maria, a.ID, strings.Repeat("x", 301))
	s.refused(err, fault.Invalid, "Say in up to 300 letters why nobody will do it.")
	_, err = s.Done(ctx, s.as("bert"), a.ID)
	s.must(err)
	_, err = s.Done(ctx, maria, a.ID)
	s.refused(err, fault.Conflict, "A1 is done already, by bert.")
	for _, do := range []func() (action.Item, error){
		func() (action.Item, error) { return s.Drop(ctx, maria, a.ID, "") },
		func() (action.Item, error) { return s.SetDue(ctx, maria, a.ID, day("2027-01-01")) },
		func() (action.Item, error) { return s.SetOwner(ctx, maria, a.ID, "maria") },
	} {
		_, err := do()
		s.refused(err, fault.Conflict, "A1 is done, by bert. !action reopen A1 opens it again.")
	}
	b := s.add("maria", "done: dropped: taken out of the minutes") // words of a change in a text are no change
	_, err = s.Drop(ctx, s.as("aiko"), b.ID, "")
	s.must(err)
	_, err = s.Drop(ctx, maria, b.ID, "again")
	s.refused(err, fault.Conflict, "A2 is dropped already, by aiko.")
}

func TestDaysAsPeopleWriteThem(t *testing.T) {
	for _, c := range []struct{ text, zone, want string }{
		{"friday", "", "2026-12-04"}, {"today", "", "2026-11-30"}, {"none", "", "0001-01-01"}, {"24 December", "", "2026-12-24"},
		{"tomorrow", "Pacific/Kiritimati", "2026-12-02"}, {"2026-11-29", "Pacific/Pago_Pago", "2026-11-29"}, {"2028-02-29", "", "2028-02-29"},
	} {
		now := start
		if c.zone == "Pacific/Pago_Pago" {
			now = start.Add(-3 * 3600e9) // there it is still Sunday
		}
		if got, err := action.Day(c.text, now, c.zone); err != nil || !got.Equal(day(c.want)) {
			t.Errorf("%q in %q: %v, %v", c.text, c.zone, got, err)
		}
	}
	for text, say := range map[string]string{
		"soon":       "I do not understand that date. Write it like friday, 24 december, 2026-12-24, or none.",
		"2026-13-01": "I do not understand that date. Write it like friday, 24 december, 2026-12-24, or none.",
		"2025-11-30": "The day 2025-11-30 is over. Write one that is still to come, like friday or 24 december.",
	} {
		if _, err := action.Day(text, start, ""); fault.KindOf(err) != fault.Invalid || fault.Say(err) != say {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Of many who do the same at once one does it, and the others hear who did.
func TestTheSameAtOnce(t *testing.T) {
	s := newScene(t)
	it := s.add("maria", "rotate the key")
	names := []string{"maria", "bert", "aiko"}
	for _, act := range []struct {
		what string
		do   func(name string) error
		says string
	}{
		{"due", func(n string) error { _, err := s.SetDue(ctx, s.as(n), it.ID, day("2026-12-24")); return err }, "A1 is due 2026-12-24 already."},
		{"owner", func(n string) error { _, err := s.SetOwner(ctx, s.as(n), it.ID, "bert"); return err }, "A1 belongs to bert already."},
		{"done", func(n string) error { _, err := s.Done(ctx, s.as(n), it.ID); return err }, "A1 is done already, by "},
		{"reopen", func(n string) error { _, err := s.Reopen(ctx, s.as(n), it.ID); return err }, "A1 is open."},
	} {
		errs := make([]error, 12)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { errs[i] = act.do(names[i%len(names)]) })
		}
		all.Wait()
		did := 0
		for _, err := range errs {
			switch {
			case err == nil:
				did++
			case fault.KindOf(err) != fault.Conflict || !strings.HasPrefix(fault.Say(err), act.says):
				t.Errorf("%s: %v", act.what, err)
			}
		}
		if did != 1 {
			t.Errorf("%s was done %d times", act.what, did)
		}
	}
	if n := len(s.history(it.ID)); n != 5 {
		t.Errorf("%d lines of history", n)
	}
}

// What people did to an action of a meeting stays when its line is changed, and a line
// that is taken back drops only what is still open.
func TestMinutesAndPeople(t *testing.T) {
	s := newScene(t)
	meeting := s.meeting("standup", false)
	put := func(n int, text string) (id int64) {
		t.Helper()
		s.must(pg.InTx(ctx, s.db, func(tx pgx.Tx) (err error) {
			id, err = action.Put(ctx, tx, s.Clock(), action.Item{
				Text: text, CreatedBy: "maria", Meeting: meeting, Number: n, Network: "libera", Room: "#ops", Series: "standup",
				Owners: []action.Owner{{Name: "bertie", Handle: "bert"}},
			})
			return err
		}))
		return id
	}
	withdraw := func(n int) {
		t.Helper()
		s.must(pg.InTx(ctx, s.db, func(tx pgx.Tx) error { return action.Withdraw(ctx, tx, s.Clock(), meeting, n, "maria", false) }))
	}
	a, b := put(1, "one"), put(2, "two")
	_, err := s.Done(ctx, s.as("bert"), a)
	s.must(err)
	if put(1, "one, in other words") != a {
		t.Error("a second row of the same item")
	}
	withdraw(1)
	withdraw(2)
	withdraw(2)
	want := []string{"A1, done 2026-11-30, bert", "A2, dropped 2026-11-30, bert"}
	if got := s.heads(action.Filter{Meeting: meeting}); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	_, err = s.Done(ctx, s.as("bert"), b)
	s.refused(err, fault.Conflict, "A2 is dropped, by maria. !action reopen A2 opens it again.")

	// What is in the minutes again is to be done again, unless people say otherwise.
	put(1, "one")
	put(2, "two")
	want = []string{"A2, bert", "A1, done 2026-11-30, bert"}
	if got := s.heads(action.Filter{Meeting: meeting}); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	lines := []string{"maria: noted", "maria: taken out of the minutes", "maria: opened again in the minutes"}
	if got := s.history(b); !slices.Equal(got, lines) {
		t.Errorf("%q", got)
	}
	_, err = s.Drop(ctx, s.as("bert"), b, "")
	s.must(err)
	withdraw(2)
	put(2, "two")
	want = []string{"A1, done 2026-11-30, bert", "A2, dropped 2026-11-30, bert"}
	if got := s.heads(action.Filter{Meeting: meeting}); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Whose an action is and until when are the minutes' to say until people say it.
func TestMinutesDoNotOverrulePeople(t *testing.T) {
	s := newScene(t)
	meeting := s.meeting("standup", false)
	put := func(n int, text, due string, owner string) (it action.Item) {
		t.Helper()
		s.must(pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
			id, err := action.Put(ctx, tx, s.Clock(), action.Item{
				Text: text, Due: day(due), CreatedBy: "maria", Meeting: meeting, Number: n, Owners: []action.Owner{{Name: owner, Handle: owner}},
			})
			it.ID = id
			return err
		}))
		it, err := s.Get(ctx, it.ID)
		s.must(err)
		return it
	}
	head := func(it action.Item, want, text string) {
		t.Helper()
		if got := it.Head(start, ""); got != want || it.Text != text {
			t.Errorf("%s: %s, want %s: %s", got, it.Text, want, text)
		}
	}
	put(1, "one", "2026-12-10", "bert")
	head(put(1, "one!", "2026-12-11", "maria"), "A1, due 2026-12-11, maria", "one!")
	_, err := s.SetOwner(ctx, s.as("bert"), 1, "aiko")
	s.must(err)
	head(put(1, "two", "2026-12-12", "bert"), "A1, due 2026-12-12, aiko", "two")
	_, err = s.SetDue(ctx, s.as("bert"), 1, day("0001-01-01"))
	s.must(err)
	head(put(1, "three", "2026-12-13", "bert"), "A1, aiko", "three")
	other := put(2, "other", "2026-12-10", "bert")
	_, err = s.SetDue(ctx, s.as("bert"), other.ID, day("2026-12-24"))
	s.must(err)
	_, err = s.SetOwner(ctx, s.as("bert"), other.ID, "nobody")
	s.must(err)
	head(put(2, "other one", "2026-12-12", "bert"), action.Ref(other.ID)+", due 2026-12-24, nobody's yet", "other one")
}

// meeting makes the row of a meeting.
func (s *scene) meeting(name string, restricted bool) int64 {
	s.Helper()
	return get[int64](s.TB, s.db, `
		insert into meeting (network, room, dialect, setting, name, title, path, started_at, heard_at, restricted, ended_at)
		values ('libera', '#ops', 'batsignal', '{}', $1, $1, $1, $2, $2, $3, $2) returning id`, name, start, restricted)
}
