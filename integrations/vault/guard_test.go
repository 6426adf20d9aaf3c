package vault_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/vault"
	"batsignal/integrations/vault/vaulttest"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/share"
)

// A second host has another secret: it says so, calls nothing forged, and the room hears of it
// once; and so it is when that host leads.
func TestAHostWithAnotherStamp(t *testing.T) {
	w := newWorld(t)
	w.frozen = time.Date(2027, 3, 4, 3, 0, 0, 0, time.UTC)
	there := vault.NewStamp(bytes.Repeat([]byte{9}, 32))
	ours, theirs := &vault.Vault{Name: "main", Stamp: stamp}, &vault.Vault{Name: "main", Stamp: there}
	first, second := w.watch(&ringer{}, ours), w.watch(&ringer{}, theirs)
	first.Host, second.Host = "one", "two"
	note := func(host string, s vault.Stamp) string {
		t.Helper()
		other, err := vault.NoteStamp(w.ctx, w.db, w.now(), host, s)
		w.must(err)
		return other
	}
	if other := note("one", stamp); other != "" {
		t.Errorf("nobody leads: %q", other)
	}
	if said := w.looks(first); said != "" {
		t.Error(said)
	}
	if other := note("two", there); other != "one" {
		t.Errorf("it is not told that it differs: %q", other)
	}
	if other := note("three", stamp); other != "" {
		t.Errorf("it is the same file: %q", other)
	}
	if said := w.looks(first); !strings.Contains(said, "No share can be handed in at two: the share-stamp.key there is another than that of one") {
		t.Errorf("%q", said)
	}
	if said := w.looks(first); said != "" {
		t.Errorf("it is told twice: %q", said)
	}

	key, err := share.NewKey()
	w.must(err)
	one := vault.Session{Run: w.newRun(), Purpose: vault.ToUnseal, Vault: "main", Recipient: key.Recipient()}
	w.must(w.db.QueryRow(w.ctx, `insert into share_session (run_id, attempt, purpose, vault, recipient, state, begun_at)
		values ($1, 1, 'unseal', 'main', $2, 'open', now()) returning id`, one.Run, one.Recipient).Scan(&one.ID))
	w.sql(`update share_session set stamp = $2 where id = $1`, one.ID, stamp.Of(one))
	sealed, err := sealTo(one.Recipient, vaulttest.Start(t, vaulttest.Options{}).Shares[0])
	w.must(err)
	hand := func(v *vault.Vault) error {
		return pg.InTx(w.ctx, w.db, func(tx pgx.Tx) error {
			return vault.HandIn(w.ctx, tx, w.now(), w.actor("anna"), []*vault.Vault{v}, vault.Handing{Session: one.ID, Sealed: []byte(sealed)})
		})
	}
	w.must(hand(ours))
	if err := hand(theirs); fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Say(err), "This host has another share-stamp.key") || strings.Contains(fault.Say(err), "somebody may have written") {
		t.Errorf("%v", err)
	}
	said := w.looks(second)
	if !strings.Contains(said, "leads with another share-stamp.key now, on two, than before, on one") || strings.Contains(said, "Alarm") {
		t.Errorf("%q", said)
	}
	if err := hand(ours); fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Say(err), "takes no more shares") {
		t.Errorf("it is not closed: %v", err)
	}
	if said := w.looks(second); said != "" {
		t.Errorf("it is told twice: %q", said)
	}
}

// Many forged sessions are one alarm, and the next one comes in ten minutes at the earliest.
func TestManyForgedSessionsAreOneAlarm(t *testing.T) {
	w := newWorld(t)
	w.frozen = time.Date(2027, 3, 4, 3, 0, 0, 0, time.UTC)
	watch := w.watch(&ringer{}, &vault.Vault{Name: "main", Stamp: stamp})
	w.looks(watch)
	run := w.newRun()
	forge := func() {
		w.sql(`insert into share_session (run_id, attempt, purpose, vault, recipient, state, begun_at)
			select $1, 1, 'unseal', 'main', 'age1' || repeat('a', 30), 'open', now() from generate_series(1, 20)`, run)
	}
	forge()
	if said := w.looks(watch); strings.Count(said, "Alarm") != 1 || !strings.Contains(said, "and 15 more in the database are not known") {
		t.Errorf("%q", said)
	}
	forge()
	if said := w.looks(watch); said != "" {
		t.Errorf("it floods: %q", said)
	}
	if list, err := vault.Sessions(w.ctx, w.db, watch.Vaults); err != nil || len(list) != 0 {
		t.Errorf("%d are open, %v", len(list), err)
	}
	w.pass(10 * time.Minute)
	forge()
	if said := w.looks(watch); strings.Count(said, "Alarm") != 1 {
		t.Errorf("%q", said)
	}
}

