package vault_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/integrations/vault"
	"batsignal/integrations/vault/vaulttest"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/share"
)

func (w *world) unseal(v *vault.Vault) *running {
	w.Helper()
	return w.do(&vault.Unseal{Parts: w.parts(), Vault: v}, job.Params{"node": "all"})
}

func TestThreeOfFiveUnsealAVault(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	v := w.vault(s)
	k := &vault.Unseal{Parts: w.parts(), Vault: v}
	plan, err := k.Plan(w.ctx, job.Params{"node": "vault1"})
	if err != nil || !strings.Contains(strings.Join(plan, " "), "is sealed, and has 0 of 3 shares") {
		t.Errorf("%q %v", plan, err)
	}
	g := w.do(k, job.Params{"node": "vault1"})
	line := g.hears("Vault main, node vault1 is sealed: 0 of 3.", "batsignal share submit")
	session := g.session(vault.ToUnseal)
	if !strings.Contains(line, session.Recipient) {
		t.Errorf("the room does not say the key: %s", line)
	}
	g.hand(vault.ToUnseal, "anna", s.Shares[0])
	g.hears("Vault main, node vault1: 1 of 3, by anna.")
	g.hand(vault.ToUnseal, "anna", s.Shares[0])
	g.hears("share", "which anna handed in, was there already, and does not count twice")
	// Another spelling of it.
	raw, _ := base64.StdEncoding.DecodeString(s.Shares[1])
	g.hand(vault.ToUnseal, "bert", hex.EncodeToString(raw))
	g.hears("Vault main, node vault1: 2 of 3, by bert.")
	if now := g.session(vault.ToUnseal); now.Progress != 2 || now.Threshold != 3 || now.Node != "vault1" || now.Nonce == "" {
		t.Errorf("%+v", now)
	}
	began := time.Now()
	g.hand(vault.ToUnseal, "carla", s.Shares[4])
	g.hears("Vault main, node vault1 is unsealed. It was sealed for ")
	if lasted := time.Since(began); lasted > time.Second {
		t.Errorf("it took %v to say so", lasted)
	}
	res := g.ends()
	if res.Said != "Vault main: vault1 unsealed." || !strings.Contains(fmt.Sprint(res.Evidence), "anna (share") {
		t.Errorf("%+v", res)
	}
	if s.Status().Sealed {
		t.Error("it is still sealed")
	}
	// Who handed in right shares is known from now on.
	holders, err := vault.Holders(w.ctx, w.db, "main")
	if err != nil || len(holders) != 3 || holders[0].Handle != "anna" || holders[0].DrilledAt == nil || holders[0].Commitment == nil {
		t.Errorf("%+v %v", holders, err)
	}
	if err := w.handSealed("dana", session.ID, "-----BEGIN AGE ENCRYPTED FILE-----\n"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("%v", err)
	}
	w.clean()
}

func TestWhoHandsInNonsenseIsTold(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	g := w.unseal(w.vault(s))
	session := g.session(vault.ToUnseal)
	for _, bad := range []string{"", s.Shares[0], "canary"} {
		if err := w.handSealed("anna", session.ID, bad); fault.KindOf(err) != fault.Invalid || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%v", err)
		}
	}
	if err := w.handSealed("anna", session.ID+99, "age-encryption.org/v1\n"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
	other, err := share.NewKey()
	w.must(err)
	raw, _ := base64.StdEncoding.DecodeString(s.Shares[0])
	one, err := share.FromBytes(slices.Clone(raw))
	w.must(err)
	sealed, err := share.Seal(other.Recipient(), one)
	w.must(err)
	w.must(w.handSealed("anna", session.ID, sealed))
	g.hears("what anna handed in cannot be used", "not encrypted to the key of this run")
	short, err := share.FromBytes(slices.Clone(raw[:32]))
	w.must(err)
	sealed, err = share.Seal(session.Recipient, short)
	w.must(err)
	w.must(w.handSealed("bert", session.ID, sealed))
	g.hears("which bert handed in, is wrong", "one byte less")
	if st := s.Status(); st.Progress != 0 {
		t.Errorf("%+v", st)
	}
	g.dies()
	w.clean()
}

