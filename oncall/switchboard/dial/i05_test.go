package dial

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// After a slot's acknowledgement nothing is opened for it any more: whenever it comes, before
// an intent, between the intent and the room, or at the very moment of the opening. What was
// intended by then stands in the ledger as not done.
func TestI05NothingIsOpenedAfterTheAcknowledgement(t *testing.T) {
	w := newWorld(t)
	var slot struct {
		sync.Mutex
		hunt int64
	}
	opened := 0
	w.board.Keys = func(context.Context, pg.DB, int) (escrow.PrivateKey, bool) { // asked for at each opening, and for nothing else
		slot.Lock()
		defer slot.Unlock()
		opened++
		if state := get[string](t, w.db.Pool, `select state from escalation where id = $1`, slot.hunt); state != "hunting" {
			t.Errorf("it is opened for a hunt that is %s", state)
		}
		return w.keys.switchboard, true
	}
	for n := range 30 {
		point := []string{"before", "in the room", "beside", "at the provider", "after"}[n%5]
		role := fmt.Sprintf("role-%d", n)
		incident := w.incident(1)
		grant := fmt.Sprintf("G%d", n)
		w.rules.allow(grant, incident)
		hunt := w.hunt(incident, role)
		slot.Lock()
		slot.hunt = hunt
		slot.Unlock()
		count := 1 + n/5%3
		var list []paging.Message
		for i := range count {
			s := w.volunteer(fmt.Sprintf("p%d-%d", n, i), "sms", fmt.Sprintf("+4420%05d%d00", n, i))
			m := w.message(incident, hunt, role, s)
			m.Sealed.Grant = grant
			list = append(list, m)
		}
		// The acknowledgement begins at that point, and goes on beside the rest.
		var acked sync.WaitGroup
		var once sync.Once
		ack := func() { once.Do(func() { w.ack(incident, hunt, list[0].Page) }) }
		w.sms.before, w.room.how = nil, nil
		switch point {
		case "before":
			ack()
		case "in the room":
			w.room.set(func(_ string, show func()) error { ack(); show(); return nil })
		case "at the provider":
			w.sms.before = func(paging.Message) error { ack(); return nil }
		case "beside":
			acked.Go(ack)
		}
		outs := w.dialAll(list)
		if point == "after" {
			ack()
		}
		acked.Wait()
		w.room.set(nil)
		w.sms.before = nil
		for i, out := range outs {
			switch {
			case out.Outcome != "" && out.Outcome != unseal.OutcomeRefused:
				t.Errorf("%d: %+v", i, out)
			case point == "before" || point == "in the room":
				if out.Outcome != unseal.OutcomeRefused {
					t.Errorf("acknowledged %s, and dialled: %+v", point, out)
				}
			}
		}
		// The same messages once more, as a bot that missed it would send them.
		before, dialled := w.openings(), w.sms.count()
		for i := range list {
			again := list[i]
			again.Sealed = w.half(sealed{id: get[int64](t, w.db.Pool, `select contact_id from sealed_contact where record_id = $1`, list[i].Sealed.Record)}, again.Key, unseal.LaneDial)
			again.Sealed.Incident, again.Sealed.Grant, again.Sealed.Slot = incident, grant, "role:"+role
			w.dial(again, "sms", true)
		}
		if w.openings() != before || w.sms.count() != dialled {
			t.Errorf("after the acknowledgement %d were opened", w.openings()-before)
		}
		if open := get[int](t, w.db.Pool, `select count(*) from sealed_opening where dialled is null`); open != 0 {
			t.Errorf("of %d openings it is not known what came of them", open)
		}
	}
	if opened == 0 {
		t.Error("nothing was opened at all")
	}
	w.told()
}
