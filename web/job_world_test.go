package web_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"batsignal/incidents"
	"batsignal/incidents/announcement"
	"batsignal/incidents/reminder"
	"batsignal/incidents/runbook"
	"batsignal/incidents/runbook/book"
	"batsignal/integrations/job"
	"batsignal/integrations/job/clockwork"
	"batsignal/integrations/job/freeze"
	"batsignal/integrations/snapshot"
	"batsignal/integrations/vault"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/secret"
	"batsignal/oncall/share"
	"batsignal/web"
)

// work is a kind whose runs do what a test says.
type work struct {
	do   func(ctx context.Context, r *job.Run) (job.Result, error)
	plan []string
}

func (k *work) Plan(context.Context, job.Params) ([]string, error) {
	if k.plan == nil {
		return nil, fault.New(fault.Unready, "The database of the wiki does not answer.")
	}
	return k.plan, nil
}

func (k *work) Do(ctx context.Context, r *job.Run) (job.Result, error) { return k.do(ctx, r) }

// jobWorld is a world with jobs, a vault, backups, runbooks, announcements and reminders.
// Those who were let in are maria, an admin, and li and kevin; noor is only known.
type jobWorld struct {
	*world
	jobs      *job.Service
	clock     *clockwork.Service
	announces *announcement.Service
	reminders *reminder.Service
	runbooks  *runbook.Service
	work      *work
	key       share.Key // of the session that shares are handed in to
	runs      *incidents.Watch
}

// turn is a short book with every sort of step.
const turn = `runbook: turn
title: Turn it off and on again
about: When nothing else helps.
steps:
  - name: read
    say: Read all of it first.
  - name: off
    say: Turn it off.
    guard: Nobody uses it.
    confirm: one
  - name: dark
    say: Is it dark?
    decide:
      - {choice: yes, means: no lamp is lit, go: mend}
      - {choice: no, go: off, loop: true}
  - name: mend
    say: Have it mended.
    job: mend
    fill: {zone: which zone}
    without: Mend it by hand.
  - name: on
    say: Turn it on.
    why: People wait.
    confirm: two
`