// Without registered shares a wrong one is found by trying, as soon as there are enough.
func TestAWrongShareIsFoundByTrying(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	g := w.unseal(w.vault(s))
	bad := vaulttest.Wrong(t, s.Shares[1])
	w.values = append(w.values, bad)
	g.hand(vault.ToUnseal, "anna", s.Shares[0])
	g.hand(vault.ToUnseal, "bert", bad)
	g.hears("2 of 3")
	w.pass(11 * time.Minute)
	g.hears("still 2 of 3", "batsignal share submit")
	g.hand(vault.ToUnseal, "carla", s.Shares[2])
	g.hears("refused", "anna (share", "bert (share", "carla (share", "at least one is wrong")
	g.hand(vault.ToUnseal, "dana", s.Shares[3])
	g.hears(fmt.Sprintf("share %d, which bert handed in, is wrong", vaulttest.Number(t, s.Shares[1])))
	res := g.ends()
	if s.Status().Sealed || !strings.Contains(fmt.Sprint(res.Evidence), "wrong share bert") {
		t.Errorf("%+v", res)
	}
	w.clean()
}

// Two are wrong; the fifth share makes three right ones.
func TestTwoWrongSharesOfFive(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	g := w.unseal(w.vault(s))
	for i, name := range people {
		value := s.Shares[i]
		if i == 0 || i == 3 {
			value = vaulttest.Wrong(t, value)
		}
		g.hand(vault.ToUnseal, name, value)
	}
	g.hears("which anna handed in, is wrong")
	g.hears("which dana handed in, is wrong")
	g.ends()
	if s.Status().Sealed {
		t.Error("it is still sealed")
	}
}

// A registered share is told from a wrong one before Vault sees it.
func TestAWrongShareIsNamedAtOnce(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	w.register(s)
	g := w.unseal(w.vault(s))
	g.hand(vault.ToUnseal, "bert", vaulttest.Wrong(t, s.Shares[1]))
	g.hears(fmt.Sprintf("share %d, which bert handed in, is not share %[1]d as bert registered it", vaulttest.Number(t, s.Shares[1])))
	if st := s.Status(); st.Progress != 0 {
		t.Errorf("Vault was handed it: %+v", st)
	}
	for i, name := range people[1:4] {
		g.hand(vault.ToUnseal, name, s.Shares[1+i])
	}
	g.ends()
	// Others than the holders cannot hand in.
	w.must(pg.InTx(w.ctx, w.db, func(tx pgx.Tx) error {
		_, err := tx.Exec(w.ctx, `update share_holder set gone_at = now() where handle = 'emil'`)
		if err == nil { // and there are no more shares than those of the four
			_, err = tx.Exec(w.ctx, `insert into vault_node (vault, node, state, since, asked_at, shares, threshold) values ('main', 'vault1', 'open', now(), now(), 4, 3)`)
		}
		return err
	}))
	s.Seal()
	g = w.unseal(w.vault(s))
	if err := w.handSealed("emil", g.session(vault.ToUnseal).ID, "age-encryption.org/v1\n"); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("%v", err)
	}
	w.clean()
}

// What was registered may be of before a rekey: then it proves nothing.
func TestRegisteredSharesThatOpenNothing(t *testing.T) {
	w := newWorld(t)
	old, s := vaulttest.Start(t, vaulttest.Options{}), vaulttest.Start(t, vaulttest.Options{})
	w.vault(old)
	w.register(old)
	g := w.unseal(w.vault(s))
	for i, name := range people[:3] {
		g.hand(vault.ToUnseal, name, old.Shares[i])
	}
	g.hears("refused", "though each is as it was registered")
	if holders, err := vault.Holders(w.ctx, w.db, "main"); err != nil || holders[0].DrilledAt != nil {
		t.Errorf("%+v %v", holders, err)
	}
	for i, name := range people[:3] {
		g.hand(vault.ToUnseal, name, s.Shares[i])
	}
	g.hears("which anna handed in, is wrong")
	g.ends()
	w.clean()
}

