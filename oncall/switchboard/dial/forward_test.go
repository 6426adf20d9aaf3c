package dial

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// STOP from an address finds its contact, sealed or open, without the address going on.
func TestWhoseAddressItIs(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "sms", "+442071838750")
	jan, err := contact.AddProven(ctx, w.db.Pool, noon, w.person("jan"), "sms", secret.New("+442071838751"))
	must(t, err)
	bot := &ear{}
	f := &Forward{DB: w.board.DB, Ear: bot, Index: w.board.Index, Address: contact.Clean, Log: w.board.Log}
	whose := func(number string) int64 {
		t.Helper()
		_, err := f.Reply(ctx, paging.Reply{Route: "sms", Event: number, From: secret.New(number), Text: "STOP"})
		must(t, err)
		return bot.replies[len(bot.replies)-1].Contact
	}
	if whose(maria.number) != 0 || whose("+442071838751") != 0 {
		t.Error("nothing went there so far")
	}
	incident, hunt := w.fire("release")
	w.dial(w.message(incident, hunt, "release", maria), "sms", false)
	m := w.message(incident, hunt, "release", sealed{id: maria.id, owner: jan.PersonID, kind: "sms"})
	exec(t, w.db.Pool, `update delivery set contact_id = $1 where 'page-' || id = $2`, jan.ID, m.Key)
	m.Sealed, m.Address = nil, secret.New("+442071838751")
	w.dial(m, "sms", false)
	if whose(maria.number) != maria.id || whose("+442071838751") != jan.ID || whose("+442071838752") != 0 {
		t.Errorf("maria's is %d, jan's %d", whose(maria.number), whose("+442071838751"))
	}
	// Another start has the same index of what is sealed.
	if index, err := OpenIndex(filepath.Join(w.dir, "index.key")); err != nil || string(index.Of("voice", secret.New(maria.number))) != string(w.board.Index.Of("sms", secret.New(maria.number))) {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "short.key"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenIndex(filepath.Join(w.dir, "short.key")); err == nil {
		t.Error("a short key was taken")
	}
	bot.err = errors.New("it is away")
	if _, err := f.Reply(ctx, paging.Reply{Route: "sms", Text: "ack K7QXM"}); err == nil {
		t.Error("an answer was heard that nobody heard")
	}
}

// News waits for the bot, over a restart, for a day.
func TestNewsWaitsForTheBot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "receipts")
	now, bot := noon, &ear{err: errors.New("it is away")}
	start := func() *Spool {
		s := &Spool{Path: path, Ear: bot, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), Rest: time.Millisecond}
		must(t, s.Load())
		return s
	}
	s := start()
	for _, event := range []string{"1", "2", "3"} {
		must(t, s.Receipt(ctx, paging.Receipt{Route: "sms", Event: event, Key: "page-7", News: paging.NewsDelivered, At: now}))
		now = now.Add(7 * time.Hour)
	}
	s = start()
	if s.Waits() != 3 || s.flush(ctx) || s.Waits() != 3 {
		t.Errorf("%d wait", s.Waits())
	}
	now = now.Add(4 * time.Hour) // the first of them is of yesterday
	bot.err = nil
	running, stop := context.WithCancel(ctx)
	done := make(chan error)
	go func() { done <- s.Run(running) }()
	waitFor(t, func() bool { return s.Waits() == 0 })
	must(t, s.Receipt(ctx, paging.Receipt{Route: "sms", Event: "4"}))
	stop()
	must(t, <-done)
	if len(bot.receipts) != 3 || bot.receipts[0].Event != "2" || bot.receipts[1].Event != "3" || bot.receipts[2].Event != "4" || bot.receipts[0].Key != "page-7" {
		t.Errorf("%+v", bot.receipts)
	}
	if s = start(); s.Waits() != 0 {
		t.Errorf("%d wait", s.Waits())
	}
	// It does not grow for ever, and does not pretend.
	bot.err = errors.New("it is away")
	s.waits = make([]spooled, mostSpool)
	if err := s.Receipt(ctx, paging.Receipt{}); !errors.Is(err, errSpoolFull) {
		t.Error(err)
	}
	s.waits, s.Path = nil, "/nowhere/receipts"
	if err := s.Receipt(ctx, paging.Receipt{}); err == nil {
		t.Error("it was not kept")
	}
}

// fussy is a bot that fails on news of one route, and refuses that of another.
type fussy struct{ ear }

func (e *fussy) Receipt(ctx context.Context, r paging.Receipt) error {
	switch r.Route {
	case "sms":
		return errors.New("a letter that the database does not take")
	case "ntfy":
		return fault.New(fault.Invalid, "This is no news.")
	}
	return e.ear.Receipt(ctx, r)
}

// News that the bot never takes keeps no other from it.
func TestNewsThatIsNotTakenHoldsUpNoOther(t *testing.T) {
	bot := &fussy{}
	bot.err = fault.New(fault.Unready, "It is away.")
	s := &Spool{Path: filepath.Join(t.TempDir(), "receipts"), Ear: bot, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)}
	for _, route := range []string{"sms", "ntfy", "voice", "mail", "sms", "voice"} {
		must(t, s.Receipt(ctx, paging.Receipt{Route: route, Event: route, Key: "page-7", News: paging.NewsDelivered}))
	}
	bot.err = nil
	if s.flush(ctx) || s.Waits() != 2 || len(bot.receipts) != 3 {
		t.Errorf("%d wait, %d were taken", s.Waits(), len(bot.receipts))
	}
	must(t, s.Load())
	if s.Waits() != 6 { // a crash has it hear some of it twice
		t.Errorf("%d wait", s.Waits())
	}
}

func FuzzSpool(f *testing.F) {
	f.Add([]byte(`{"receipt":{"Route":"sms","Key":"page-7"},"since":"2026-03-01T12:00:00Z"}` + "\n{\"rec"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if n := len(parseSpool(content)); n > strings.Count(string(content), "\n")+1 {
			t.Errorf("%d of %q", n, content)
		}
	})
}

func FuzzResult(f *testing.F) {
	f.Add("taken: accepted", "SM1", "+442071838750")
	f.Add("bad address: not in service", "", "maria@example.org")
	f.Fuzz(func(t *testing.T, said, ref, address string) {
		out := readResult(said, ref)
		if again, r := sayResult(out); readResult(again, r) != out {
			t.Errorf("%q is read as %+v, and that as %+v", said, out, readResult(again, r))
		}
		if address != "" && address != heldAddress && !strings.Contains(heldAddress, strings.ToLower(address)) {
			if words := without(secret.New(address), said+" "+address+" "+ref, 300); strings.Contains(words, address) {
				t.Errorf("%q is in %q", address, words)
			}
		}
	})
}
