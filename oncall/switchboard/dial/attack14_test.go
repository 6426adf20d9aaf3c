package dial

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// Row 14: whoever can write every row begins an opening in the table alone, so that it looks
// as one that was cut off. It does not go on, since the ledger does not have its intent.
func TestAttack14AnOpeningThatTheLedgerDoesNotHave(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "voice", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	proof := get[int64](t, w.db.Pool, `select max(seq) from ledger_leaf`) // an entry of another thing
	exec(t, w.owner, `
		insert into sealed_opening (intent, key, record_id, owner_id, kind, lane, incident_id, role, grant_code, opened_at)
		values ($1, $2, $3, $4, 'voice', 'B', $5, 'role:release', 'K7QX', $6)`, proof, m.Key+"/1", maria.record, maria.owner, incident, w.clock())
	out := w.dial(m, "voice", false)
	if out.Outcome != unseal.OutcomeRefused || w.voice.count() != 0 || !strings.Contains(out.Detail, "ledger") {
		t.Errorf("%+v, %d calls", out, w.voice.count())
	}
}

// Row 14: a record is exchanged for another one after its intent was written, while a room is
// waited for.
func TestAttack14ARecordThatIsExchangedMeanwhile(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "voice", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	w.room.set(func(_ string, show func()) error {
		_, err := w.owner.Exec(ctx, `update sealed_contact set commitment = sha256(commitment) where record_id = $1`, maria.record)
		show()
		return err
	})
	if out := w.dial(m, "voice", false); out.Outcome != unseal.OutcomeRefused || w.voice.count() != 0 || !strings.Contains(out.Detail, "exchanged") {
		t.Errorf("%+v, %d calls", out, w.voice.count())
	}
}

// Row 14: what runs with the owner's rights when a record is deleted finds its own table,
// and not one that the session of a login has in its place.
func TestAttack14ADeletionIsTakenDownWhateverASessionHas(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "voice", "+442071838750")
	db, err := w.db.Pool.Acquire(ctx)
	must(t, err)
	defer db.Release()
	exec(t, db.Conn(), `create temporary table sealed_gone (record_id uuid, at timestamptz, unique (record_id))`)
	defer exec(t, db.Conn(), `drop table pg_temp.sealed_gone`)
	exec(t, db.Conn(), `delete from contact where id = $1`, maria.id)
	if n := get[int](t, w.owner, `select count(*) from public.sealed_gone where record_id = $1`, maria.record); n != 1 {
		t.Errorf("the deletion was taken down %d times", n)
	}
}

// Row 4: whoever has the switchboard's login takes no open way from anybody.
func TestAttack04TheSwitchboardDeletesSealedContactsOnly(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "voice", "+442071838750")
	open, err := contact.AddProven(ctx, w.db.Pool, w.clock(), maria.owner, "mail", secret.New("maria@example.org"))
	must(t, err)
	if _, err := w.board.DB.Exec(ctx, `delete from contact where id = $1`, open.ID); err == nil {
		t.Error("an open contact was deleted")
	}
	exec(t, w.board.DB, `delete from contact where id = $1`, maria.id)
	exec(t, w.db.Pool, `delete from contact where id = $1`, open.ID) // the bot may
	if n := get[int](t, w.owner, `select count(*) from contact`); n != 0 {
		t.Errorf("%d contacts are left", n)
	}
}

// Row 3: a bot that was broken into names one lead after the other, to have more people
// dialled than the challenge said.
func TestAttack03NotEverybodyIsALead(t *testing.T) {
	w := newWorld(t)
	incident, hunt := w.fire("release")
	for i := range mostLeads + 1 {
		caller := w.volunteer(fmt.Sprintf("caller%d", i), "voice", fmt.Sprintf("+44207183875%d", i))
		lead := w.volunteer(fmt.Sprintf("lead%d", i), "voice", fmt.Sprintf("+44207183876%d", i))
		m := w.message(incident, hunt, "release", caller)
		w.ack(incident, hunt, m.Page)
		b := &Bridge{Board: w.board, Lead: func(context.Context, int64, string) (paging.Sealed, error) {
			s := w.half(lead, m.Key+"/lead", unseal.LaneDial)
			s.Incident, s.Grant, s.Slot = incident, "K7QX", "role:release"
			return *s, nil
		}}
		number, err := b.Join(ctx, lead.id, m.Key)
		if i < mostLeads && err != nil {
			t.Fatal(err)
		}
		if i == mostLeads && (fault.KindOf(err) != fault.Limited || !number.Empty()) {
			t.Errorf("one lead more: %v", err)
		}
	}
}
