package clockwork

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/integrations/job/cron"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

const (
	sqlSyncOne = `select pg_advisory_xact_lock(hashtextextended('batsignal: schedules of jobs', 0))`
	// Where rule and zone are as they were, so is when it comes next; who paused it stays.
	// What was not expected before is expected from now on.
	sqlPut = `
		insert into job_schedule as s (job, rule, zone, missed, next_at, expect, expect_from)
		values (@job, @rule, @zone, @missed, @next, @expect, @now)
		on conflict (job) do update set
			rule = excluded.rule, zone = excluded.zone, missed = excluded.missed,
			next_at = case when s.rule = excluded.rule and s.zone = excluded.zone then s.next_at else excluded.next_at end,
			held_at = case when s.rule = excluded.rule and s.zone = excluded.zone then s.held_at end,
			paused_at = case when excluded.rule <> '' then s.paused_at end,
			paused_by = case when excluded.rule <> '' then s.paused_by else '' end,
			expect = excluded.expect,
			expect_from = case when s.expect is null then excluded.expect_from else s.expect_from end,
			alarmed_at = case when excluded.expect is not null then s.alarmed_at end,
			told_at = case when excluded.expect is not null then s.told_at end`
	sqlDropOthers = `delete from job_schedule where not job = any (@jobs)`
)

// Check tells what is wrong with the schedule of a definition: a fault.Invalid.
func Check(d job.Definition) error {
	_, err := ruleOf(d)
	return err
}

func ruleOf(d job.Definition) (cron.Rule, error) {
	if d.Schedule == nil {
		return cron.Rule{}, nil
	}
	rule, err := cron.Parse(d.Schedule.Rule, d.Schedule.Zone)
	if err != nil {
		return rule, fault.Wrap(fault.Invalid, err, "The schedule of the job %s: %s", d.Name, fault.Say(err))
	}
	switch d.Schedule.Missed {
	case "", job.MissedOnce, job.MissedSkip:
		return rule, nil
	}
	return rule, fault.New(fault.Invalid, "The schedule of the job %s: what becomes of missed times is %q or %q.", d.Name, job.MissedOnce, job.MissedSkip)
}

// Sync has the rows follow the definitions: who wrote a new time waits for the next one, and
// what is not in the file any more is forgotten. Nothing is changed if one of them is wrong,
// which is a fault.Invalid.
func (s *Service) Sync(ctx context.Context, definitions []job.Definition) error {
	now := s.Now()
	names := []string{}
	batch := &pgx.Batch{}
	for _, d := range definitions {
		rule, err := ruleOf(d)
		if err != nil {
			return err
		}
		if d.Schedule == nil && d.Policy.Expect <= 0 {
			continue
		}
		var next *time.Time
		missed := job.MissedOnce
		if d.Schedule != nil {
			at := rule.Next(now)
			next = &at
			if d.Schedule.Missed != "" {
				missed = d.Schedule.Missed
			}
		}
		var expect *time.Duration
		if d.Policy.Expect > 0 {
			expect = &d.Policy.Expect
		}
		names = append(names, d.Name)
		batch.Queue(sqlPut, pgx.NamedArgs{
			"job": d.Name, "rule": rule.Text(), "zone": rule.Zone(), "missed": missed, "next": next, "expect": expect, "now": now,
		})
	}
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlSyncOne); err != nil {
			return err
		}
		if batch.Len() > 0 {
			if err := tx.SendBatch(ctx, batch).Close(); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, sqlDropOthers, pgx.NamedArgs{"jobs": names})
		return err
	})
}
