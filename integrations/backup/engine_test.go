package backup_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents"
	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/snapshot"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// With the engine: a place fails in the first try, the second one adds what is missing; it is
// verified; and what the breaker stops goes when two people agreed to it.
func TestThroughTheEngine(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	pool := pgtest.Fresh(t).Pool
	w.db, w.take.DB, w.verify.DB = pool, pool, pool
	retire := w.retire(1)
	retire.DB = pool
	quiet := slog.New(slog.DiscardHandler)
	now := func() time.Time { return w.now }
	queue, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: quiet})
	must(t, err)
	s := &job.Service{DB: pool, Queue: queue, Now: now, Log: quiet, Me: "me", ScratchRoot: t.TempDir(),
		Incidents: &incidents.Service{DB: pool, Now: now, Log: quiet, Queue: queue},
		Definitions: []job.Definition{
			{Name: "nightly", Type: "backup", Kind: w.take, Policy: job.Policy{Tries: 2, Rest: time.Minute}},
			{Name: "verify", Type: "verify", Kind: w.verify, Params: w.verify.Params()},
			{Name: "retire", Type: "retire", Kind: retire, Params: retire.Params(), Policy: job.Policy{Approvals: 2}},
		}}
	retire.Approved = func(ctx context.Context, run int64) (int, error) {
		r, err := s.Get(ctx, run)
		return r.Agreed, err
	}
	who := map[string]oncall.Actor{}
	for _, handle := range []string{"ada", "bea", "cem"} {
		id, err := oncall.AddPerson(ctx, pool, start, oncall.Person{Handle: handle, Zone: "UTC"})
		must(t, err)
		must(t, oncall.BindAccount(ctx, pool, start, id, oncall.Account{Network: "libera", Name: handle}))
		who[handle] = oncall.Actor{PersonID: id, Handle: handle, Zone: "UTC", Network: "libera", Room: "#ops", Account: handle}
	}
	ask := func(name string, params job.Params) job.Row {
		t.Helper()
		w.now = w.now.Add(time.Minute)
		r, err := s.Ask(ctx, job.Ask{Job: name, Params: params, By: who["ada"]})
		must(t, err)
		return r
	}
	work := func(run int64, want job.State) job.Row {
		t.Helper()
		w.now = w.now.Add(2 * time.Minute)
		r, err := s.Get(ctx, run)
		must(t, err)
		must(t, (&job.Work{Service: s}).Work(ctx, &river.Job[job.WorkArgs]{Args: job.WorkArgs{Run: run, Attempt: r.Attempt + 1}}))
		r, err = s.Get(ctx, run)
		must(t, err)
		if r.State != want {
			lines, _ := s.Lines(ctx, run, 0)
			t.Fatalf("%s is %s, want %s: %s %v", r.Ref(), r.State, want, r.Said, lines)
		}
		return r
	}

	w.cloud.fails = fault.New(fault.Unready, "The cloud is full.")
	first := ask("nightly", nil)
	work(first.ID, job.Queued)
	w.cloud.fails = nil
	r := work(first.ID, job.Succeeded)
	if list := w.list(); len(list) != 1 || len(list[0].Copies) != 2 || !strings.Contains(r.Said, "lies at attic and cloud") {
		t.Errorf("%+v %s", list, r.Said)
	}
	if files, err := s.Artifacts(ctx, first.ID); err != nil || len(files) != 2 || files[1].Place != "cloud" {
		t.Error(files, err)
	}
	for range 5 {
		w.now = w.now.Add(24 * time.Hour)
		work(ask("nightly", nil).ID, job.Succeeded)
		r = work(ask("verify", nil).ID, job.Succeeded)
	}
	if !strings.Contains(r.Said, "All 3 lines are there.") {
		t.Error(r.Said)
	}
	dry, err := s.Ask(ctx, job.Ask{Job: "retire", Dry: true, Params: job.Params{backup.ParamSnapshots: "1"}, By: who["ada"]})
	if err != nil || !strings.Contains(strings.Join(dry.Plan, "\n"), "But it would be refused. 4 of 6") {
		t.Error(dry.Plan, err)
	}
	allow := func(run int64) {
		t.Helper()
		for _, handle := range []string{"bea", "cem"} {
			_, err := s.Approve(ctx, who[handle], run, "I looked")
			must(t, err)
		}
	}
	no := ask("retire", job.Params{backup.ParamSnapshots: "1-9"})
	allow(no.ID)
	work(no.ID, job.Failed)
	yes := ask("retire", job.Params{backup.ParamApproved: "yes", backup.ParamSnapshots: "1-9"})
	allow(yes.ID)
	work(yes.ID, job.Succeeded)
	// The first one was never verified, and is young.
	if kept := w.list(snapshot.Kept); len(kept) != 2 || !kept[0].Verified() {
		t.Errorf("%+v", kept)
	}
	w.agree()
}
