package vault_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/integrations/vault"
	"batsignal/integrations/vault/vaulttest"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/share"
)

// registers registers a share as somebody's.
func (w *world) registers(name, vaultName, value string) error {
	w.Helper()
	number, c, err := share.Register(vaultName, secret.New(value))
	w.must(err)
	return pg.InTx(w.ctx, w.db, func(tx pgx.Tx) error {
		return vault.Register(w.ctx, tx, w.now(), w.actor(name), main, vault.Registration{Vault: vaultName, Number: number, Commitment: c, Place: "a drawer"})
	})
}

func (w *world) sql(sql string, args ...any) {
	w.Helper()
	_, err := w.db.Exec(w.ctx, sql, args...)
	w.must(err)
}

func (w *world) holders() map[string]vault.Holder {
	w.Helper()
	list, err := vault.Holders(w.ctx, w.db, "main")
	w.must(err)
	all := map[string]vault.Holder{}
	for _, h := range list {
		all[h.Handle] = h
	}
	return all
}

// Who can write the database puts a key of their own into the session of a run: nobody is
// shown it, nothing that was sealed to it is kept, and everybody hears of it.
func TestAnotherKeyInTheDatabase(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	v := w.vault(s)
	g := w.unseal(v)
	open := g.session(vault.ToUnseal)
	thief, err := share.NewKey()
	w.must(err)

	// In a transaction of the thief's, as long as the run has not looked.
	tx, err := w.db.Begin(w.ctx)
	w.must(err)
	_, err = tx.Exec(w.ctx, `update share_session set recipient = $1`, thief.Recipient())
	w.must(err)
	if seen, err := vault.SessionByID(w.ctx, tx, w.vaults, open.ID); err != nil || seen.Ours || seen.Recipient != "" {
		t.Errorf("it is shown: %+v %v", seen, err)
	}
	if list, err := vault.Sessions(w.ctx, tx, w.vaults); err != nil || len(list) != 1 || list[0].Ours || list[0].Recipient != "" {
		t.Errorf("it is listed: %+v %v", list, err)
	}
	sealed, err := sealTo(thief.Recipient(), s.Shares[0])
	w.must(err)
	hand := vault.Handing{Session: open.ID, To: thief.Recipient(), Sealed: []byte(sealed)}
	if err := vault.HandIn(w.ctx, tx, w.now(), w.actor("anna"), w.vaults, hand); fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Say(err), "not known here for the bot's own") {
		t.Errorf("it is taken: %v", err)
	}
	w.must(tx.Commit(w.ctx))
	g.hears("Alarm: somebody changed the key of session", open.Recipient)
	if seen, err := vault.SessionByID(w.ctx, w.db, w.vaults, open.ID); err != nil || !seen.Ours || seen.Recipient != open.Recipient {
		t.Errorf("it is not right again: %+v %v", seen, err)
	}
	// Only what people are told was changed: what is sealed to that is not kept either.
	err = pg.InTx(w.ctx, w.db, func(tx pgx.Tx) error {
		return vault.HandIn(w.ctx, tx, w.now(), w.actor("anna"), w.vaults, hand)
	})
	if fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Say(err), "another key than the run's") {
		t.Errorf("what was sealed to the thief is kept: %v", err)
	}
	for i := range 3 {
		g.hand(vault.ToUnseal, people[i], s.Shares[i])
	}
	g.ends()

	// A session of no run at all is closed by the watch, and told of.
	watch := w.watch(&ringer{}, v)
	w.sql(`insert into share_session (run_id, attempt, purpose, vault, recipient, stamp, state, begun_at)
		select run_id, 1, 'drill', 'main', $1, stamp, 'open', now() from share_session limit 1`, thief.Recipient())
	if said := w.looks(watch); !strings.Contains(said, "Alarm: session") || !strings.Contains(said, "was closed") {
		t.Errorf("nobody hears of it: %q", said)
	}
	if list, err := vault.Sessions(w.ctx, w.db, w.vaults); err != nil || len(list) != 0 {
		t.Errorf("%+v %v", list, err)
	}
	if said := w.looks(watch); strings.Contains(said, "Alarm") {
		t.Errorf("it is told twice: %q", said)
	}
	w.clean()
}

