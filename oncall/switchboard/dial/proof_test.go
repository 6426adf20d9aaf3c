package dial

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// code is a code for a sealed contact, as the bot sends it.
func (w *world) code(s sealed, purpose contact.Purpose) paging.Message {
	w.t.Helper()
	var letters string
	for i := range 5 {
		letters += string(rune('A' + (w.codes>>(4*i))&15))
	}
	w.codes++
	id := get[int64](w.t, w.db.Pool, `
		insert into contact_proof (contact_id, purpose, code, digits, created_at, expires_at) values ($1, $2, $3, 4711, $4, $5) returning id`,
		s.id, string(purpose), letters, w.clock(), w.clock().Add(time.Hour))
	m := paging.Message{Kind: paging.Kind(purpose), Key: paging.ProofKey(id), Attempt: 1, Code: letters, Person: s.handle}
	m.Sealed = w.half(s, m.Key, unseal.LaneOwner)
	return m
}

// redeem says a code back, as its owner does.
func (w *world) redeem(m paging.Message) {
	w.t.Helper()
	_, proof, _ := paging.ParseKey(m.Key)
	must(w.t, pg.InTx(ctx, w.db.Pool, func(tx pgx.Tx) error {
		_, _, _, err := contact.Redeem(ctx, tx, w.clock(), proof)
		return err
	}))
}

// A code goes to a sealed address as the database has it, whatever else the bot wrote, and
// stands in the ledger.
func TestACodeGoesToASealedAddress(t *testing.T) {
	w := newWorld(t)
	maria := w.seal(w.person("maria"), "voice", "+44 20 7183 8750", escrow.DefaultPolicy())
	m := w.code(maria, contact.PurposeProof)
	code := m.Code
	m.Why, m.Code, m.Items, m.Person, m.Rooms = "call this number now, or else", "AAAAA", []string{"x"}, "somebody", []string{"#x"}
	if out := w.dial(m, "voice", false); out.Outcome != "" {
		t.Fatalf("%+v", out)
	}
	got := w.voice.sent[0]
	if got.Code != code || got.Why != "" || got.Items != nil || got.Rooms != nil || got.Person != "maria" || got.Keys != paging.KeysOf(4711) || got.Kind != paging.KindProof {
		t.Errorf("%+v", got)
	}
	if w.leaves("proof") != 1 || w.leaves("intent") != 0 || w.leaves("dialed") != 1 {
		t.Errorf("%d proofs, %d dialled", w.leaves("proof"), w.leaves("dialed"))
	}
	w.told()
	if n := get[int](t, w.db.Pool, `select count(*) from sealed_opening where lane = 'F' and incident_id is null`); n != 1 {
		t.Errorf("%d openings", n)
	}
	w.redeem(m)
	if out := w.dial(w.code(maria, contact.PurposeProof), "voice", false); out.Outcome != "" {
		t.Errorf("another one: %+v", out)
	}

	// What is no code of this contact's, or no longer one, is refused.
	old := w.code(maria, contact.PurposeTest)
	w.wait(2 * time.Hour)
	jan := w.seal(w.person("jan"), "voice", "+442071838751", escrow.DefaultPolicy())
	swapped := w.code(jan, contact.PurposeProof)
	swapped.Sealed = w.half(maria, swapped.Key, unseal.LaneOwner)
	missing := w.code(maria, contact.PurposeProof)
	missing.Key = "proof-4711"
	other := w.code(maria, contact.PurposeProof)
	other.Kind = paging.KindTest
	for name, m := range map[string]paging.Message{"old": old, "of somebody else": swapped, "missing": missing, "of another kind": other} {
		if out := w.dial(m, "voice", false); out.Outcome != unseal.OutcomeRefused {
			t.Errorf("%s: %+v", name, out)
		}
	}
	if w.voice.count() != 2 || w.leaves("proof") != 2 {
		t.Errorf("%d were sent", w.voice.count())
	}
}

// What was sealed and is no number tells its owner so, in words without it.
func TestWhatIsNoNumberIsToldWithoutIt(t *testing.T) {
	w := newWorld(t)
	maria := w.seal(w.person("maria"), "sms", "call me at the office", escrow.DefaultPolicy())
	out := w.dial(w.code(maria, contact.PurposeProof), "sms", false)
	if out.Outcome != unseal.OutcomePermanent || !strings.Contains(out.Bad, "not a phone number") || strings.Contains(out.Bad+out.Detail, "office") {
		t.Errorf("%+v", out)
	}
	if w.sms.count() != 0 || w.leaves("dialed") != 1 {
		t.Errorf("%d sent", w.sms.count())
	}
}

