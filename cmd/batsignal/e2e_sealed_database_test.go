package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Each is alone in a role of their own, and what somebody does to their row is different.
var tampered = []string{"ann", "ben", "cyd", "dee", "fay", "gus"}

// TestAttack02And14And15WhoHoldsTheDatabase plays row 2, a stolen backup; row 14, somebody
// who writes into the database (rows moved, old ones put back, what people agreed to edited),
// with the bot's halves of before as well, which is more than row 14 has; and row 15, last
// week's database in the place of this one. gus, whose row nobody touched, is rung: the world
// works.
func TestAttack02And14And15WhoHoldsTheDatabase(t *testing.T) {
	t.Parallel()
	roles := "  - {name: lead, leads: true, patience_sev1: 1h}\n"
	for _, name := range tampered {
		roles += fmt.Sprintf("  - {name: role-%s, patience_sev1: 1h}\n", name)
	}
	w := newSealedWorld(t, plan{accounts: append([]string{"root", "omar", "zoe"}, tampered...), roles: roles, more: anybodyLights}, "omar", "zoe")
	people := w.gather(append([]string{"omar", "zoe"}, tampered...)...)
	w.enrol(fmt.Sprintf("people:\n  - {handle: omar, accounts: {%[1]s: omar}}\n  - {handle: zoe, accounts: {%[1]s: zoe}}\n", netID))
	for i, name := range tampered {
		w.enrol(fmt.Sprintf("people:\n  - {handle: %[1]s, awake: \"00:00-00:00\", accounts: {%[2]s: %[1]s}, roles: [role-%[1]s]}\n", name, netID))
		w.seal(name, "voice", phoneOf(i))
		w.phones.Phone(phoneOf(i)).Calls(twiliofake.NoAnswer())
	}
	w.stolenBackup(t)
	w.bot.stop(t)
	lastWeek := w.dir + "/last-week"
	copied(t, w.state("postgres", "data"), lastWeek)
	w.start()
	w.db.Reset() // its connections ended with the server
	w.awaitBot(home)

	w.tampers(t, people)
	w.rollback(t, people, lastWeek)
}

// sqlTriedByPhone counts pages whose call was tried, however it went.
const sqlTriedByPhone = `select count(distinct d.id)::int from delivery d join attempt a on a.delivery_id = d.id where d.route = 'voice' and a.outcome <> 'open'`

