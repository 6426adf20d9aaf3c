package vault_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/integrations/throwaway"
	"batsignal/integrations/vault"
	"batsignal/integrations/vault/vaulttest"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// proving is a kind that proves a backup, as package backup does.
type proving struct {
	*vault.Raft
	from  []byte
	taken backup.Taken
	proof backup.Proof
}

func (k *proving) Plan(context.Context, job.Params) ([]string, error) { return nil, nil }

func (k *proving) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	var err error
	k.proof, err = k.Prove(ctx, r, bytes.NewReader(k.from), k.taken)
	return job.Result{}, err
}

func TestASnapshotOfRaftIsProven(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{Raft: true})
	v := w.vault(s)
	k := &vault.Raft{Parts: w.parts(), Vault: v, Token: secret.New(s.Root)}
	r, m := jobtest.Run(t, job.About{})
	var snapshot bytes.Buffer
	if _, err := k.Write(w.ctx, r, &snapshot); fault.KindOf(err) != fault.Unready || !strings.Contains(err.Error(), "Unseal it first") {
		t.Errorf("of a sealed Vault: %v", err)
	}
	s.Unseal()
	snapshot.Reset()
	taken, err := k.Write(w.ctx, r, &snapshot)
	if err != nil || taken.Sentinel == "" || len(taken.Facts) != 4 || taken.Facts[2][1] != "5" || m.Number != int64(snapshot.Len()) {
		t.Fatalf("%+v %v", taken, err)
	}
	// As far as one comes without a server.
	p := &proving{Raft: k, from: snapshot.Bytes(), taken: taken}
	w.do(p, nil).ends()
	if p.proof.Level != 2 {
		t.Errorf("%+v", p.proof)
	}
	program, err := vaulttest.Build()
	w.must(err)
	k.Server = []string{program, "-listen", "@LISTEN@", "-raft", "@DIR@"}
	k.Drill, k.Walls = true, throwaway.Walls{Mode: throwaway.Auto, Ours: argv.OurWalls()}
	walls, err := k.Walls.Build(w.ctx)
	w.must(err)
	if walls.Note() != "" { // then it is drilled only where somebody wrote so
		k.Walls.Mode = throwaway.Off
		walls, err = k.Walls.Build(w.ctx)
		w.must(err)
	}
	g := w.do(p, nil)
	g.hears("Drill of Vault main", "3 shares are needed to open that")
	if ours, err := os.Readlink("/proc/self/ns/net"); err != nil || walls.Note() == "" && networkOf(program, "run-") == ours {
		t.Errorf("the restored Vault is in our network, %s (%v)", ours, err)
	}
	for i, name := range people[1:4] {
		g.hand(vault.ToDrill, name, s.Shares[i+1])
	}
	g.hears("it opened, and has what was planted just before the snapshot")
	g.ends()
	if p.proof.Level != 4 || !strings.HasPrefix(p.proof.Tool, "Vault ") || !strings.HasSuffix(p.proof.Detail, "just before."+walls.Note()) || p.proof.Facts[1] != walls.Fact() {
		t.Errorf("%+v", p.proof)
	}
	// It dies with the server running: whoever takes it back ends that.
	g = w.do(p, nil)
	g.session(vault.ToDrill)
	g.dies()
	var not backup.NotProven
	if p.proof.Level != 3 || !errors.As(g.err, &not) {
		t.Errorf("%+v %v", p.proof, g.err)
	}
	w.must(g.memory.UndoAll(w.ctx, p))
	if left := leftRunning(program, "run-"); left != "" {
		t.Errorf("%s is still running", left)
	}
	// What keeps us from finding out is no failed proof.
	k.Drill = false
	for says, change := range map[string]func(){
		"jobs.walls: off":        func() { k.Drill, k.Walls = true, throwaway.Walls{Mode: throwaway.Auto} },
		"without walls":          func() { k.Walls = throwaway.Walls{Mode: throwaway.Required} },
		"is not on this machine": func() { k.Server = []string{"/no/such/vault"} },
		"was ended by a signal":  func() { k.Server = []string{"/bin/sh", "-c", "kill -KILL $$"} },
		"no space left":          func() { k.Server = []string{"/bin/sh", "-c", "echo no space left on device >&2; exit 1"} },
	} {
		server, walls := k.Server, k.Walls
		change()
		g := w.do(p, nil)
		<-g.done
		var not backup.NotProven
		if !errors.As(g.err, &not) || !strings.Contains(g.err.Error(), says) {
			t.Errorf("%s: %v", says, g.err)
		}
		k.Drill, k.Server, k.Walls = false, server, walls
	}
	// Another sentinel, a damaged archive, and one that ends too early.
	k.Drill, k.Server = false, nil
	for name, damage := range map[string]func([]byte) []byte{
		"a bit": func(b []byte) []byte { b[len(b)/2] ^= 1; return b }, "the end": func(b []byte) []byte { return b[:len(b)-9] },
		"half": func(b []byte) []byte { return b[:len(b)/2] }, "all": func([]byte) []byte { return nil },
	} {
		bad := &proving{Raft: k, from: damage(bytes.Clone(snapshot.Bytes())), taken: taken}
		g := w.do(bad, nil)
		<-g.done
		var not backup.NotProven
		if fault.KindOf(g.err) != fault.Invalid || errors.As(g.err, &not) {
			t.Errorf("%s: %v", name, g.err)
		}
	}
	w.clean()
}

// networkOf gives the network of a process that leftRunning names.
func networkOf(words ...string) string {
	network, _ := os.Readlink(filepath.Join(filepath.Dir(leftRunning(words...)), "ns/net"))
	return network
}

// leftRunning names a process of a program that was started in a scratch directory.
func leftRunning(words ...string) string {
	list, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range list {
		if text, err := os.ReadFile(name); err == nil && strings.Contains(string(text), words[0]) && strings.Contains(string(text), words[1]) {
			return name
		}
	}
	return ""
}

func TestWhoMayNotTakeSnapshots(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{Raft: true})
	v := w.vault(s)
	s.Unseal()
	r, m := jobtest.Run(t, job.About{})
	k := &vault.Raft{Parts: w.parts(), Vault: v, Token: secret.New("hvs.canarycanarycanarycanary")}
	w.values = append(w.values, "hvs.canarycanarycanarycanary")
	w.texts = append(w.texts, m.Text)
	if _, err := k.Write(w.ctx, r, &bytes.Buffer{}); fault.KindOf(err) != fault.Forbidden || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
	files := vaulttest.Start(t, vaulttest.Options{})
	files.Unseal()
	k = &vault.Raft{Parts: w.parts(), Vault: w.vault(files), Token: secret.New(files.Root)}
	if _, err := k.Write(w.ctx, r, &bytes.Buffer{}); err == nil {
		t.Error("a Vault without raft gave a snapshot")
	}
	w.clean()
}
