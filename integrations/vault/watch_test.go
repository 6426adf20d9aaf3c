package vault_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/integrations/job"
	"batsignal/integrations/vault"
	"batsignal/integrations/vault/vaulttest"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/secret"
)

// ringer remembers who was rung, and what was asked for.
type ringer struct {
	calls []vault.Call
	wants []vault.Want
}

func (r *ringer) Call(_ context.Context, _ pgx.Tx, c vault.Call) error {
	r.calls = append(r.calls, c)
	return nil
}

func (w *world) watch(r *ringer, vaults ...*vault.Vault) *vault.Watch {
	w.Helper()
	queue, err := river.NewClient(riverpgxv5.New(w.db), &river.Config{Logger: silent()})
	w.must(err)
	return &vault.Watch{DB: w.db, Queue: queue, Now: w.now, Log: silent(), Vaults: vaults,
		Rooms: []rota.Room{{Network: "libera", Room: "#ops"}}, Networks: []string{"libera"}, Caller: r,
		Unseal: func(_ context.Context, _ pgx.Tx, want vault.Want) error { r.wants = append(r.wants, want); return nil }}
}

// said takes what was announced so far.
func (w *world) said() string {
	w.Helper()
	rows, err := w.db.Query(w.ctx, `update notice set state = 'sent', done_at = now() where state = 'waiting' returning room || account || ': ' || text`)
	w.must(err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	w.must(err)
	return strings.Join(list, "\n")
}

// looks lets the watch look once, when it is due.
func (w *world) looks(watch *vault.Watch) string {
	w.Helper()
	w.pass(20 * time.Second)
	w.must(watch.Look(w.ctx))
	return w.said()
}

func TestASealedVaultIsNoticed(t *testing.T) {
	w := newWorld(t)
	w.frozen = time.Date(2027, 3, 4, 3, 0, 0, 0, time.UTC)
	s := vaulttest.Start(t, vaulttest.Options{})
	v := w.vault(s)
	w.register(s)
	s.Unseal()
	r := &ringer{}
	watch := w.watch(r, v)
	if said := w.looks(watch); said != "" || len(r.calls) > 0 {
		t.Errorf("an open Vault is told of: %s", said)
	}
	w.must(watch.Look(w.ctx)) // too early to ask again
	s.Seal()
	said := w.looks(watch)
	for _, want := range []string{
		"#ops: Vault main, node vault1 is sealed: 0 of 3 shares are in. Its holders are called.", "anna: Vault main, node vault1 is sealed", "emil: ",
		"#ops: No node of Vault main serves any more. Everything else can do without it for 24 h.",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in %s", want, said)
		}
	}
	if len(r.calls) != 1 || len(r.calls[0].People) != 5 || len(r.wants) != 1 || !strings.HasPrefix(r.wants[0].Key, "unseal main ") {
		t.Fatalf("%+v", r)
	}
	if said := w.looks(watch); said != "" || len(r.calls) != 1 {
		t.Errorf("%s %+v", said, r.calls)
	}
	w.pass(15 * time.Minute)
	if said := w.looks(watch); !strings.Contains(said, "still sealed, for 16 min now") || len(r.calls) != 2 || r.wants[1].Key != r.wants[0].Key || r.calls[1].Key == r.calls[0].Key {
		t.Errorf("%s %+v", said, r)
	}
	// That nobody answers is something else.
	s.Kill()
	if said := w.looks(watch) + w.looks(watch); said != "" {
		t.Errorf("one answer is missing, and it says: %s", said)
	}
	if said := w.looks(watch); !strings.Contains(said, "vault1 does not answer: the connection is refused. Whether it is sealed is not known.") {
		t.Error(said)
	}
	if said := w.looks(watch); said != "" {
		t.Errorf("it says so twice: %s", said)
	}
	s.Restart()
	w.looks(watch)
	// The run measures by what the watch saw, and closes it.
	g := w.unseal(v)
	for i := range 3 {
		g.hand(vault.ToUnseal, people[i], s.Shares[i])
	}
	if line := g.hears("is unsealed"); !strings.HasSuffix(line, "It was sealed for 17 min 40 s.") {
		t.Error(line)
	}
	g.ends()
	if said := w.looks(watch); said != "" {
		t.Errorf("it was said already: %s", said)
	}
	nodes, err := vault.Nodes(w.ctx, w.db, "main")
	if err != nil || len(nodes) != 1 || nodes[0].State != vault.NodeOpen || nodes[0].Version == "" {
		t.Errorf("%+v %v", nodes, err)
	}
	down, err := vault.Measured(w.ctx, w.db, "main", w.now().AddDate(0, -1, 0), w.now())
	if err != nil || len(down) != 2 || down[1].String() != "Vault main, node vault1 was sealed once, for 17 min 40 s in all; the longest was 17 min 40 s." || down[0].Since != nil {
		t.Errorf("%v %v", down, err)
	}
	// Unsealed by others: the watch says it.
	s.Seal()
	w.looks(watch)
	s.Unseal()
	if said := w.looks(watch); !strings.Contains(said, "node vault1 is unsealed. It was sealed for 40 s.") {
		t.Error(said)
	}
	// A bot that was down for a day does not claim that it was sealed for as long.
	s.Seal()
	w.pass(24 * time.Hour)
	w.looks(watch)
	down, err = vault.Measured(w.ctx, w.db, "main", w.now().AddDate(0, -1, 0), w.now())
	if err != nil || down[0].Times != 3 || down[0].Since == nil || down[0].Total > time.Hour {
		t.Errorf("%v %v", down, err)
	}
	w.clean()
}

