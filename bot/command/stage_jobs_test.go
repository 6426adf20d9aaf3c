package command_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/bot/play"
	"batsignal/integrations/job"
	"batsignal/integrations/snapshot"
	"batsignal/integrations/vault"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// work is a kind whose work is a function: it stands for a program, a server or a place.
type work struct {
	plan []string
	do   func(ctx context.Context, r *job.Run) (job.Result, error)
}

func (w work) Plan(_ context.Context, p job.Params) ([]string, error) {
	var plan []string
	for _, line := range w.plan {
		for name, value := range p {
			line = strings.ReplaceAll(line, "$"+name, value)
		}
		plan = append(plan, line)
	}
	return plan, nil
}

func (w work) Do(ctx context.Context, r *job.Run) (job.Result, error) { return w.do(ctx, r) }

func (w work) Undo(context.Context, job.Step) error { return nil }

// said is work that comes to its end at once.
func said(text string, evidence ...[2]string) work {
	return work{plan: []string{"It would do that."}, do: func(context.Context, *job.Run) (job.Result, error) {
		return job.Result{Said: text, Evidence: evidence}, nil
	}}
}

// stageJobs are the jobs of stories. They do nothing to the world; all else is as it is.
func stageJobs(sleep play.Sleep) []job.Definition {
	step := func(ctx context.Context, r *job.Run, name string, d time.Duration) error {
		return r.Step(ctx, name, "end it", nil, func(ctx context.Context) error { return sleep(ctx, d) })
	}
	copying := work{
		plan: []string{"It would read the keys, seal them for anna and piotr, and store them at attic and cellar."},
		do: func(ctx context.Context, r *job.Run) (job.Result, error) {
			r.Doing(ctx, "storing at attic and cellar")
			for i := range int64(4) {
				r.Progress(i*600_000_000, 2_400_000_000, job.UnitBytes)
				if err := step(ctx, r, fmt.Sprintf("part %d", i+1), 46*time.Second+250*time.Millisecond); err != nil {
					return job.Result{}, err
				}
			}
			sum := "SHA-256 " + strings.Repeat("ab", 32)
			return job.Result{
				Said: "Snapshot 7 has 2.4 GB and lies at attic and cellar.",
				Evidence: [][2]string{
					{"snapshot", "7"}, {"copy at attic", "2.4 GB, " + sum}, {"copy at cellar", "2.4 GB, " + sum}, {"keys", "41"}, {"newest key", "2026-02-27"},
				},
			}, nil
		},
	}
	full := work{do: func(ctx context.Context, r *job.Run) (job.Result, error) {
		r.Logf(ctx, "attic: 0 B are free")
		return job.Result{}, fault.New(fault.Unready, "The place attic is full.")
	}}
	twice := work{do: func(ctx context.Context, r *job.Run) (job.Result, error) {
		if r.Attempt == 1 {
			return job.Result{}, fault.New(fault.Unready, "The mirror does not answer.")
		}
		return job.Result{Said: "The mirror has it."}, nil
	}}
	endless := work{do: func(ctx context.Context, r *job.Run) (job.Result, error) {
		r.Doing(ctx, "building again and again")
		return job.Result{}, step(ctx, r, "builder", 1000*time.Hour)
	}}
	echo := work{plan: []string{"It would say: $what."}, do: func(ctx context.Context, r *job.Run) (job.Result, error) {
		r.Logf(ctx, "%s", r.Params["what"])
		return job.Result{Said: "It said " + r.Params["what"] + "."}, nil
	}}
	drain := work{plan: []string{"It would take $node in $zone out of service, $depth levels deep."}, do: said("The node takes nothing new.").do}
	return []job.Definition{
		{
			Name: "backup-keys", Type: "backup", Summary: "Backs up keys, sealed, to attic and cellar.", Kind: copying, Policy: job.Policy{Exclusive: "keys"},
		},
		{Name: "backup-own", Type: "backup", Summary: "Backs up own, sealed, to attic.", Kind: full},
		{
			Name: "verify-keys", Type: "verify", Summary: "Restores the newest backup of keys where it does no harm, and asks it questions.",
			Kind: said("Snapshot 7: 41 keys were read, and one of them signs."), Policy: job.Policy{Exclusive: "keys"},
		},
		{
			Name: "root-main", Type: "root", Summary: "Makes a root token of the Vault main.", Kind: said("The token is encrypted to maria."),
			Policy: job.Policy{Approvals: 1, Admin: true},
		},
		{Name: "echo", Type: "run", Summary: "Says what it is told.", Kind: echo, Params: []job.Param{{Name: "what", Type: job.ParamText}}},
		{
			Name: "drain-node", Type: "run", Summary: "Takes a node out of service.", Kind: drain, Params: []job.Param{
				{Name: "node", Type: job.ParamHost}, {Name: "zone", Type: job.ParamChoice, Choices: []string{"eu", "us"}}, {Name: "depth", Type: job.ParamNumber, Default: "1"},
			},
		},
		{Name: "sync-mirror", Type: "run", Summary: "Has a mirror catch up.", Kind: twice, Policy: job.Policy{Tries: 2, Rest: 5 * time.Minute}},
		{Name: "soak-test", Type: "run", Summary: "Builds again and again until somebody ends it.", Kind: endless},
		{
			Name: "rotate-keys", Type: "run", Summary: "Makes the keys of the mirrors anew.", Kind: said("3 keys are new."), Policy: job.Policy{Approvals: 2},
		},
		{Name: "update-hosts", Type: "run", Summary: "Updates all hosts.", Kind: said("12 hosts are up to date.", [2]string{"hosts", "12"}), Policy: job.Policy{Risky: true}},
		{Name: "restart-wiki", Type: "run", Summary: "Restarts the wiki.", Kind: said("It answers again."), Policy: job.Policy{Disrupts: true}},
	}
}

