package vault_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"batsignal/integrations/job"
	"batsignal/integrations/vault"
	"batsignal/integrations/vault/vaulttest"
	"batsignal/migrations/childtest"
	"batsignal/oncall/fault"
)

// ring is a gpg of each person, in one keyring for short.
type ring struct {
	testing.TB
	home string
}

func newRing(t *testing.T, names ...string) *ring {
	t.Helper()
	if _, err := exec.LookPath("gpg"); err != nil {
		childtest.Lacks(t, err)
	}
	home, err := os.MkdirTemp("", "g") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	r := &ring{t, home}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	for _, name := range names {
		r.gpg("", "--batch", "--passphrase", "", "--quick-generate-key", name+"@example.org", "rsa2048", "encrypt,sign", "never")
	}
	return r
}

func (r *ring) gpg(stdin string, args ...string) string {
	r.Helper()
	cmd := exec.Command("gpg", append([]string{"--homedir", r.home, "--quiet", "--no-tty"}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		r.Fatalf("gpg %q: %v", args, err)
	}
	return string(out)
}

// opens decrypts what Vault encrypted, as people do: base64 -d | gpg -d.
func (r *ring) opens(p vault.Parcel) string {
	r.Helper()
	raw, err := base64.StdEncoding.DecodeString(p.Sealed)
	if err != nil {
		r.Fatal(err)
	}
	return r.gpg(string(raw), "--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--decrypt")
}

func (w *world) receivers(r *ring, names ...string) (list []vault.Receiver) {
	w.Helper()
	for i, name := range names {
		key := r.gpg("", "--armor", "--export", name+"@example.org")
		if i%2 == 1 { // the other way in which a key can be configured
			key = base64.StdEncoding.EncodeToString([]byte(r.gpg("", "--export", name+"@example.org")))
		}
		list = append(list, vault.Receiver{Person: w.ids[name], Handle: name, Key: key})
	}
	return list
}

func TestARekey(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	s.Unseal()
	r := newRing(t, "carla", "dana", "emil")
	k := &vault.Rekey{Parts: w.parts(), Vault: w.vault(s), Receivers: w.receivers(r, "carla", "dana", "emil")}
	p := job.Params{"threshold": "2"}
	w.register(s)
	if plan, err := k.Plan(w.ctx, p); err != nil || !strings.Contains(plan[0], "3 of the old shares") {
		t.Fatalf("%q %v", plan, err)
	}
	g := w.do(k, p)
	g.hears("Rekey of Vault main, for carla, dana and emil: 0 of 3 of the old shares.")
	g.hand(vault.ToRekey, "anna", s.Shares[0])
	g.hears("1 of 3, by anna")
	g.hand(vault.ToRekey, "bert", vaulttest.Wrong(t, s.Shares[1]))
	g.hears("which bert handed in, is not share", "as bert registered it")
	g.hand(vault.ToRekey, "bert", s.Shares[1])
	g.hand(vault.ToRekey, "carla", s.Shares[2])
	g.hears("the new shares are made")
	g.session(vault.ToVerify)
	parcels, err := vault.Parcels(w.ctx, w.db, g.id)
	if err != nil || len(parcels) != 3 || parcels[0].State != "new" || parcels[1].Handle != "dana" {
		t.Fatalf("%+v %v", parcels, err)
	}
	fresh := make([]string, 3)
	for i, parcel := range parcels {
		fresh[i] = r.opens(parcel)
		w.values = append(w.values, fresh[i])
	}
	g.hand(vault.ToVerify, "dana", fresh[1])
	g.hears("new shares: 1 of 2, by dana")
	// An old share is none of the new ones, and neither is a damaged one.
	g.hand(vault.ToVerify, "carla", s.Shares[0])
	g.hears("at least one is wrong")
	var proven int
	if err := w.db.QueryRow(w.ctx, `select count(*) from share_parcel where proven is not null`).Scan(&proven); err != nil || proven != 0 {
		t.Errorf("%d count as proven after they were wrong together, %v", proven, err)
	}
	g.hand(vault.ToVerify, "emil", fresh[2])
	g.hears("which carla handed in, is wrong")
	res := g.ends()
	if !strings.Contains(res.Said, "any 2 of carla, dana and emil open it") || len(res.Artifacts) != 3 {
		t.Errorf("%+v", res)
	}
	w.must(g.memory.UndoAll(w.ctx, k))
	holders, err := vault.Holders(w.ctx, w.db, "main")
	if err != nil || len(holders) != 3 || holders[0].Number != nil || holders[1].Number == nil || holders[1].DrilledAt == nil {
		t.Errorf("%+v %v", holders, err)
	}
	if mine, err := vault.ParcelsFor(w.ctx, w.db, w.ids["dana"], "dana"); err != nil || len(mine) != 1 || mine[0].State != "valid" {
		t.Errorf("%+v %v", mine, err)
	}
	// The old ones open nothing, the new ones do.
	s.Seal()
	if s.Submit(s.Shares[0], s.Shares[1], s.Shares[2]); !s.Status().Sealed {
		t.Error("the old shares open it")
	}
	s.Reset()
	s.Submit(fresh[0], fresh[2])
	s.Active()
	w.clean()
}

// A rekey that dies is called off, and the old shares stay.
func TestARekeyThatDies(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	s.Unseal()
	r := newRing(t, "dana", "emil")
	k := &vault.Rekey{Parts: w.parts(), Vault: w.vault(s), Receivers: w.receivers(r, "dana", "emil")}
	g := w.do(k, job.Params{"threshold": "2"})
	g.session(vault.ToRekey)
	other := w.do(k, job.Params{"threshold": "2"})
	if <-other.done; fault.KindOf(other.err) != fault.Conflict {
		t.Fatalf("two at once: %v", other.err)
	}
	w.must(other.memory.UndoAll(w.ctx, k)) // which takes nothing back that is not its own
	for i := range 3 {
		g.hand(vault.ToRekey, people[i], s.Shares[i])
	}
	g.session(vault.ToVerify)
	g.dies()
	w.must(g.memory.UndoAll(w.ctx, k))
	if st := s.Call(http.MethodGet, "sys/rekey/init", "", nil); st["started"] != false {
		t.Errorf("%v", st)
	}
	if list, err := vault.Parcels(w.ctx, w.db, g.id); err != nil || len(list) != 2 || list[0].State != "void" {
		t.Errorf("%+v %v", list, err)
	}
	w.must(g.memory.UndoAll(w.ctx, k))
	// And the same run again, of which Vault forgets half: it is restarted.
	g = w.again(k, job.Params{"threshold": "2"}, g.id, 2)
	g.hand(vault.ToRekey, "anna", s.Shares[0])
	g.hears("1 of 3, by anna")
	s.Kill()
	g.hears("No node of Vault main is active", "I wait")
	s.Restart()
	s.Unseal()
	g.hears("answers again")
	for i := range 3 {
		g.hand(vault.ToRekey, people[i], s.Shares[i])
	}
	g.hears("the new shares are made")
	s.Seal()
	s.Unseal()
	if <-g.done; fault.KindOf(g.err) != fault.Conflict || !strings.Contains(g.err.Error(), "The old shares are valid") {
		t.Errorf("%v", g.err)
	}
	w.clean()
}

func TestARootTokenForOnePerson(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	s.Unseal()
	r := newRing(t, "anna")
	k := &vault.Root{Parts: w.parts(), Vault: w.vault(s), Receivers: w.receivers(r, "anna")}
	if _, err := k.Plan(w.ctx, job.Params{"for": "bert"}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	p := job.Params{"for": "anna"}
	if plan, err := k.Plan(w.ctx, p); err != nil || !strings.Contains(plan[0], "3 shares of Vault main") {
		t.Errorf("%q %v", plan, err)
	}
	g := w.do(k, p)
	g.hand(vault.ToRoot, "anna", s.Shares[0])
	g.hears("1 of 3, by anna")
	g.dies()
	w.must(g.memory.UndoAll(w.ctx, k))
	g = w.again(k, p, g.id, 2)
	g.hand(vault.ToRoot, "bert", s.Shares[1])
	g.hand(vault.ToRoot, "carla", vaulttest.Wrong(t, s.Shares[2]))
	g.hand(vault.ToRoot, "dana", s.Shares[3])
	g.hears("at least one is wrong")
	g.hand(vault.ToRoot, "emil", s.Shares[4])
	g.hears("which carla handed in, is wrong")
	if res := g.ends(); !strings.Contains(res.Said, "was made for anna") || len(res.Artifacts) != 1 {
		t.Errorf("%+v", res)
	}
	w.must(g.memory.UndoAll(w.ctx, k))
	mine, err := vault.ParcelsFor(w.ctx, w.db, w.ids["anna"], "anna")
	if err != nil || len(mine) != 1 {
		t.Fatalf("%+v %v", mine, err)
	}
	token := strings.TrimSpace(r.opens(mine[0]))
	w.values = append(w.values, token)
	if got := s.Call(http.MethodGet, "auth/token/lookup-self", token, nil); !strings.Contains(fmt.Sprint(got), "root") {
		t.Errorf("%v", got)
	}
	w.clean()
}
