package dial

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// kill has a switchboard die at a point: it goes no further there, its connections are cut,
// and another one starts on the same folder.
func (w *world) kill(at func(freeze func()), m paging.Message, kind string) {
	w.t.Helper()
	dead := w.board
	cut := &failing{DB: dead.DB, statement: -1}
	dead.DB = cut
	frozen, thaw := make(chan struct{}), make(chan struct{})
	var once sync.Once
	at(func() {
		once.Do(func() { close(frozen) })
		<-thaw
	})
	var dying sync.WaitGroup
	dying.Go(func() { _, _ = dead.Dial(ctx, kind, m, false) })
	<-frozen
	w.board = w.newBoard(w.db.Switchboard(w.t))
	cut.dead.Store(true)
	w.t.Cleanup(func() { close(thaw); dying.Wait() })
}

// Killed between the intent and the dialling, or between the provider's taking it and our
// writing it down: there is one intent, and it is dialled once, as far as the provider can
// tell.
func TestFault02KilledBetweenIntentAndDial(t *testing.T) {
	points := map[string]func(w *world) func(freeze func()){
		"before a room has it": func(w *world) func(func()) {
			old := w.room
			return func(freeze func()) { old.set(func(_ string, show func()) error { freeze(); show(); return nil }) }
		},
		"before the provider has it": func(w *world) func(func()) {
			first := true
			return func(freeze func()) {
				w.sms.before = func(paging.Message) error {
					if first {
						first = false
						freeze()
						return errLost
					}
					return nil
				}
			}
		},
		"after the provider has it": func(w *world) func(func()) {
			first := true
			return func(freeze func()) {
				w.sms.after = func(paging.Message) error {
					if first {
						first = false
						freeze()
					}
					return nil
				}
			}
		},
	}
	for name, point := range points {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			maria := w.volunteer("maria", "sms", "+442071838750")
			incident, hunt := w.fire("release")
			m := w.message(incident, hunt, "release", maria)
			w.kill(point(w), m, "sms")
			if w.leaves("intent") != 1 || w.leaves("dialed") != 0 {
				t.Fatalf("%d intents, %d dialled", w.leaves("intent"), w.leaves("dialed"))
			}
			for range 3 {
				if out := w.dial(w.again(m, maria), "sms", false); out.Outcome != "" || out.Handed.Ref != "ref-sms-1" {
					t.Errorf("%+v", out)
				}
			}
			if w.leaves("intent") != 1 || w.leaves("dialed") != 1 || w.sms.count() != 1 || w.sms.asks != 1 || w.openings() != 1 {
				t.Errorf("%d intents, dialled %d times, asked %d times", w.leaves("intent"), w.sms.count(), w.sms.asks)
			}
			w.told()
		})
	}
}

// Killed, and answered by somebody else before it could go on: it is not opened, and the
// ledger says so.
func TestWhatWasIntendedAndIsNotNeededIsNotOpened(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "sms", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	old := w.room
	w.kill(func(freeze func()) { old.set(func(_ string, show func()) error { freeze(); show(); return nil }) }, m, "sms")
	w.ack(incident, hunt, m.Page)
	for range 2 {
		// Whoever comes after a kill cannot tell that it was before the dialling.
		out := w.dial(w.again(m, maria), "sms", true)
		if out.Outcome != unseal.OutcomeRefused || !strings.Contains(out.Detail, "not known whether it was dialled") || !strings.Contains(out.Detail, fault.Say(errNotHunt)) {
			t.Errorf("%+v", out)
		}
	}
	if w.leaves("intent") != 1 || w.leaves("dialed") != 1 || w.sms.count()+w.sms.asks != 0 {
		t.Errorf("%d intents, dialled %d times", w.leaves("intent"), w.sms.count())
	}
}

// Dialled and killed, and answered before anybody came back: the ledger does not say that it
// was not dialled.
func TestWhatWasPerhapsDialledIsNotCalledUndialled(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "sms", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	w.kill(func(freeze func()) { w.sms.after = func(paging.Message) error { freeze(); return nil } }, m, "sms")
	w.ack(incident, hunt, m.Page)
	if out := w.dial(w.again(m, maria), "sms", true); out.Outcome != unseal.OutcomeRefused {
		t.Errorf("%+v", out)
	}
	said := get[string](t, w.db.Pool, `select body::jsonb->>'result' from ledger_leaf where body::jsonb->>'type' = 'dialed'`)
	if w.sms.count() != 1 || !strings.Contains(said, "not known whether it was dialled") {
		t.Errorf("dialled %d times: %s", w.sms.count(), said)
	}
}