func TestHowLongOneCanServeWithoutIt(t *testing.T) {
	now := time.Date(2027, 3, 4, 3, 0, 0, 0, time.UTC)
	at := func(d time.Duration) *time.Time { v := now.Add(-d); return &v }
	v, unknown := &vault.Vault{Name: "main", Tolerates: 24 * time.Hour}, &vault.Vault{Name: "main"}
	for got, want := range map[string]string{
		v.Serves(nil, now):                     "Vault main serves. Without it the rest can go on for 24 h.",
		v.Serves(at(90*time.Minute), now):      "Vault main does not serve for 1 h 30 min now. The rest can go on for 22 h 30 min more.",
		v.Serves(at(25*time.Hour), now):        "Vault main does not serve for 25 h now: 1 h longer than the rest can do without it.",
		unknown.Serves(at(5*time.Second), now): "Vault main does not serve for 5 s now. For how long the rest can do without it is not configured.",
	} {
		if got != want {
			t.Errorf("%s\n%s", got, want)
		}
	}
}

// A share that was said in a room is burnt.
func TestABurntShare(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	w.vault(s)
	w.register(s)
	name, number, holder, found, err := vault.Recognise(w.ctx, w.db, secret.New(s.Shares[2]))
	if err != nil || !found || name != "main" || number != vaulttest.Number(t, s.Shares[2]) || holder != "carla" {
		t.Fatalf("%s %d %s %v %v", name, number, holder, found, err)
	}
	for _, other := range []string{vaulttest.Wrong(t, s.Shares[2]), "hello", ""} {
		if _, _, _, found, err := vault.Recognise(w.ctx, w.db, secret.New(other)); found || err != nil {
			t.Errorf("%v %v", found, err)
		}
	}
	burn := vault.Burn{Key: "libera/#ops/17", Vault: "main", Number: number, By: "carla", In: "#ops", At: w.now()}
	var first int64
	for n := range 3 {
		w.must(pg.InTx(w.ctx, w.db, func(tx pgx.Tx) error {
			id, fresh, err := vault.Burnt(w.ctx, tx, burn)
			if n == 0 {
				first = id
			}
			if fresh != (n == 0) || id != first {
				t.Errorf("%d: %d %v", n, id, fresh)
			}
			return err
		}))
	}
	list, err := vault.Rotations(w.ctx, w.db, false)
	if err != nil || len(list) != 1 || list[0].String() != fmt.Sprintf("Share %d of Vault main was said by carla in #ops: make it anew (a share: by a rekey).", number) {
		t.Fatalf("%v %v", list, err)
	}
	done := func(id int64) error {
		return pg.InTx(w.ctx, w.db, func(tx pgx.Tx) error { return vault.RotationDone(w.ctx, tx, w.now(), w.actor("dana"), id) })
	}
	w.must(done(first))
	if err := done(first); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "by dana") {
		t.Errorf("%v", err)
	}
	if err := done(first + 1); fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
	if list, err := vault.Rotations(w.ctx, w.db, true); err != nil || len(list) != 1 || list[0].DoneBy != "dana" {
		t.Errorf("%v %v", list, err)
	}
	if list, err := vault.Rotations(w.ctx, w.db, false); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	w.clean()
}

