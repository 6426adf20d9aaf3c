package dial

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// A caller who is being joined this moment is not given up, though a clock that is set on by an
// hour makes it look old.
func TestABridgeThatIsUnderWayIsNotGivenUp(t *testing.T) {
	w := newWorld(t)
	lead, maria := w.volunteer("lena", "voice", "+442071838759"), w.volunteer("maria", "voice", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	w.ack(incident, hunt, m.Page)
	b := &Bridge{Board: w.board, Lead: func(context.Context, int64, string) (paging.Sealed, error) {
		s := w.half(lead, m.Key+"/lead", unseal.LaneDial)
		s.Incident, s.Grant, s.Slot = incident, "K7QX", "role:release"
		return *s, nil
	}}
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
	if number, err := b.Join(ctx, lead.id, m.Key); err != nil || number.Reveal() != lead.number {
		t.Fatal(err)
	}
	must(t, <-settled)
	if said := get[string](t, w.db.Pool, `select result from sealed_opening where role = 'bridge'`); !strings.HasPrefix(said, saidTaken) {
		t.Error(said)
	}
}

// A caller who answered is joined to the lead, whose number is opened for that, once, with
// everything in the ledger.
func TestACallerIsJoinedToTheLead(t *testing.T) {
	w := newWorld(t)
	lead, maria := w.volunteer("lena", "voice", "+442071838759"), w.volunteer("maria", "voice", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	if out := w.dial(m, "voice", false); out.Outcome != "" {
		t.Fatalf("%+v", out)
	}
	b := &Bridge{Board: w.board, Lead: func(_ context.Context, contact int64, key string) (paging.Sealed, error) {
		if contact != lead.id || key != m.Key {
			return paging.Sealed{}, fault.New(fault.Forbidden, "Nobody leads by that phone.")
		}
		s := w.half(lead, key+"/lead", unseal.LaneDial)
		s.Incident, s.Grant, s.Slot = incident, "K7QX", "role:release"
		return *s, nil
	}}
	refused := func(why string) {
		t.Helper()
		if number, err := b.Join(ctx, lead.id, m.Key); fault.KindOf(err) == fault.Internal || !number.Empty() {
			t.Errorf("%s: %v", why, err)
		}
	}
	refused("nobody answered")
	w.ack(incident, hunt, m.Page)
	w.rules.end("K7QX")
	refused("nobody allows it any more")
	w.rules.allow("K7QX", incident)
	if _, err := b.Join(ctx, maria.id, m.Key); err == nil {
		t.Error("joined to somebody who does not lead")
	}
	if _, err := b.Join(ctx, lead.id, "proof-1"); err == nil {
		t.Error("joined without a page")
	}
	if w.leaves("intent") != 1 {
		t.Errorf("%d intents", w.leaves("intent"))
	}
	number, err := b.Join(ctx, lead.id, m.Key)
	if err != nil || number.Reveal() != lead.number {
		t.Fatal(err)
	}
	row := get[string](t, w.db.Pool, `
		select role || ' ' || lane || ' ' || incident_id || ' ' || (result <> '') from sealed_opening where record_id = $1`, lead.record)
	if want := "bridge B " + get[string](t, w.db.Pool, `select $1::bigint::text`, incident) + " true"; row != want {
		t.Errorf("%q, want %q", row, want)
	}
	refused("joined before")
	if w.leaves("intent") != 2 || w.leaves("dialed") != 2 || w.voice.count() != 1 {
		t.Errorf("%d intents", w.leaves("intent"))
	}
	w.told()
	if found, err := Reconcile(ctx, w.db.Pool, noon.Add(-time.Hour), noon.Add(time.Hour)); err != nil || len(found) != 0 {
		t.Errorf("%+v %v", found, err)
	}
}
