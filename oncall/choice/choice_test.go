package choice_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/choice"
	"batsignal/oncall/fault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused wants an error of a kind whose sentence says some words.
func refused(t *testing.T, err error, kind fault.Kind, words string) {
	t.Helper()
	if fault.KindOf(err) != kind || !strings.Contains(fault.Say(err), words) {
		t.Errorf("want %v with %q, got %v", kind, words, err)
	}
}

func person(t *testing.T, db pg.DB, handle string) oncall.Actor {
	t.Helper()
	id, err := oncall.AddPerson(t.Context(), db, noon, oncall.Person{Handle: handle, Zone: "UTC", Wakes: 420, Sleeps: 1380})
	must(t, err)
	return oncall.Actor{PersonID: id, Handle: handle, Network: "chat", Account: handle}
}

// A code is somebody's own, is good once, and for ten minutes: whichever process is asked.
func TestAYes(t *testing.T) {
	ctx, db, now := t.Context(), pgtest.Tx(t), noon
	maria, kevin := person(t, db, "maria"), person(t, db, "kevin")
	process := func() *choice.Service { return &choice.Service{DB: db, Now: func() time.Time { return now }} }
	keep := func() choice.Waiting {
		t.Helper()
		w, err := process().Keep(ctx, maria, "away put 2026-12-24T00:00Z to 2026-12-27T00:00Z --yes")
		must(t, err)
		return w
	}

	w := keep()
	_, err := process().Find(ctx, kevin, w.Code)
	refused(t, err, fault.Forbidden, "for maria to say yes to")
	got, err := process().Find(ctx, maria, " "+strings.ToLower(w.Code))
	must(t, err)
	if got.Line != w.Line {
		t.Errorf("found %q, kept %q", got.Line, w.Line)
	}
	must(t, process().Done(ctx, got))
	_, err = process().Find(ctx, maria, w.Code)
	refused(t, err, fault.Conflict, "done already")

	w = keep()
	now = now.Add(choice.Life)
	_, err = process().Find(ctx, maria, w.Code)
	refused(t, err, fault.Conflict, "dropped")
	_, err = process().Find(ctx, maria, "NONE")
	refused(t, err, fault.NotFound, "wrong or too old")

	now = now.Add(48 * time.Hour)
	keep()
	_, err = process().Find(ctx, maria, w.Code)
	refused(t, err, fault.NotFound, "wrong or too old")
}

// Of two that wait at once, each has a code of its own, even where chance makes the same.
func TestCodesThatAreTaken(t *testing.T) {
	ctx, db := t.Context(), pgtest.Tx(t)
	maria := person(t, db, "maria")
	codes := []string{"AAAA", "AAAA", "BBBB"}
	s := &choice.Service{DB: db, Now: func() time.Time { return noon }, NewCode: func() string {
		next := codes[0]
		codes = codes[1:]
		return next
	}}
	for _, want := range []string{"AAAA", "BBBB"} {
		w, err := s.Keep(ctx, maria, "away put "+want)
		must(t, err)
		if w.Code != want {
			t.Errorf("got %s, want %s", w.Code, want)
		}
	}
	_, err := s.Keep(context.Background(), oncall.Actor{}, "away put")
	refused(t, err, fault.Forbidden, "who you are")
	_, err = s.Keep(ctx, maria, strings.Repeat("x", 2001))
	refused(t, err, fault.Invalid, "shorter")
}