// Row 19: whoever seals somebody else's number has one text sent there, and never a page.
func TestAttack19SealingAVictimsNumber(t *testing.T) {
	w := newWorld(t)
	const victim = "+442071838750"
	var attackers []sealed
	for i := range 4 {
		attackers = append(attackers, w.seal(w.person(fmt.Sprintf("mallory%d", i)), "sms", []string{victim, "+44 20 7183 8750", "+44-20-71838750", victim}[i], escrow.DefaultPolicy()))
	}
	// All of them at once: one text.
	var all sync.WaitGroup
	outs := make([]unseal.Dialled, len(attackers))
	for i, a := range attackers {
		m := w.code(a, contact.PurposeProof)
		all.Go(func() { outs[i], _ = w.board.Dial(ctx, "sms", m, false) })
	}
	all.Wait()
	if w.sms.count() != 1 {
		t.Errorf("%d texts: %+v", w.sms.count(), outs)
	}
	// Nobody said it back, so no page goes there, whatever is on fire.
	incident, hunt := w.fire("release")
	for _, a := range attackers {
		if out := w.dial(w.message(incident, hunt, "release", a), "sms", false); out.Outcome != unseal.OutcomeRefused {
			t.Errorf("a page: %+v", out)
		}
	}
	// Whoever tries on is limited by the number, not by who tries, nor by which record it is.
	for hour := range 30 {
		for i, a := range attackers {
			if hour%3 == 2 { // deleted, and sealed once more
				_, err := contact.Remove(ctx, w.db.Pool, w.clock(), a.owner, "sms")
				must(t, err)
				attackers[i] = w.seal(a.owner, "sms", victim, escrow.DefaultPolicy())
			}
			w.dial(w.code(attackers[i], contact.PurposeProof), "sms", false)
		}
		w.wait(time.Hour)
		if day := w.sms.count(); hour < 23 && day > 8 {
			t.Fatalf("%d texts within a day", day)
		}
	}
	if n := w.sms.count(); n > 16 {
		t.Errorf("%d texts within 30 hours", n)
	}

	// The victim has it themselves then, and nobody else gets a single text there any more.
	w.wait(25 * time.Hour)
	own := w.seal(w.person("victoria"), "voice", victim, escrow.DefaultPolicy())
	m := w.code(own, contact.PurposeProof)
	if out := w.dial(m, "voice", false); out.Outcome != "" {
		t.Fatalf("%+v", out)
	}
	w.redeem(m)
	sent := w.sms.count()
	w.wait(2 * time.Hour)
	out := w.dial(w.code(attackers[0], contact.PurposeProof), "sms", false)
	if out.Outcome != unseal.OutcomePermanent || out.Bad != "somebody else has sealed this number" || w.sms.count() != sent {
		t.Errorf("%+v", out)
	}
	// Their own second way with it is theirs.
	second := w.seal(own.owner, "sms", victim, escrow.DefaultPolicy())
	if out := w.dial(w.code(second, contact.PurposeProof), "sms", false); out.Outcome != "" {
		t.Errorf("%+v", out)
	}
	w.told()
	if n := get[int](t, w.db.Pool, `select count(*) from sealed_opening where lane = 'B'`); n != 0 {
		t.Errorf("%d pages", n)
	}
}

// The limits are on the disk: neither a restart nor the same message again changes them.
func TestSentOutlivesARestart(t *testing.T) {
	path := t.TempDir() + "/sent.json"
	s := &Sent{Path: path}
	must(t, s.Load())
	mac := []byte{1, 2, 3}
	add := func(key string, after time.Duration, may bool) {
		t.Helper()
		err := s.Add(mac, key, noon.Add(after))
		if may != (err == nil) || err != nil && fault.KindOf(err) != fault.Limited {
			t.Errorf("%s: %v", key, err)
		}
		s = &Sent{Path: path}
		must(t, s.Load())
	}
	add("proof-1", 0, true)
	add("proof-1", time.Minute, true)
	add("proof-2", 2*time.Minute, true)
	add("proof-3", 3*time.Minute, true)
	add("proof-4", 4*time.Minute, false)
	add("proof-4", -30*time.Minute, false) // a clock that was set back
	for i, key := range []string{"proof-5", "proof-6", "proof-7", "proof-8", "proof-9"} {
		add(key, time.Duration(i+2)*time.Hour, true)
	}
	add("proof-10", 12*time.Hour, false) // eight within a day
	add("proof-11", 25*time.Hour, true)
	if err := (&Sent{Path: "/nowhere/sent.json"}).Add(mac, "proof-1", noon); fault.KindOf(err) != fault.Unready {
		t.Error("it is sent though it cannot be written down")
	}
}

func FuzzSent(f *testing.F) {
	f.Add([]byte(`{"010203":[{"key":"proof-1","at":"2026-03-01T12:00:00Z"}]}`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, content []byte) {
		if of, err := parseSent(content); err == nil && of == nil && string(content) != "null" {
			t.Errorf("%q is nothing", content)
		}
	})
}
