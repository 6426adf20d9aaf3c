package web

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"batsignal/integrations/job"
	"batsignal/integrations/snapshot"
	"batsignal/integrations/vault"
)

const (
	sqlStockRuns = `select state, count(*) as n, count(*) filter (where stuck_at is not null and ended_at is null) as stuck from job_run where not dry group by state`
	// Both are answered by indexes, for the few jobs that there are.
	sqlStockJobs = `
		select j.job,
			(select r.ended_at from job_run r where r.job = j.job and r.state = 'succeeded' and not r.dry order by r.id desc limit 1) as succeeded_at,
			(select s.alarmed_at is not null from job_schedule s where s.job = j.job) as overdue
		from unnest(@jobs::text[]) as j (job)`
)

// jobStock counts what became of jobs, backups and vaults, at the moment that somebody asks.
// Its labels are names from the configuration.
type jobStock struct {
	*site
	runs, stuck, success, overdue, age, verified, good, sealed *prometheus.Desc
}

func newJobStock(s *site) *jobStock {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("batsignal_"+name, help, labels, nil)
	}
	return &jobStock{
		site:     s,
		runs:     desc("job_runs", "Runs of jobs, by state; dry runs do not count.", "state"),
		stuck:    desc("job_runs_stuck", "Runs of which something is left behind that could not be taken back."),
		success:  desc("job_last_success_seconds", "How long ago a run of a job succeeded last; missing if none ever did.", "job"),
		overdue:  desc("job_overdue", "1 if a job should have succeeded by now, and did not.", "job"),
		age:      desc("backup_age_seconds", "How old the newest complete backup is; missing if there is none.", "job"),
		verified: desc("backup_verified_age_seconds", "How long ago a restore of a backup was proven last; missing if none is.", "job"),
		good:     desc("backup_good", "1 if the backups of a job are what they should be: raptor proof, documented, duplicated, verified and fresh.", "job"),
		sealed:   desc("vault_sealed", "1 if no node of a Vault serves, 0 if one does.", "vault"),
	}
}

// Describe implements prometheus.Collector.
func (c *jobStock) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.runs, c.stuck, c.success, c.overdue, c.age, c.verified, c.good, c.sealed} {
		out <- d
	}
}

// Collect implements prometheus.Collector. What cannot be read is left out.
func (c *jobStock) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), stockBudget)
	defer cancel()
	for _, count := range []func(context.Context) ([]prometheus.Metric, error){c.countRuns, c.countJobs, c.countBackups, c.countVaults} {
		found, err := count(ctx)
		if err != nil {
			c.Log.Warn("the figures of jobs could not be read", "error", err)
		}
		for _, m := range found {
			out <- m
		}
	}
}

func (c *jobStock) countRuns(ctx context.Context) (found []prometheus.Metric, err error) {
	rows, err := c.DB.Query(ctx, sqlStockRuns)
	if err != nil {
		return nil, err
	}
	states, stuck := map[job.State]int64{}, int64(0)
	for _, s := range []job.State{
		job.Asked, job.Queued, job.Running, job.Undoing, job.Succeeded, job.Failed, job.TimedOut, job.Cancelled, job.Denied, job.Expired, job.Lost,
	} {
		states[s] = 0 // what is missing cannot be told from what is not counted
	}
	var state job.State
	var n, left int64
	if _, err := pgx.ForEachRow(rows, []any{&state, &n, &left}, func() error {
		states[state] += n
		stuck += left
		return nil
	}); err != nil {
		return nil, err
	}
	for state, n := range states {
		found = append(found, gauge(c.runs, float64(n), string(state)))
	}
	return append(found, gauge(c.stuck, float64(stuck))), nil
}

func (c *jobStock) countJobs(ctx context.Context) (found []prometheus.Metric, err error) {
	names := make([]string, 0, len(c.Jobs.Definitions))
	for _, d := range c.Jobs.Definitions {
		names = append(names, d.Name)
	}
	rows, err := c.DB.Query(ctx, sqlStockJobs, pgx.NamedArgs{"jobs": names})
	if err != nil {
		return nil, err
	}
	var name string
	var at *time.Time
	var overdue *bool
	_, err = pgx.ForEachRow(rows, []any{&name, &at, &overdue}, func() error {
		if at != nil {
			found = append(found, gauge(c.success, max(c.Now().Sub(*at).Seconds(), 0), name))
		}
		if overdue != nil {
			found = append(found, gauge(c.overdue, one(*overdue), name))
		}
		return nil
	})
	return found, err
}

func (c *jobStock) countBackups(ctx context.Context) (found []prometheus.Metric, err error) {
	for _, name := range slices.Sorted(maps.Keys(c.Backups)) {
		s, err := snapshot.StatusOf(ctx, c.DB, c.Now(), name, c.Backups[name])
		if err != nil {
			return found, err
		}
		found = append(found, gauge(c.good, one(s.Good()), name))
		if s.Newest.ID != 0 {
			found = append(found, gauge(c.age, max(s.Age.Seconds(), 0), name))
		}
		if !s.VerifiedAt.IsZero() {
			found = append(found, gauge(c.verified, max(c.Now().Sub(s.VerifiedAt).Seconds(), 0), name))
		}
	}
	return found, nil
}

func (c *jobStock) countVaults(ctx context.Context) (found []prometheus.Metric, err error) {
	for _, v := range c.Vaults {
		down, err := vault.Measured(ctx, c.DB, v.Name, c.Now(), c.Now())
		if err != nil {
			return found, err
		}
		found = append(found, gauge(c.sealed, one(down[0].Since != nil), v.Name))
	}
	return found, nil
}

// one is 1 for what is true.
func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