// Shares that go straight to Vault count, and so does what somebody resets.
func TestOthersAreAtItToo(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	s.Submit(s.Shares[4])
	g := w.unseal(w.vault(s))
	g.hears("is sealed: 1 of 3")
	g.hand(vault.ToUnseal, "emil", s.Shares[4])
	g.hears("which emil handed in, is in Vault already, and does not count twice")
	g.hand(vault.ToUnseal, "anna", s.Shares[0])
	g.hears("2 of 3, by anna")
	s.Reset()
	g.hears("began anew", "I hand in again what I have")
	g.hears("1 of 3, by") // both again, in some order
	for deadline := time.Now().Add(patience); s.Status().Progress != 2 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
	}
	if st := s.Status(); st.Progress != 2 {
		t.Fatalf("%+v", st)
	}
	s.Submit(s.Shares[2])
	g.hears("is unsealed")
	g.ends()
	w.clean()
}

// A wrong share that went straight to Vault is nobody's in the list of the run.
func TestSomebodyHandsInAWrongShareElsewhere(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	s.Submit(vaulttest.Wrong(t, s.Shares[4]))
	g := w.unseal(w.vault(s))
	g.hand(vault.ToUnseal, "anna", s.Shares[0])
	g.hand(vault.ToUnseal, "bert", s.Shares[1])
	g.hears("refused", "the one that went straight to Vault")
	g.hand(vault.ToUnseal, "carla", s.Shares[2])
	g.hears("is unsealed")
	res := g.ends()
	if strings.Contains(fmt.Sprint(res.Evidence), "wrong share") {
		t.Errorf("%+v", res)
	}
	w.clean()
}

// Nobody fills the database with shares.
func TestTooManyShares(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	g := w.unseal(w.vault(s))
	session := g.session(vault.ToUnseal)
	g.dies()
	_, err := w.db.Exec(w.ctx, `update share_session set state = 'open', ended_at = null`)
	w.must(err)
	for n := 0; err == nil; n++ {
		if err = w.handSealed("anna", session.ID, "age-encryption.org/v1\n"); n > 100 {
			t.Fatal("there is no end")
		}
	}
	if fault.KindOf(err) != fault.Limited {
		t.Error(err)
	}
	if open, err := vault.Sessions(w.ctx, w.db, w.vaults); err != nil || len(open) != 1 || open[0].ID != session.ID {
		t.Errorf("%+v %v", open, err)
	}
	if p := vault.NodeParam(w.vault(s)); len(p.Choices) != 2 || p.Choices[1] != "vault1" {
		t.Errorf("%+v", p)
	}
}

// A Vault that is killed half-way has forgotten everything; the run has not.
func TestAVaultThatRestartsHalfWay(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	g := w.unseal(w.vault(s))
	g.hand(vault.ToUnseal, "anna", s.Shares[0])
	g.hand(vault.ToUnseal, "bert", s.Shares[1])
	g.hears("2 of 3")
	s.Kill()
	g.hears("node vault1 does not answer", "I wait, and keep what was handed in")
	s.Restart()
	g.hears("answers again")
	g.hears("began anew")
	g.hand(vault.ToUnseal, "carla", s.Shares[2])
	g.hears("3 of 3")
	g.ends()
	w.clean()
}

// A bot that dies half-way: the next one has another key, and what Vault has counts.
func TestABotThatDiesHalfWay(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	k := &vault.Unseal{Parts: w.parts(), Vault: w.vault(s)}
	id := w.newRun()
	g := w.again(k, job.Params{"node": "all"}, id, 1)
	g.hand(vault.ToUnseal, "anna", s.Shares[0])
	g.hears("1 of 3, by anna")
	first := g.session(vault.ToUnseal)
	g.dies()
	// It died before it closed anything, and before it read what bert handed in.
	sealed, err := sealTo(first.Recipient, s.Shares[1])
	w.must(err)
	_, err = w.db.Exec(w.ctx, `update share_session set state = 'open', ended_at = null where id = $1`, first.ID)
	w.must(err)
	w.must(w.handSealed("bert", first.ID, sealed))
	g = w.again(k, job.Params{"node": "all"}, id, 2)
	g.hears("restarted before it could read what bert handed in")
	g.hears("is sealed: 1 of 3")
	if now := g.session(vault.ToUnseal); now.Recipient == first.Recipient || now.ID == first.ID {
		t.Errorf("%+v", now)
	}
	g.hand(vault.ToUnseal, "bert", s.Shares[1])
	g.hand(vault.ToUnseal, "carla", s.Shares[2])
	g.ends()
	var waiting int
	w.must(w.db.QueryRow(w.ctx, `select count(*) from share_handed`).Scan(&waiting))
	if waiting != 0 {
		t.Errorf("%d shares are still there", waiting)
	}
	w.clean()
}