func newJobWorld(t testing.TB, change ...func(*web.Options)) *jobWorld {
	t.Helper()
	j := &jobWorld{runs: &incidents.Watch{}, work: &work{plan: []string{"It would dump the database of the wiki.", "It would store 2 copies."}}}
	j.work.do = backsUp
	steps, problems := book.Parse([]byte(turn))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	rules, err := freeze.NewRules([]string{"friday"}, "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	home := []rota.Room{{Network: "console", Room: "#ops"}}
	j.world = newSignWorld(t, append([]func(*web.Options){func(o *web.Options) {
		j.jobs = &job.Service{
			DB: o.DB, Queue: o.Incidents.Queue, Now: o.Now, Log: o.Log, Rooms: home, Incidents: o.Incidents, Me: "test", ScratchRoot: t.TempDir(),
			Definitions: j.definitions(),
			IsAdmin:     func(_ context.Context, a oncall.Actor) (bool, error) { return a.Handle == "maria", nil },
			Frozen: func(ctx context.Context, db pg.DB, at time.Time) (string, time.Time, error) {
				return freeze.Frozen(ctx, db, rules, at)
			},
		}
		j.clock = &clockwork.Service{DB: o.DB, Jobs: j.jobs, Queue: o.Incidents.Queue, Now: o.Now, Rooms: home, Log: o.Log}
		j.announces = &announcement.Service{
			DB: o.DB, Queue: o.Incidents.Queue, Now: o.Now, Log: o.Log, Incidents: o.Incidents, Home: home,
			Rooms: []rota.Room{{Network: "console", Room: "#users"}}, Lists: []string{"announce@lists.example"},
		}
		j.reminders = &reminder.Service{DB: o.DB, Queue: o.Incidents.Queue, Now: o.Now, Rooms: home, Avoid: rules.Weekdays(), Log: o.Log}
		j.runbooks = &runbook.Service{
			DB: o.DB, Queue: o.Incidents.Queue, Now: o.Now, Log: o.Log, Incidents: o.Incidents, Books: []book.Book{steps}, Starter: starter{j.jobs}, Networks: []string{"console"},
		}
		o.Runs = j.runs
		o.Jobs, o.Clock, o.Freezes, o.Announcements, o.Reminders, o.Runbooks = j.jobs, j.clock, rules, j.announces, j.reminders, j.runbooks
		o.Vaults = []*vault.Vault{{Name: "main", Tolerates: 4 * time.Hour, Stamp: stamp}}
		o.Backups = map[string]snapshot.Expect{"backup-wiki": {Age: 26 * time.Hour}, "backup-git": {}}
	}}, change...)...)
	if _, err := oncall.AddPerson(ctx, j.DB, night, oncall.Person{Handle: "noor", Zone: "Asia/Amman"}); err != nil {
		t.Fatal(err)
	}
	if err := j.clock.Sync(ctx, j.jobs.Definitions); err != nil {
		t.Fatal(err)
	}
	return j
}

// starter has jobs asked for by runbooks.
type starter struct{ jobs *job.Service }

func (s starter) Has(name string) bool { _, err := s.jobs.Definition(name); return err == nil }

func (s starter) Start(ctx context.Context, tx pgx.Tx, a runbook.Ask) (int64, error) {
	r, err := s.jobs.AskIn(ctx, tx, job.Ask{Job: a.Job, Params: a.Params, By: a.By, Admin: a.Admin, Reason: a.Reason, Key: a.Key, Incident: a.Incident})
	return r.ID, err
}

func (j *jobWorld) definitions() []job.Definition {
	zone := job.Param{Name: "zone", Type: job.ParamChoice, Choices: []string{"eu", "us"}, Default: "eu", Help: "where"}
	return []job.Definition{
		{
			Name: "backup-wiki", Summary: "Backs the wiki up.", Type: "backup", Kind: j.work, Policy: job.Policy{Expect: 26 * time.Hour},
			Schedule: &job.Schedule{Rule: "30 2 * * *", Zone: "Europe/Berlin", Missed: job.MissedOnce},
		},
		{Name: "mend", Summary: "Mends it.", Type: "procedure", Kind: j.work, Params: []job.Param{zone, {Name: "host", Type: job.ParamHost, Default: "db1.example.org", Help: "which machine"}}},
		{
			Name: "failover", Summary: "Makes the standby the main database.", Type: "procedure", Kind: j.work,
			Params: []job.Param{{Name: "host", Type: job.ParamHost, Help: "which machine becomes the main one"}, zone},
			Policy: job.Policy{Approvals: 1, Risky: true, Disrupts: true},
		},
		{Name: "unseal-main", Summary: "Unseals Vault main.", Type: "vault", Kind: j.work},
		{Name: "rekey-main", Summary: "Makes new shares of Vault main.", Type: "vault", Kind: j.work, Policy: job.Policy{Admin: true, Approvals: 2}},
	}
}

// backsUp is a run as most are: steps, a log, evidence and a file.
func backsUp(ctx context.Context, r *job.Run) (job.Result, error) {
	r.Doing(ctx, "dumping the database")
	err := r.Step(ctx, "dump", "", nil, func(ctx context.Context) error {
		r.Logf(ctx, "pg_dump of wiki: 103 tables\nthe dump has 812 MB")
		r.Progress(812_000_000, 812_000_000, job.UnitBytes)
		return nil
	})
	if err == nil {
		err = r.Step(ctx, "store at attic", "", nil, func(ctx context.Context) error { r.Logf(ctx, "stored at attic"); return nil })
	}
	return job.Result{
		Said:     "The wiki is backed up: 812 MB in 2 places.",
		Evidence: [][2]string{{"rows of page", "48,113"}, {"copies", "attic, cellar"}},
		Artifacts: []job.Artifact{{
			Name: "wiki.dump.age", Place: "attic", Key: "backup-wiki/2026/03/01/wiki.dump.age", Size: 812_000_000,
			SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		}},
	}, err
}

func (j *jobWorld) ask(handle string, a job.Ask) job.Row {
	j.t.Helper()
	a.By, a.Admin = j.as(handle), handle == "maria"
	r, err := j.jobs.Ask(ctx, a)
	if err != nil {
		j.t.Fatal(err)
	}
	return r
}

// works does the next try of a run, as a worker would.
func (j *jobWorld) works(run int64) {
	j.t.Helper()
	r := j.run(run)
	err := (&job.Work{Service: j.jobs}).Work(ctx, &river.Job[job.WorkArgs]{Args: job.WorkArgs{Run: run, Attempt: r.Attempt + 1}})
	if err != nil {
		j.t.Fatal(err)
	}
}

func (j *jobWorld) run(id int64) job.Row {
	j.t.Helper()
	r, err := j.jobs.Get(ctx, id)
	if err != nil {
		j.t.Fatal(err)
	}
	return r
}

// goesOn has a run stand in the middle: it waits until the test is over.
func (j *jobWorld) goesOn(handle string) int64 {
	j.t.Helper()
	r := j.ask(handle, job.Ask{Job: "mend", Reason: "before the update"})
	told, end, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	j.work.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		r.Doing(ctx, "copying the tables")
		r.Progress(1_200_000_000, 3_100_000_000, job.UnitBytes)
		return job.Result{Said: "It is mended."}, r.Step(ctx, "copy", "", nil, func(ctx context.Context) error {
			r.Logf(ctx, "table page: 48,113 rows")
			_ = r.Step(ctx, "look", "", nil, func(context.Context) error { return nil }) // what was told is written
			close(told)
			<-end
			return nil
		})
	}
	go func() {
		defer close(over)
		j.works(r.ID)
	}()
	<-told
	j.work.do = backsUp
	j.t.Cleanup(func() { close(end); <-over })
	return r.ID
}

