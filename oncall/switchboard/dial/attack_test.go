package dial

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// stolen reads all that the switchboard's login and key give, without the bot: its own half
// of each record that the database has.
func (w *world) stolen(t *testing.T) map[string]struct {
	row row
	own secret.Bytes
} {
	t.Helper()
	out := map[string]struct {
		row row
		own secret.Bytes
	}{}
	for _, id := range get[[]string](t, w.board.DB, `select array_agg(record_id::text) from sealed_contact`) {
		r, err := w.board.recordOf(ctx, w.board.DB, id)
		must(t, err)
		key, wrap, err := w.board.ownHalf(ctx, w.board.DB, id)
		must(t, err)
		own, err := escrow.Unwrap(key, r.Record, wrap)
		must(t, err)
		out[id] = struct {
			row row
			own secret.Bytes
		}{r, own}
	}
	return out
}

// Row 4: whoever has the switchboard's host, root included, opens what the bot released while
// they were there, and nothing else.
func TestAttack04TheSwitchboardAlone(t *testing.T) {
	w := newWorld(t)
	var people []sealed
	for i := range 6 {
		people = append(people, w.volunteer(fmt.Sprintf("p%d", i), "sms", fmt.Sprintf("+44207183875%d", i)))
	}
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", people[0]) // the one that was released
	released := m.Sealed.Half

	// Everything that can stand in place of the bot's half.
	halves := []secret.Bytes{secret.NewBytes(make([]byte, escrow.HalfSize)), released}
	random := make([]byte, escrow.HalfSize)
	_, _ = rand.Read(random)
	halves = append(halves, secret.NewBytes(random))
	stolen := w.stolen(t)
	for _, s := range stolen {
		halves = append(halves, s.own)
	}
	opened := []string{}
	for id, s := range stolen {
		for _, half := range halves {
			if address, err := escrow.Open(s.row.Record, half, s.own); err == nil {
				opened = append(opened, id+" "+address.Reveal())
			}
		}
		// Nor does its key open what is sealed to others.
		for _, slot := range []escrow.Slot{escrow.SlotBot, escrow.SlotCustodyBot, escrow.SlotCustodySwitchboard} {
			wrapped := get[[]byte](t, w.board.DB, `select wrapped from sealed_wrap where record_id = $1 and slot = $2`, id, string(slot))
			for _, as := range []escrow.Slot{slot, escrow.SlotSwitchboard} {
				if _, err := escrow.Unwrap(w.keys.switchboard, s.row.Record, escrow.Wrap{Record: id, Epoch: 1, Slot: as, Wrapped: wrapped}); err == nil {
					t.Errorf("the switchboard's key opens %s as %s", slot, as)
				}
			}
		}
	}
	if len(opened) != 1 || opened[0] != people[0].record+" "+people[0].number {
		t.Errorf("opened are %v", opened)
	}
	// Its login neither makes up a release, nor says that somebody is hunted, nor reads what
	// is open, nor takes back what is in the ledger.
	for _, sql := range []string{
		`insert into sealed_release (record_id, key, lane, at) values (gen_random_uuid(), 'page-1', 'B', now())`,
		`delete from sealed_release`,
		`update escalation set state = 'hunting'`,
		`update page set state = 'open'`,
		`update incident set severity = 1`,
		`update contact set proven_at = now()`,
		`insert into contact_proof (contact_id, purpose, code, digits, created_at, expires_at) values (1, 'proof', 'AAAAA', 1, now(), now())`,
		`select address from contact_` + `address`,
		`delete from sealed_opening`,
		`update sealed_opening set opened_at = now()`,
		`delete from owner_notice`,
		`update sealed_contact set policy = '{}'`,
		`delete from ledger_leaf`,
		`truncate ledger_head`,
	} {
		if _, err := w.board.DB.Exec(ctx, sql); err == nil {
			t.Errorf("the switchboard may: %s", sql)
		}
	}
}

// Row 6: a rogue operator who opens and dials past the ledger is found by comparing what the
// bot released with what the ledger says.
func TestAttack06DialledPastTheLedger(t *testing.T) {
	w := newWorld(t)
	maria, jan := w.volunteer("maria", "sms", "+442071838750"), w.volunteer("jan", "sms", "+442071838751")
	incident, hunt := w.fire("release")
	if out := w.dial(w.message(incident, hunt, "release", maria), "sms", false); out.Outcome != "" {
		t.Fatalf("%+v", out)
	}
	honest, err := Reconcile(ctx, w.db.Pool, noon.Add(-time.Hour), noon.Add(time.Hour))
	if err != nil || len(honest) != 0 {
		t.Errorf("%+v %v", honest, err)
	}

	m := w.message(incident, hunt, "release", jan) // released to the operator, who writes nothing down
	stolen := w.stolen(t)[jan.record]
	address, err := escrow.Open(stolen.row.Record, m.Sealed.Half, stolen.own)
	must(t, err)
	if _, err := w.sms.Send(ctx, paging.Message{Key: "page-4711", Address: address}); err != nil {
		t.Fatal(err)
	}
	found, err := Reconcile(ctx, w.db.Pool, noon.Add(-time.Hour), noon.Add(time.Hour))
	if err != nil || len(found) != 1 || found[0].What != "given" || found[0].Record != jan.record || found[0].Key != m.Key || found[0].Lane != "B" {
		t.Errorf("%+v %v", found, err)
	}
	// The other way round: an opening of which the bot knows nothing.
	exec(t, w.owner, `delete from sealed_release where record_id = $1`, maria.record)
	found, err = Reconcile(ctx, w.db.Pool, noon.Add(-time.Hour), noon.Add(time.Hour))
	if err != nil || !slices.ContainsFunc(found, func(u Unmatched) bool { return u.What == "opened" && u.Record == maria.record }) {
		t.Errorf("%+v %v", found, err)
	}
}