// copied copies a directory with whose it is.
func copied(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// stolenBackup is row 2: whoever has a dump has no number in any form, and no key that
// opens a half; with the bot's key too it has halves, and no record opens with these.
func (w *sealedWorld) stolenBackup(t *testing.T) {
	t.Helper()
	c := newCanaries(map[string]string{"somebody": phoneOf(0)[3:12]})
	for what, dump := range map[string][]byte{"a dump": w.dump(), "an export": w.exported()} {
		c.absent(t, what, dump)
		backup, err := custody.ReadSealed(bytes.NewReader(dump))
		if err != nil || len(backup.Records) != len(tampered) {
			t.Fatalf("%s: %d records, %v", what, len(backup.Records), err)
		}
		thiefs, err := escrow.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		bots, err := keyHome{w.state("escrow"), custody.SideBot}.unwrapKeys()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range backup.Records {
			for _, wrap := range r.Wraps {
				if _, err := escrow.Unwrap(thiefs, r.Record, wrap); err == nil {
					t.Errorf("%s: any key opens %s", what, wrap.Slot)
				}
				half, err := escrow.Unwrap(bots[0], r.Record, wrap)
				if (err == nil) != (wrap.Slot == escrow.SlotBot) {
					t.Errorf("%s: the bot's key and %s: %v", what, wrap.Slot, err)
				}
				if err == nil {
					if _, err := escrow.Open(r.Record, half, half); err == nil {
						t.Errorf("%s: the bot's half alone opens a record", what)
					}
				}
			}
		}
		if _, err := custody.Recover(backup, w.shares(t, 2), nil); err == nil {
			t.Errorf("%s opens with two shares", what)
		}
	}
}

func (w *sealedWorld) exported() []byte {
	w.t.Helper()
	var out bytes.Buffer
	if err := custody.ExportSealed(w.t.Context(), w.db, &out); err != nil {
		w.t.Fatal(err)
	}
	return out.Bytes()
}

// shares are those of the first custodians.
func (w *sealedWorld) shares(t *testing.T, n int) (list []custody.Share) {
	t.Helper()
	for _, h := range w.handouts[:n] {
		share, err := custody.ParseSheet(h.Text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, share)
	}
	return list
}

// tampers is row 14.
func (w *sealedWorld) tampers(t *testing.T, people map[string]*irctest.Person) {
	t.Helper()
	a := w.thief()
	halves := map[string]paging.Sealed{}
	for _, name := range tampered {
		halves[name] = a.half(name)
	}
	record := func(handle string) string {
		return one[string](w.world, `select s.record_id::text from sealed_contact s join person h on h.id = s.owner_id where h.handle = $1`, handle)
	}
	// ann's number becomes ben's, letter by letter, with the half of ben's that belongs to it.
	w.owner(`update sealed_contact a set nonce = b.nonce, content = b.content, commitment = b.commitment, commit_bot = b.commit_bot,
		commit_switchboard = b.commit_switchboard from sealed_contact b where a.record_id = $1 and b.record_id = $2`, record("ann"), record("ben"))
	w.owner(`update sealed_wrap a set wrapped = b.wrapped from sealed_wrap b where a.record_id = $1 and b.record_id = $2 and a.slot = b.slot`, record("ann"), record("ben"))
	// ben agreed to be called twenty times a quarter, says the row.
	w.owner(`update sealed_contact set policy = replace(policy, '6', '20') where record_id = $1`, record("ben"))
	// cyd's content is an older one of theirs.
	old := w.sealedFor("cyd", "+447911358299")
	w.owner(`update sealed_contact set nonce = $2, content = $3 where record_id = $1`, record("cyd"), old.Record.Nonce, old.Record.Content)
	// In dee's place stands a record that was sealed for somebody else, with a number of the thief's.
	// The switchboard notes that the other one is gone.
	gone := record("dee")
	w.owner(`delete from sealed_contact where record_id = $1`, gone)
	eventually(t, "the deletion to be noted", func() bool {
		noted, _ := os.ReadFile(filepath.Join(w.deskAt, "deleted"))
		return strings.Contains(string(noted), gone)
	}, w.desk.output)
	made := w.sealedFor("fay", "+447911358298")
	w.owner(`insert into sealed_contact (record_id, contact_id, owner_id, kind, policy, content_epoch, epoch, nonce, content, commitment, commit_bot, commit_switchboard, sealed_at)
		select $1::uuid, c.id, c.person_id, 'voice', $2, 1, 1, $3, $4, $5, $6, $7, now() from contact c join person h on h.id = c.person_id where h.handle = 'dee' and c.sealed`,
		made.Record.ID, made.Record.Policy, made.Record.Nonce, made.Record.Content, made.Record.Commitment, made.Record.CommitBot, made.Record.CommitSwitchboard)
	for _, wrap := range made.Wraps {
		w.owner(`insert into sealed_wrap (record_id, epoch, slot, wrapped) values ($1, $2, $3, $4)`, wrap.Record, wrap.Epoch, string(wrap.Slot), wrap.Wrapped)
	}
	// fay's half for the switchboard is that of gus.
	w.owner(`update sealed_wrap a set wrapped = b.wrapped from sealed_wrap b where a.record_id = $1 and b.record_id = $2 and a.slot = 'switchboard' and b.slot = a.slot`, record("fay"), record("gus"))

	omar := people["omar"]
	grant := w.lit(omar, people["zoe"], "the database burns")
	w.phones.AwaitCall(t, phoneOf(5), "no-answer")
	await(w.world, len(tampered), sqlTriedByPhone)
	// With the halves of before, and past whatever the honest bot refuses by itself.
	for _, name := range tampered[:5] {
		half := halves[name]
		if name == "dee" {
			half.Record = made.Record.ID
		}
		out := a.dials(wants{handle: name, delivery: w.pageFor(name, 1, "role-"+name), incident: 1, grant: grant, slot: "role:role-" + name, sealed: &half})
		if out.Outcome == "" {
			t.Errorf("%s: %+v", name, out)
		}
		t.Logf("%s: %s, %s", name, out.Outcome, out.Detail)
	}
	for _, call := range w.phones.Rung() {
		if call.To != phoneOf(5) {
			t.Errorf("%s was called", call.To)
		}
	}
}

// sealedFor is a record of somebody's as their own machine makes it.
func (w *sealedWorld) sealedFor(handle, number string) escrow.Sealed {
	w.t.Helper()
	sealed, err := escrow.Seal(w.keyring.Keys(), w.person(handle), "voice", escrow.DefaultPolicy(), secret.New(number))
	if err != nil {
		w.t.Fatal(err)
	}
	return sealed
}

// rollback is row 15: gus was rung, and with the database of before nobody knows.
func (w *sealedWorld) rollback(t *testing.T, people map[string]*irctest.Person, lastWeek string) {
	t.Helper()
	omar := people["omar"]
	omar.Sync()
	omar.Forget()
	w.bot.stop(t)
	if out, err := exec.Command("rm", "-r", w.state("postgres", "data")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	copied(t, lastWeek, w.state("postgres", "data"))
	w.start()
	w.db.Reset() // its connections ended with the server
	w.awaitBot(home)
	// The switchboard has lost its connections with the database, and makes new ones.
	eventually(t, "the switchboard to be back", func() bool { _, err := w.thief().board.Status(t.Context()); return err == nil }, w.desk.output)
	// Whoever looked how it is has everybody told, before anybody must be rung.
	omar.ExpectMatch(home, `(?i)ledger.*(does not continue|nothing is opened|older)`)
	// What was deleted since is deleted again: nobody who is gone comes back with a backup.
	await(w.world, 0, `select count(*)::int from contact c join person h on h.id = c.person_id where h.handle = 'dee' and c.sealed`)
	omar.Sync()
	omar.Forget()
	if n := w.opened(); n != 0 {
		t.Fatalf("%d openings in last week's database", n)
	}
	calls := len(w.phones.Rung())
	w.lit(omar, people["zoe"], "it burns again")
	await(w.world, len(tampered)-1, sqlTriedByPhone)
	if n := len(w.phones.Rung()); n != calls || w.opened() != 0 {
		t.Errorf("%d calls more, %d openings", n-calls, w.opened())
	}
	if status := one[string](w.world, `select string_agg(distinct a.detail, '; ') from attempt a join delivery d on d.id = a.delivery_id where d.route = 'voice'`); !strings.Contains(status, "ledger") {
		t.Errorf("the bot was told: %s", status)
	}
}
