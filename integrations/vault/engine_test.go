package vault_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents"
	"batsignal/integrations/job"
	"batsignal/integrations/vault"
	"batsignal/integrations/vault/vaulttest"
	"batsignal/oncall"
	"batsignal/oncall/rota"
)

// From the moment that a Vault is sealed until the room hears that it is not, by the engine:
// the watch asks for the run, once; people hand in shares; the last one is heard within a
// second; and what is kept of it all holds no share.
func TestFromSealedToUnsealedByTheEngine(t *testing.T) {
	w := newWorld(t)
	s := vaulttest.Start(t, vaulttest.Options{})
	v := w.vault(s)
	w.register(s)
	queue, err := river.NewClient(riverpgxv5.New(w.db), &river.Config{Logger: silent()})
	w.must(err)
	rooms := []rota.Room{{Network: "libera", Room: "#ops"}}
	engine := &job.Service{
		DB: w.db, Queue: queue, Now: w.now, Log: silent(), Rooms: rooms, ScratchRoot: t.TempDir(), Me: "test",
		Incidents: &incidents.Service{DB: w.db, Queue: queue, Now: w.now, Log: silent()},
		Definitions: []job.Definition{{Name: "unseal-main", Summary: "Unseals Vault main.", Type: "unseal", Params: []job.Param{vault.NodeParam(v)},
			Policy: job.Policy{Timeout: time.Hour, Exclusive: "vault-main"}, Kind: &vault.Unseal{Parts: w.parts(), Vault: v}}},
	}
	watch := w.watch(&ringer{}, v)
	var runs []int64
	watch.Unseal = func(ctx context.Context, tx pgx.Tx, want vault.Want) error {
		row, err := engine.AskIn(ctx, tx, job.Ask{Job: "unseal-" + want.Vault, Params: job.Params{"node": "all"}, By: oncall.Actor{}, Reason: want.Reason, Key: want.Key})
		runs = append(runs, row.ID)
		return err
	}
	w.looks(watch)
	w.pass(16 * time.Minute)
	w.looks(watch)
	if len(runs) != 2 || runs[0] != runs[1] {
		t.Fatalf("one sealing asks for one run: %v", runs)
	}
	done := make(chan error, 1)
	go func() {
		done <- (&job.Work{Service: engine}).Work(w.ctx, &river.Job[job.WorkArgs]{Args: job.WorkArgs{Run: runs[0], Attempt: 1}})
	}()
	session := w.waitSession(runs[0])
	for i, name := range people[:2] {
		sealed, err := sealTo(session.Recipient, s.Shares[i])
		w.must(err)
		w.must(w.handSealed(name, session.ID, sealed))
	}
	w.heard("2 of 3, by ")
	sealed, err := sealTo(session.Recipient, s.Shares[2])
	w.must(err)
	began := time.Now()
	w.must(w.handSealed("carla", session.ID, sealed))
	w.heard("Vault main, node vault1 is unsealed. It was sealed for 16 min")
	if took := time.Since(began); took > time.Second {
		t.Errorf("the room heard it after %v", took)
	} else {
		t.Logf("from the third share to the line for the room: %v", took)
	}
	w.must(<-done)
	row, err := engine.Get(w.ctx, runs[0])
	if err != nil || row.State != job.Succeeded || row.Said != "Vault main: vault1 unsealed." {
		t.Errorf("%+v %v", row, err)
	}
	w.clean()
}

// heard waits until a line waits to be said in a room.
func (w *world) heard(words string) {
	w.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		rows, err := w.db.Query(w.ctx, `select text from notice where room = '#ops'`)
		w.must(err)
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		w.must(err)
		if strings.Contains(strings.Join(list, "\n"), words) {
			return
		}
	}
	w.Fatalf("nobody said %q:\n%s", words, w.said())
}

func (w *world) waitSession(run int64) vault.Session {
	w.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if s, found, err := vault.SessionOf(w.ctx, w.db, run); err == nil && found && s.Open {
			return s
		}
	}
	w.Fatal("the run does not ask for shares")
	return vault.Session{}
}