// Row 17: the provider and its staff have the numbers that were dialled, and when; they have
// no other number, in no message, question or answer. A provider that says a number back
// does not get it into what we keep.
func TestAttack17TheProvider(t *testing.T) {
	w := newWorld(t)
	var people []sealed
	for i := range 5 {
		people = append(people, w.volunteer(fmt.Sprintf("p%d", i), "sms", fmt.Sprintf("+44207183875%d", i)))
	}
	incident, hunt := w.fire("release")
	w.sms.after = func(m paging.Message) error {
		return fmt.Errorf("carrier of %s said 500: %w", m.Address.Reveal(), paging.ErrProvider)
	}
	if out := w.dial(w.message(incident, hunt, "release", people[0]), "sms", false); out.Outcome != unseal.OutcomeProvider || out.Detail != heldAddress {
		t.Errorf("%+v", out)
	}
	w.sms.after = func(m paging.Message) error {
		return paging.BadAddress{Say: "4420 718 387 51 is not in service"}
	}
	if out := w.dial(w.message(incident, hunt, "release", people[1]), "sms", false); out.Bad != heldAddress {
		t.Errorf("%+v", out)
	}
	w.sms.after = nil
	if out := w.dial(w.message(incident, hunt, "release", people[2]), "sms", false); out.Outcome != "" {
		t.Errorf("%+v", out)
	}
	if got := w.sms.numbers(); !slices.Equal(got, []string{people[0].number, people[1].number, people[2].number}) {
		t.Errorf("the provider has %v", got)
	}
	for _, m := range w.sms.sent {
		said := fmt.Sprintf("%+v", m)
		for _, p := range people {
			if strings.Contains(said, p.number[1:]) || strings.Contains(said, p.record) {
				t.Errorf("a message holds %s: %s", p.number, said)
			}
		}
		if m.Sealed != nil || m.Page == 0 || m.Ref == "" {
			t.Errorf("%+v", m)
		}
	}
	kept := get[string](t, w.owner, `
		select string_agg(body, E'\n') || (select string_agg(result || ref || key, E'\n') from sealed_opening) from ledger_leaf`)
	for _, p := range people {
		if strings.Contains(kept, p.number[1:]) || strings.Contains(kept, p.number[5:]) {
			t.Errorf("%s is kept in %s", p.number, kept)
		}
	}
}

// ear hears what is forwarded to the bot.
type ear struct {
	replies  []paging.Reply
	receipts []paging.Receipt
	err      error
}

func (e *ear) Reply(_ context.Context, r paging.Reply) (paging.Response, error) {
	if e.err != nil {
		return paging.Response{}, e.err
	}
	e.replies = append(e.replies, r)
	return paging.Response{Say: "There is no code in what you wrote.", Contact: 0}, nil
}

func (e *ear) Receipt(_ context.Context, r paging.Receipt) error {
	if e.err != nil {
		return e.err
	}
	e.receipts = append(e.receipts, r)
	return nil
}

// Row 18: a text with a forged sender says which contact it pretends to come from, and
// nothing else: no code, no key, no answer. What a voicemail keys goes on as it is.
func TestAttack18AForgedSender(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "sms", "+442071838750")
	incident, hunt := w.fire("release")
	w.dial(w.message(incident, hunt, "release", maria), "sms", false)
	bot := &ear{}
	f := &Forward{DB: w.board.DB, Ear: bot, Index: w.board.Index, Address: contact.Clean, Log: w.board.Log}
	if _, err := f.Reply(ctx, paging.Reply{Route: "sms", Event: "SM1", From: secret.New("+442071838750"), Contact: 4711, Text: "I am coming, +442071838750"}); err != nil {
		t.Fatal(err)
	}
	got := bot.replies[0]
	if got.Contact != maria.id || !got.From.Empty() || got.Key != "" || got.Means != "" || got.Account != "" || got.Text != "I am coming, …" {
		t.Errorf("%+v", got)
	}
	if _, err := f.Reply(ctx, paging.Reply{Route: "sms", Event: "SM2", From: secret.New("+15550100"), Contact: maria.id, Text: "ack K7QXM"}); err != nil {
		t.Fatal(err)
	}
	if got := bot.replies[1]; got.Contact != 0 || !got.From.Empty() || got.Text != "ack K7QXM" {
		t.Errorf("%+v", got)
	}
	if get[string](t, w.db.Pool, `select state from page`) != "open" || get[string](t, w.db.Pool, `select state from escalation`) != "hunting" {
		t.Error("it answered a page")
	}
}

// TestAttack14AWholeRecordIsReplaced is somebody who can write every row, and seals a number
// of their own in the place of maria's: anybody can seal to public keys, so the envelope is
// sound. The ledger has no code that went there.
func TestAttack14AWholeRecordIsReplaced(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "sms", "+442071838750")
	incident, hunt := w.fire("release")

	exec(t, w.owner, `delete from contact where person_id = $1`, maria.owner)
	theirs := w.seal(maria.owner, "sms", "+442071838799", escrow.DefaultPolicy())
	exec(t, w.owner, `update contact set proven_at = $2 where id = $1`, theirs.id, w.clock())
	if out := w.dial(w.message(incident, hunt, "release", theirs), "sms", false); out.Outcome != unseal.OutcomeRefused || w.sms.count() != 0 {
		t.Errorf("%+v, dialled %d times", out, w.sms.count())
	}
	if w.leaves("intent") != 0 {
		t.Error("an intent was written for what is not opened")
	}
}