// Two nodes on the same shares: nobody is asked twice.
func TestSeveralNodesWithTheSameShares(t *testing.T) {
	w := newWorld(t)
	one := vaulttest.Start(t, vaulttest.Options{})
	one.Kill()
	// The second one has a copy of the files, which is near enough: the shares are the same.
	two := vaulttest.Start(t, vaulttest.Options{Data: vaulttest.Copy(t, one.Data)})
	one.Restart()
	g := w.unseal(w.vault(one, two))
	for i, name := range people[:3] {
		g.hand(vault.ToUnseal, name, one.Shares[i])
	}
	g.hears("node vault1 is unsealed")
	g.hears("node vault2 is sealed, too", "I take the shares that I have")
	if res := g.ends(); res.Said != "Vault main: vault1 and vault2 unsealed." {
		t.Error(res.Said)
	}
	if two.Status().Sealed {
		t.Error("it is still sealed")
	}
	one.Seal()
	two.Kill()
	g = w.unseal(w.vault(one, two))
	for i, name := range people[:3] {
		g.hand(vault.ToUnseal, name, one.Shares[i])
	}
	if res := g.ends(); res.Said != "Vault main: vault1 unsealed, but vault2 does not answer: the connection is refused." {
		t.Error(res.Said)
	}
	g = w.unseal(w.vault(one))
	if res := g.ends(); res.Said != "Vault main: no node that answers is sealed." {
		t.Error(res.Said)
	}
	one.Kill()
	g = w.unseal(w.vault(one))
	g.hears("vault1 does not answer", "I wait")
	one.Restart()
	g.hears("is sealed: 0 of 3")
	g.dies()
	if g.err != context.Canceled {
		t.Error(g.err)
	}
	w.clean()
}

// A node that dies for good keeps the others waiting for a moment only.
func TestANodeThatDiesForGood(t *testing.T) {
	w := newWorld(t)
	one := vaulttest.Start(t, vaulttest.Options{})
	one.Kill()
	two := vaulttest.Start(t, vaulttest.Options{Data: vaulttest.Copy(t, one.Data)})
	one.Restart()
	parts := w.parts()
	parts.Leave = 100 * time.Millisecond
	g := w.do(&vault.Unseal{Parts: parts, Vault: w.vault(one, two)}, job.Params{"node": "all"})
	g.hand(vault.ToUnseal, "anna", one.Shares[0])
	g.hears("node vault1: 1 of 3, by anna")
	one.Kill()
	g.hears("node vault2 is sealed, too")
	g.hears("node vault2: 1 of 3, by anna")
	g.hand(vault.ToUnseal, "bert", one.Shares[1])
	g.hand(vault.ToUnseal, "carla", one.Shares[2])
	g.hears("node vault2 is unsealed")
	if res := g.ends(); !strings.HasPrefix(res.Said, "Vault main: vault2 unsealed, but vault1 does not answer") {
		t.Error(res.Said)
	}
	w.clean()
}

func TestAKeyThatWasNeverSplit(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{Shares: 1, Threshold: 1})
	g := w.unseal(w.vault(s))
	g.hand(vault.ToUnseal, "anna", vaulttest.Wrong(t, s.Shares[0]))
	g.hears("the only share, which anna handed in, is wrong")
	g.hand(vault.ToUnseal, "bert", s.Shares[0])
	g.hears("is unsealed")
	g.ends()
	w.clean()
}