// Somebody closes the session of a run that lives: it is opened again, so people are heard.
func TestASessionThatIsClosedBehindTheRun(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	g := w.unseal(w.vault(s))
	open := g.session(vault.ToUnseal)
	for range 2 {
		w.sql(`update share_session set state = 'closed', ended_at = now()`)
		g.hears("was closed in the database, though its run goes on. It is open again", open.Recipient)
		g.session(vault.ToUnseal)
	}
	for i := range 3 {
		g.hand(vault.ToUnseal, people[i], s.Shares[i])
	}
	g.ends()
	if n := strings.Count(strings.Join(g.memory.Said, "\n"), "It is open again"); n != 1 {
		t.Errorf("it floods: said %d times", n)
	}
	w.clean()
}

// Who was learned from the first unsealing locks out none of those who slept through it.
func TestWhoSleptThroughTheFirstUnsealing(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	v := w.vault(s)
	w.looks(w.watch(&ringer{}, v)) // so it is known how many shares there are
	g := w.unseal(v)
	for i := range 3 {
		g.hand(vault.ToUnseal, people[i], s.Shares[i])
	}
	g.ends()
	s.Seal()
	g = w.unseal(v)
	g.hand(vault.ToUnseal, "dana", s.Shares[3])
	g.hears("dana, who handed in share", "is not registered for a share")
	g.hand(vault.ToUnseal, "emil", s.Shares[4])
	g.hand(vault.ToUnseal, "anna", s.Shares[0])
	g.ends()
	if strings.Contains(g.memory.Text(), "anna, who handed in") {
		t.Error("anna is registered")
	}
	// All five have their holders now, and the sixth is refused.
	w.sql(`update share_holder set person_id = (select id from person where handle = 'dana') where handle = 'emil'`)
	s.Seal()
	g = w.unseal(v)
	if err := w.handSealed("emil", g.session(vault.ToUnseal).ID, "x"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	sealed, err := sealTo(g.session(vault.ToUnseal).Recipient, s.Shares[4])
	w.must(err)
	if err := w.handSealed("emil", g.session(vault.ToUnseal).ID, sealed); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("%v", err)
	}
	w.clean()
}

// Nobody takes over what stands for others, whatever they know of it, and nobody takes all
// numbers; an admin puts right what is wrong.
func TestNobodyTakesTheSharesOfOthers(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	w.vault(s)
	w.register(s)
	w.sql(`insert into vault_node (vault, node, state, since, asked_at, shares, threshold) values ('main', 'a', 'sealed', now(), now(), 5, 3)`)
	before := w.holders()
	register := func(r vault.Registration) error {
		r.Vault = "main"
		return pg.InTx(w.ctx, w.db, func(tx pgx.Tx) error {
			return vault.Register(w.ctx, tx, w.now(), w.actor("emil"), main, r)
		})
	}
	own := *before["emil"].Number
	for number := range 256 {
		if number == own {
			continue
		}
		// Of another number emil's own place is free, so it is taken: one place is theirs.
		err := register(vault.Registration{Number: number, Commitment: strings.Repeat("0", 64)})
		if kind := fault.KindOf(err); err != nil && kind != fault.Conflict && kind != fault.Invalid {
			t.Fatal(err)
		}
	}
	after := w.holders()
	if len(after) != 5 {
		t.Errorf("%d holders", len(after))
	}
	for _, name := range people[:4] {
		if *after[name].Number != *before[name].Number || *after[name].Commitment != *before[name].Commitment {
			t.Errorf("%s lost theirs: %+v", name, after[name])
		}
	}
	w.sql(`update share_holder set drilled_at = now()`)
	annas := vault.Registration{Number: *before["anna"].Number, Commitment: *before["anna"].Commitment}
	if err := register(annas); fault.KindOf(err) != fault.Conflict {
		t.Errorf("who reads a commitment takes a share: %v", err)
	}
	if err := register(vault.Registration{Number: 0, Commitment: annas.Commitment}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("its key is split: %v", err)
	}
	annas.Admin = true
	w.must(register(annas))
	if after := w.holders(); len(after) != 4 || *after["emil"].Number != annas.Number {
		t.Errorf("%+v", after)
	}
}

// Who types in the share of somebody else, for them, does not become its holder.
func TestAShareStaysWithItsHolder(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	w.register(s)
	w.sql(`update share_holder set commitment = repeat('0', 64)`)
	g := w.unseal(w.vault(s))
	for i := range 3 {
		g.hand(vault.ToUnseal, "anna", s.Shares[i])
	}
	g.ends()
	for i, name := range people[:3] {
		h := w.holders()[name]
		if h.Number == nil || *h.Number != vaulttest.Number(t, s.Shares[i]) || h.DrilledAt == nil || strings.HasPrefix(*h.Commitment, "0000") {
			t.Errorf("%s: %+v", name, h)
		}
	}
	w.clean()
}