// jobsOf are the jobs of a story, by its settings; nil has none.
func jobsOf(settings map[string]string) *play.Jobs {
	if settings["jobs"] != "yes" {
		return nil
	}
	jobs := &play.Jobs{Definitions: stageJobs, FreezeDays: strings.Fields(settings["frozen"])}
	if settings["kept"] == "yes" {
		jobs.Backups = map[string]snapshot.Expect{"backup-keys": {Age: 7 * 24 * time.Hour}, "backup-own": {}, "backup-wiki": {}}
		jobs.Vaults = []*vault.Vault{{Name: "main", Tolerates: 4 * time.Hour}}
		jobs.Definitions = func(sleep play.Sleep) []job.Definition {
			unseal := work{do: func(ctx context.Context, r *job.Run) (job.Result, error) {
				return job.Result{}, sleep(ctx, 24*time.Hour)
			}}
			return append(stageJobs(sleep), job.Definition{Name: "unseal-main", Type: "unseal", Summary: "Unseals the Vault main.", Kind: unseal})
		}
	}
	return jobs
}

// lay gives a story backups and a Vault that there have been for some time: keys was proven
// three days ago, and own lies in one place only; a node of main is sealed since an hour.
func lay(ctx context.Context, t *testing.T, db pg.DB, now time.Time) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	taken := func(name string, at time.Time, places ...string) int64 {
		id, _, err := snapshot.Begin(ctx, db, at, name, 0, 1)
		must(err)
		for _, place := range places {
			c := snapshot.Copy{
				Member: snapshot.Whole, Place: place, OffSite: place == "cellar", Key: name + ".age", Size: 2_400_000_000, SHA256: strings.Repeat("ab", 32),
				Recipients: []string{"age1anna", "age1piotr"}, Documented: true, StoredAt: at,
			}
			must(snapshot.AddCopy(ctx, db, id, c))
			must(snapshot.MarkRead(ctx, db, at, id, c))
		}
		must(snapshot.Complete(ctx, db, id, "", nil))
		return id
	}
	for i, who := range []string{"age1anna", "age1piotr"} {
		at := now.Add(-time.Duration(4-i) * 24 * time.Hour)
		id := taken("backup-keys", at, "attic", "cellar")
		check, err := snapshot.BeginCheck(ctx, db, at, id, 0, "attic", who)
		must(err)
		must(snapshot.EndCheck(ctx, db, at, id, check, snapshot.Found{Outcome: snapshot.Successful, Level: snapshot.VerifiedLevel}))
	}
	taken("backup-own", now.Add(-time.Hour), "attic")

	_, err := db.Exec(ctx, `
		insert into vault_node (vault, node, state, since, asked_at, open_at, version, shares, threshold, progress) values
			('main', 'north', 'open', $1::timestamptz - interval '9 days', $1, $1, '1.20.0', 5, 3, 0),
			('main', 'south', 'sealed', $1::timestamptz - interval '1 hour', $1, $1::timestamptz - interval '1 hour', '1.20.0', 5, 3, 1)`, now)
	must(err)
	_, err = db.Exec(ctx, `
		insert into vault_seal (vault, node, sealed_at, noticed_at, unsealed_at) values
			('main', '', $1::timestamptz - interval '20 days', $1::timestamptz - interval '20 days', $1::timestamptz - interval '20 days' + interval '50 minutes'),
			('main', 'south', $1::timestamptz - interval '1 hour', $1::timestamptz - interval '1 hour', null)`, now)
	must(err)
}