// fails has a run fail.
func (j *jobWorld) fails(handle string) int64 {
	j.t.Helper()
	j.work.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		return job.Result{}, r.Step(ctx, "dump", "", nil, func(ctx context.Context) error {
			r.Logf(ctx, "pg_dump: error: connection to server failed: timeout expired")
			return fault.New(fault.Invalid, "The database of the wiki took no connection.")
		})
	}
	r := j.ask(handle, job.Ask{Job: "backup-wiki"})
	j.works(r.ID)
	j.work.do = backsUp
	return r.ID
}

// keeps takes a snapshot with two copies, and tests it.
func (j *jobWorld) keeps(name string, at time.Time, outcome snapshot.Outcome) int64 {
	j.t.Helper()
	must := func(err error) {
		j.t.Helper()
		if err != nil {
			j.t.Fatal(err)
		}
	}
	id, _, err := snapshot.Begin(ctx, j.DB, at, name, 0, 1)
	must(err)
	for i, place := range []string{"attic", "cellar"} {
		c := snapshot.Copy{
			Member: snapshot.Whole, Place: place, OffSite: i == 1, Key: fmt.Sprintf("%s/%d/wiki.dump.age", name, id), Size: 812_000_000,
			SHA256:     "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
			Recipients: []string{"age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq", "age1zzzszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"},
			Documented: true, StoredAt: at.Add(time.Minute),
		}
		must(snapshot.AddCopy(ctx, j.DB, id, c))
		must(snapshot.MarkRead(ctx, j.DB, at.Add(2*time.Minute), id, c))
	}
	must(snapshot.Complete(ctx, j.DB, id, "", [][2]string{{"rows of page", "48,113"}}))
	if outcome != "" {
		check, err := snapshot.BeginCheck(ctx, j.DB, at.Add(time.Hour), id, 0, "attic", "age1qyqsz")
		must(err)
		if outcome != snapshot.Validating {
			must(snapshot.EndCheck(ctx, j.DB, at.Add(61*time.Minute), id, check, snapshot.Found{
				Outcome: outcome, Level: map[snapshot.Outcome]int{snapshot.Successful: 4, snapshot.Failed: 2}[outcome], Detail: "The wiki answered with its front page.",
			}))
		}
	}
	return id
}

// stamp is the secret by which the bot of the stories knows its sessions.
var stamp = vault.NewStamp(bytes.Repeat([]byte{7}, 32))

// isSealed has Vault main sealed, with a run that waits for shares; it returns the session.
func (j *jobWorld) isSealed() (session int64) {
	j.t.Helper()
	key, err := share.NewKey()
	if err != nil {
		j.t.Fatal(err)
	}
	j.key = key
	now := j.Now()
	j.sql(`insert into vault_node (vault, node, state, since, asked_at, open_at, version, shares, threshold) values ('main', 'a', 'sealed', $1, $2, $1, '1.18.2', 5, 3), ('main', 'b', 'unreachable', $1, $2, null, '', 0, 0)`, now.Add(-20*time.Minute), now)
	j.sql(`insert into vault_seal (vault, node, sealed_at, noticed_at) values ('main', '', $1, $1), ('main', 'a', $1, $1)`, now.Add(-20*time.Minute))
	r := j.ask("maria", job.Ask{Job: "unseal-main", Reason: "Vault main, node a is sealed"})
	j.sql(`update job_run set state = 'running', started_at = $2, leased_by = 'x', leased_until = $3, doing = 'waiting for shares' where id = $1`, r.ID, now, now.Add(time.Hour))
	if err := j.DB.QueryRow(ctx, `insert into share_session (run_id, attempt, purpose, vault, node, recipient, progress, threshold, state, begun_at)
		values ($1, 1, 'unseal', 'main', 'a', $2, 1, 3, 'open', $3) returning id`, r.ID, key.Recipient(), now).Scan(&session); err != nil {
		j.t.Fatal(err)
	}
	j.sql(`update share_session set stamp = $2 where id = $1`, session, stamp.Of(vault.Session{ID: session, Run: r.ID, Purpose: vault.ToUnseal, Vault: "main", Recipient: key.Recipient()}))
	return session
}

// aShare is a share as Vault prints one.
var aShare = base64.StdEncoding.EncodeToString([]byte("a canary that nobody may see: abc"))

func (j *jobWorld) registers(handle string) {
	j.t.Helper()
	number, commitment, err := share.Register("main", secret.New(aShare))
	if err != nil {
		j.t.Fatal(err)
	}
	err = pg.InTx(ctx, j.DB, func(tx pgx.Tx) error {
		return vault.Register(ctx, tx, j.Now(), j.as(handle), []*vault.Vault{{Name: "main"}}, vault.Registration{Vault: "main", Number: number, Commitment: commitment, Place: handle + "'s laptop"})
	})
	if err != nil {
		j.t.Fatal(err)
	}
}