// Dialled, but the database was away before that was written down; then the page was answered,
// and the same message comes again: what came of it is what the provider said.
func TestWhatWasDialledIsNotForgotten(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "sms", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	whole, away := w.board.DB, &failing{DB: w.board.DB, statement: -1}
	away.dead.Store(true)
	w.sms.after = func(paging.Message) error { w.board.DB = away; return nil }
	first := w.dial(m, "sms", false)
	w.board.DB = whole
	if first.Outcome != "" || w.leaves("dialed") != 0 {
		t.Fatalf("%+v, %d written down", first, w.leaves("dialed"))
	}
	w.ack(incident, hunt, m.Page)
	for range 2 {
		if out := w.dial(w.again(m, maria), "sms", true); out != first {
			t.Errorf("%+v, want %+v", out, first)
		}
	}
	said := get[string](t, w.db.Pool, `select result from sealed_opening where lane = 'B'`)
	if w.leaves("dialed") != 1 || w.sms.count() != 1 || !strings.HasPrefix(said, saidTaken) {
		t.Errorf("%d written down: %s", w.leaves("dialed"), said)
	}
}

// Killed, and nobody ever comes back for it: the ledger says that it is not known.
func TestWhatNobodyComesBackForIsSettled(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "sms", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	old := w.room
	w.kill(func(freeze func()) { old.set(func(_ string, show func()) error { freeze(); show(); return nil }) }, m, "sms")
	w.wait(59 * time.Minute)
	must(t, w.board.Settle(ctx))
	if w.leaves("dialed") != 0 {
		t.Error("it was given up too early")
	}
	w.wait(2 * time.Minute)
	must(t, w.board.Settle(ctx))
	must(t, w.board.Settle(ctx))
	if w.leaves("dialed") != 1 || w.sms.count() != 0 {
		t.Errorf("%d dialled", w.leaves("dialed"))
	}
	if out := w.dial(w.again(m, maria), "sms", true); out.Outcome != "" || w.openings() != 2 || w.leaves("dialed") != 2 {
		t.Errorf("%+v", out)
	}
}

// What is being dialled this moment is not given up, though a clock that is set on by an hour
// makes it look old.
func TestWhatIsUnderWayIsNotGivenUp(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "sms", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	settled := make(chan error, 1)
	var once sync.Once
	w.room.set(func(_ string, show func()) error {
		once.Do(func() {
			w.wait(time.Hour)
			settled <- w.board.Settle(ctx)
			w.wait(-time.Hour)
		})
		show()
		return nil
	})
	if out := w.dial(m, "sms", false); out.Outcome != "" {
		t.Errorf("%+v", out)
	}
	must(t, <-settled)
	if said := get[string](t, w.db.Pool, `select result from sealed_opening where lane = 'B'`); !strings.HasPrefix(said, "taken") || w.sms.count() != 1 {
		t.Errorf("%s", said)
	}
}

// Whoever has a connection and waits for another one may wait for somebody who waits for
// the first: as many dial at once as there are connections.
func TestADialNeedsOneConnection(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "sms", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	conf := w.db.Switchboard(t).Config().Copy()
	conf.MaxConns = 1
	one, err := pgxpool.NewWithConfig(ctx, conf)
	must(t, err)
	t.Cleanup(one.Close)
	w.board = w.newBoard(one)
	w.board.Keys = func(ctx context.Context, db pg.DB, epoch int) (escrow.PrivateKey, bool) {
		var current int
		must(t, db.QueryRow(ctx, `select epoch from keyring where state = 'current'`).Scan(&current))
		return w.keys.switchboard, epoch == current
	}
	waiting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if out, err := w.board.Dial(waiting, "sms", m, false); err != nil || out.Outcome != "" || w.sms.count() != 1 {
		t.Errorf("%+v %v", out, err)
	}
}

// The same message twice at once is dialled once, and both are told the same.
func TestTheSameMessageAtOnceIsDialledOnce(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "sms", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	list := []paging.Message{m}
	for range 7 {
		list = append(list, w.again(m, maria))
	}
	for i, out := range w.dialAll(list) {
		if out.Outcome != "" || out.Handed.Ref != "ref-sms-1" {
			t.Errorf("%d: %+v", i, out)
		}
	}
	if w.sms.count() != 1 || w.openings() != 1 {
		t.Errorf("dialled %d times in %d openings", w.sms.count(), w.openings())
	}
}