// The secret of the stamp is made once, and one that is damaged or open to others is not used.
func TestTheSecretOfTheStamp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "share-stamp.key")
	one, err := vault.LoadStamp(path)
	if err != nil {
		t.Fatal(err)
	}
	two, err := vault.LoadStamp(path)
	row := vault.Session{ID: 4, Vault: "main", Purpose: vault.ToUnseal, Recipient: "age1x"}
	if err != nil || one.Of(row) == "" || one.Of(row) != two.Of(row) {
		t.Errorf("it is not the same after a restart: %v", err)
	}
	for _, other := range []vault.Session{
		{ID: 5, Vault: "main", Purpose: vault.ToUnseal, Recipient: "age1x"}, {ID: 4, Vault: "spare", Purpose: vault.ToUnseal, Recipient: "age1x"},
		{ID: 4, Vault: "main", Purpose: vault.ToRoot, Recipient: "age1x"}, {ID: 4, Vault: "main", Purpose: vault.ToUnseal, Recipient: "age1y"},
	} {
		if one.Of(other) == one.Of(row) {
			t.Errorf("%+v has the same code", other)
		}
	}
	if a, b := vault.FreshStamp(), vault.FreshStamp(); a.Mark() == "" || a.Mark() == b.Mark() || one.Mark() != two.Mark() || one.Mark() == a.Mark() || (vault.Stamp{}).Mark() != "" {
		t.Error("secrets are not told apart by their marks")
	}
	if (vault.Stamp{}).Of(row) != "" || vault.NewStamp(bytes.Repeat([]byte{1}, 32)).Of(row) == one.Of(row) {
		t.Error("a code without the secret")
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.LoadStamp(path); fault.KindOf(err) != fault.Unready {
		t.Errorf("others may read it: %v", err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = os.Chmod(path, 0o600)
	if _, err := vault.LoadStamp(path); fault.KindOf(err) != fault.Unready {
		t.Errorf("it is damaged: %v", err)
	}
}

// A Vault was rekeyed by hand, and nobody told us: what Vault found right once is not held
// against the shares that open it today, and from then on those are known.
func TestARekeyByHand(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	w.register(s)
	// As if other shares of the same numbers had opened it last year.
	w.sql(`update share_holder set drilled_at = now(), commitment = repeat('0', 63) || id % 10`)
	g := w.unseal(w.vault(s))
	for i := range 3 {
		g.hand(vault.ToUnseal, people[i], s.Shares[i])
		g.hears("which "+people[i]+" handed in, is not share", "Look whether it is the right one")
	}
	res := g.ends()
	if s.Status().Sealed || strings.Contains(g.memory.Text(), "is wrong") {
		t.Fatalf("%+v\n%s", res, g.memory.Text())
	}
	for name, h := range w.holders() {
		_, c, err := share.Register("main", secret.New(s.Shares[len(people)-1]))
		w.must(err)
		switch name {
		case "dana", "emil": // theirs are of before, and known no more
			if h.Commitment != nil || h.DrilledAt != nil {
				t.Errorf("%+v", h)
			}
		default:
			if h.Commitment == nil || strings.HasPrefix(*h.Commitment, "000") || *h.Commitment == c || h.DrilledAt == nil {
				t.Errorf("%+v", h)
			}
		}
	}
	s.Seal()
	g = w.unseal(w.vault(s))
	for i := range 3 {
		g.hand(vault.ToUnseal, people[i], s.Shares[i])
	}
	g.ends()
	if strings.Contains(g.memory.Text(), "is not share") {
		t.Errorf("it learned nothing:\n%s", g.memory.Text())
	}
	// One that is not as it was is found wrong by Vault, when nothing else is left to try.
	s.Seal()
	g = w.unseal(w.vault(s))
	g.hand(vault.ToUnseal, "anna", vaulttest.Wrong(t, s.Shares[0]))
	g.hears("which anna handed in, is not share")
	g.hand(vault.ToUnseal, "bert", s.Shares[1])
	g.hears("1 of 3, by bert")
	g.hand(vault.ToUnseal, "carla", s.Shares[2])
	g.hears("which anna handed in, is wrong")
	g.hand(vault.ToUnseal, "emil", s.Shares[4])
	g.ends()
	w.clean()
}

// Everybody has one number, their newest; and only of Vaults that there are.
func TestOneNumberAPerson(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	w.vault(s)
	if err := w.registers("anna", "mane", s.Shares[0]); fault.KindOf(err) != fault.NotFound || !strings.Contains(fault.Say(err), `"mane"`) {
		t.Errorf("a Vault that is none: %v", err)
	}
	for _, value := range s.Shares {
		w.must(w.registers("anna", "main", value))
	}
	w.must(w.registers("bert", "main", s.Shares[0]))
	list, err := vault.Holders(w.ctx, w.db, "main")
	if err != nil || len(list) != 2 || *list[0].Number != vaulttest.Number(t, s.Shares[4]) || *list[1].Number != vaulttest.Number(t, s.Shares[0]) {
		t.Errorf("%+v %v", list, err)
	}
	// Of their own people know best, also of what Vault found right once.
	w.sql(`update share_holder set drilled_at = now()`)
	if err := w.registers("emil", "main", vaulttest.Wrong(t, s.Shares[4])); fault.KindOf(err) != fault.Conflict {
		t.Errorf("somebody else's: %v", err)
	}
	w.must(w.registers("anna", "main", vaulttest.Wrong(t, s.Shares[4])))
	if h := w.holders()["anna"]; h.DrilledAt != nil {
		t.Errorf("it counts as proven: %+v", h)
	}
}

// dyingDB begins no transaction once it is dead: what was to be kept of the end of a run is not.
type dyingDB struct {
	pg.DB
	dead atomic.Bool
}

func (d *dyingDB) Begin(ctx context.Context) (pgx.Tx, error) {
	if d.dead.Load() {
		return nil, errors.New("killed")
	}
	return d.DB.Begin(ctx)
}

// The bot dies when Vault has taken the last of the new shares: which are valid is known as
// soon as some open it.
func TestARekeyWhoseEndNobodySaw(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	s.Unseal()
	r := newRing(t, "carla", "dana", "emil")
	v := w.vault(s)
	parts, dying := w.parts(), &dyingDB{DB: w.db}
	parts.DB = dying
	k := &vault.Rekey{Parts: parts, Vault: v, Receivers: w.receivers(r, "carla", "dana", "emil")}
	w.register(s)
	g := w.do(k, job.Params{"threshold": "2"})
	for i := range 3 {
		g.hand(vault.ToRekey, people[i], s.Shares[i])
	}
	g.session(vault.ToVerify)
	mine := func(name string) vault.Parcel {
		list, err := vault.ParcelsFor(w.ctx, w.db, w.ids[name], name)
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v %v", list, err)
		}
		return list[0]
	}
	if p := mine("emil"); p.State != "new" || p.Unknown() {
		t.Errorf("%+v", p)
	}
	fresh := map[string]string{}
	for _, name := range people[2:] {
		fresh[name] = r.opens(mine(name))
		w.values = append(w.values, fresh[name])
	}
	g.hand(vault.ToVerify, "dana", fresh["dana"])
	g.hears("new shares: 1 of 2, by dana")
	dying.dead.Store(true)
	g.hand(vault.ToVerify, "carla", fresh["carla"])
	<-g.done
	if g.err == nil {
		t.Fatal("it did not die")
	}
	dying.dead.Store(false)
	w.must(g.memory.UndoAll(w.ctx, k))
	if p := mine("emil"); !p.Unknown() {
		t.Errorf("%+v", p)
	}
	s.Seal()
	open := w.unseal(v)
	open.hand(vault.ToUnseal, "carla", fresh["carla"])
	open.hand(vault.ToUnseal, "dana", fresh["dana"])
	open.ends()
	if p := mine("emil"); p.State != "valid" {
		t.Errorf("%+v", p)
	}
	if all := w.holders(); len(all) != 3 || all["carla"].DrilledAt == nil || all["emil"].Number != nil {
		t.Errorf("%+v", all)
	}
	w.clean()
}

// The same, but Vault forgot it: the old shares open it, so the new ones never will.
func TestARekeyThatVaultForgot(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	s.Unseal()
	r := newRing(t, "dana", "emil")
	v := w.vault(s)
	k := &vault.Rekey{Parts: w.parts(), Vault: v, Receivers: w.receivers(r, "dana", "emil")}
	w.register(s)
	g := w.do(k, job.Params{"threshold": "2"})
	for i := range 3 {
		g.hand(vault.ToRekey, people[i], s.Shares[i])
	}
	g.session(vault.ToVerify)
	s.Seal()
	g.dies()
	w.must(pg.InTx(w.ctx, w.db, func(tx pgx.Tx) error { return vault.EndOfRun(w.ctx, tx, w.now(), g.id) }))
	if list, err := vault.Parcels(w.ctx, w.db, g.id); err != nil || !list[0].Unknown() {
		t.Fatalf("%+v %v", list, err)
	}
	open := w.unseal(v)
	for i := range 3 {
		open.hand(vault.ToUnseal, people[i], s.Shares[i])
	}
	open.ends()
	if list, err := vault.Parcels(w.ctx, w.db, g.id); err != nil || list[0].State != "void" || list[1].State != "void" {
		t.Errorf("%+v %v", list, err)
	}
	w.clean()
}

// A node that is taken out of the configuration is not shown for ever.
func TestANodeThatIsDropped(t *testing.T) {
	w := newWorld(t)
	w.frozen = time.Date(2027, 3, 4, 3, 0, 0, 0, time.UTC)
	s := vaulttest.Start(t, vaulttest.Options{})
	v := w.vault(s, s)
	watch := w.watch(&ringer{}, v)
	w.looks(watch)
	seen := w.now()
	v.Nodes = v.Nodes[:1]
	w.pass(time.Hour)
	w.looks(watch)
	nodes, err := vault.Nodes(w.ctx, w.db, "main")
	if err != nil || len(nodes) != 1 || nodes[0].Node != "vault1" {
		t.Errorf("%+v %v", nodes, err)
	}
	down, err := vault.Measured(w.ctx, w.db, "main", seen.AddDate(0, -1, 0), w.now())
	if err != nil || len(down) != 3 || down[2].Node != "vault2" || down[2].Since != nil || down[2].Total > time.Minute || down[1].Since == nil {
		t.Errorf("%+v %v", down, err)
	}
}

// Who can read where the backups are has the shares of the holders among them at hand.
func TestWhoReadsTheBackups(t *testing.T) {
	c := vault.Custody{
		Vault: "main", Threshold: 2, Holders: []vault.Holder{{Handle: "anna"}, {Handle: "bert", Place: "the safe"}, {Handle: "carla"}},
		Kept: vault.Kept{Backups: []string{"attic"}, Readers: map[string][]string{"attic": {"anna", "root"}}},
	}
	if say := strings.Join(c.Sentences(), " "); !strings.Contains(say, "Anna can read attic, which keeps backups of the storage of Vault main, and at hand is 1 share of 2 needed.") {
		t.Error(say)
	}
	c.Readers["the safe"] = []string{"root"}
	if say := strings.Join(c.Sentences(), " "); !strings.Contains(say, "Anna and root can read attic") || !strings.Contains(say, "at hand are 2 shares of 2 needed: enough to open them, with nobody else.") {
		t.Error(say)
	}
	c.Readers = nil
	if say := strings.Join(c.Sentences(), " "); strings.Contains(say, "attic") {
		t.Error(say)
	}
}