func TestWhoKeepsTheShares(t *testing.T) {
	w := newWorld(t)
	holder := func(name, place string) vault.Holder { return vault.Holder{Handle: name, Place: place} }
	five := func(places ...string) (list []vault.Holder) {
		for i, p := range places {
			list = append(list, holder(people[i], p))
		}
		return list
	}
	for name, c := range map[string]struct {
		custody vault.Custody
		want    []string
	}{
		"apart": {vault.Custody{Threshold: 3, Holders: five("anna's laptop", "", "", "", "")},
			[]string{"3 of 5 needed; if anna's laptop is lost, 4 remain.", "3 people can open it together", "3 losses lose it for good"}},
		"one repository": {vault.Custody{Threshold: 3, Holders: five("the repository", "the repository", "the repository", "", ""), Kept: vault.Kept{Readers: map[string][]string{"the repository": {"root"}}}},
			[]string{"if the repository is lost, 2 remain, and nobody can open it any more", "1 person can open it"}},
		"with the backups": {vault.Custody{Threshold: 3, Holders: five("s3", "", "", "", ""), Kept: vault.Kept{Backups: []string{"s3", "tape"}}},
			[]string{"S3 keeps backups of the storage of Vault main, and 1 share of it. Move it away."}},
		"all with the backups": {vault.Custody{Threshold: 2, Holders: five("s3", "s3", "", "", ""), Kept: vault.Kept{Backups: []string{"s3"}}},
			[]string{"enough shares to open them"}},
		"too few": {vault.Custody{Threshold: 3, Holders: five("", "")}, []string{"Only 2 of the shares of Vault main are registered, and 3 are needed."}},
		"none":    {vault.Custody{Threshold: 3}, []string{"Nobody has registered a share"}},
		"not yet": {vault.Custody{Holders: five("", "")}, []string{"2 shares of Vault main are registered"}},
	} {
		c.custody.Vault = "main"
		say := strings.Join(c.custody.Sentences(), " ")
		for _, want := range c.want {
			if !strings.Contains(say, want) {
				t.Errorf("%s: %q is not in %s", name, want, say)
			}
		}
	}
	// What was only known by name gets its number when it is registered.
	s := vaulttest.Start(t, vaulttest.Options{})
	w.vault(s)
	w.must(pg.InTx(w.ctx, w.db, func(tx pgx.Tx) error {
		return vault.AddHolder(w.ctx, tx, w.now(), "main", w.actor("anna"), "a safe")
	}))
	w.register(s)
	w.register(s)
	list, err := vault.Holders(w.ctx, w.db, "main")
	if err != nil || len(list) != 5 || list[0].Number == nil || list[0].Place != "anna's laptop" {
		t.Errorf("%+v %v", list, err)
	}
	// What Vault found right once, nobody else registers in another form.
	if _, err := w.db.Exec(w.ctx, "update share_holder set drilled_at = registered_at"); err != nil {
		t.Fatal(err)
	}
	err = pg.InTx(w.ctx, w.db, func(tx pgx.Tx) error {
		return vault.Register(w.ctx, tx, w.now(), w.actor("bert"), main, vault.Registration{Vault: "main", Number: *list[0].Number, Commitment: strings.Repeat("0", 64)})
	})
	if fault.KindOf(err) != fault.Conflict {
		t.Errorf("%v", err)
	}
	k := &vault.Unseal{Parts: w.parts(), Vault: w.vault(s)}
	if plan, err := k.Plan(w.ctx, job.Params{}); err != nil || !strings.Contains(strings.Join(plan, " "), "how many open it is not known until a node answers") {
		t.Errorf("%q %v", plan, err)
	}
	w.clean()
}
