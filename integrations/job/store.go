package job

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

const (
	sqlColumns = `
		select r.id, r.job, r.kind, r.params, r.state, r.dry, r.reason, r.override, r.key, r.incident_id, r.asked_at, r.asked_by, r.asked_words,
			r.network, r.room, r.approvals, (select count(*) from job_verdict v where v.run_id = r.id and v.yes) as agreed, r.scheduled_for, r.exclusive,
			r.attempt, r.tries, r.not_before, r.started_at, r.ended_at, r.leased_by, r.leased_until, r.outcome, r.cancel_at, r.cancel_words,
			r.done, r.total, r.unit, r.doing, r.progress_from, r.progress_at, r.said, r.evidence, r.failures, r.crashes, r.undo_tries, r.stuck_at, r.fence
		from job_run r`
	sqlRun      = sqlColumns + ` where r.id = @run`
	sqlRunByKey = sqlColumns + ` where r.key = @key`
	sqlRecent   = sqlColumns + `
		where (@job = '' or r.job = @job) and (cardinality(@states::text[]) = 0 or r.state = any(@states)) and (not @open or r.ended_at is null)
			and (@incident = 0 or r.incident_id = @incident) and (@before = 0 or r.id < @before) and (not @no_dry or not r.dry)
		order by r.id desc limit @most`
	sqlLines     = `select n, attempt, at, text from job_log where run_id = @run and n > @after order by n`
	sqlLastLines = `
		select n, attempt, at, text from (select * from job_log where run_id = @run order by n desc limit @most) l order by n`
	sqlSteps     = `select n, attempt, name, undo, memo, state, begun_at, ended_at, tries, detail from job_step where run_id = @run order by n`
	sqlArtifacts = `select name, place, key, size, sha256 from job_artifact where run_id = @run order by n`
	sqlVerdicts  = `select person_id, handle, yes, reason, at from job_verdict where run_id = @run order by at, person_id`

	sqlIncidentOf    = `select incident_id from job_run where id = @run`
	sqlLockRun       = `select id from job_run where id = @run for update`
	sqlShareIncident = `select id from incident where id = @id for share`
)

// Get finds a run by its number; [fault.NotFound] if there is none.
func (s *Service) Get(ctx context.Context, run int64) (Row, error) {
	r, err := oneRow(ctx, s.DB, sqlRun, run)
	s.listen(&r)
	return r, err
}

// listen notes of a run that somebody does whether they were heard of lately: a process that
// was killed leaves it as running until another one looks.
func (s *Service) listen(r *Row) {
	if (r.State == Running || r.State == Undoing) && r.LeasedBy != "" && r.LeasedUntil != nil && r.LeasedUntil.Before(s.Now()) {
		last := r.LeasedUntil.Add(-s.lease())
		r.SilentSince = &last
	}
}

func oneRow(ctx context.Context, db pg.DB, sql string, run int64) (Row, error) {
	rows, err := db.Query(ctx, sql, pgx.NamedArgs{"run": run})
	if err != nil {
		return Row{}, err
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Row])
	if errors.Is(err, pgx.ErrNoRows) {
		return Row{}, fault.New(fault.NotFound, "There is no run %d. !job list shows the last ones.", run)
	}
	return r, err
}

// Recent lists runs, the newest first.
func (s *Service) Recent(ctx context.Context, q Query) ([]Row, error) {
	if q.Most <= 0 {
		q.Most = 20
	}
	states := []string{}
	for _, one := range q.States {
		states = append(states, string(one))
	}
	rows, err := list[Row](ctx, s.DB, sqlRecent, pgx.NamedArgs{
		"job": q.Job, "states": states, "open": q.Open, "incident": q.Incident, "before": q.Before, "most": q.Most, "no_dry": q.NoDry,
	})
	for i := range rows {
		s.listen(&rows[i])
	}
	return rows, err
}

// Lines are the log of a run, after a line that is known already (0 for all).
func (s *Service) Lines(ctx context.Context, run int64, after int) ([]Line, error) {
	return list[Line](ctx, s.DB, sqlLines, pgx.NamedArgs{"run": run, "after": after})
}

// LastLines are the newest lines of the log of a run, in order. Lines are numbered from 1, so
// the first one tells how many are left out.
func (s *Service) LastLines(ctx context.Context, run int64, most int) ([]Line, error) {
	return list[Line](ctx, s.DB, sqlLastLines, pgx.NamedArgs{"run": run, "most": most})
}

// Steps are the steps of all tries of a run, in the order in which they began.
func (s *Service) Steps(ctx context.Context, run int64) ([]StepRow, error) {
	return list[StepRow](ctx, s.DB, sqlSteps, pgx.NamedArgs{"run": run})
}

// Artifacts are the files that a run made.
func (s *Service) Artifacts(ctx context.Context, run int64) ([]Artifact, error) {
	return list[Artifact](ctx, s.DB, sqlArtifacts, pgx.NamedArgs{"run": run})
}

// Verdicts are what people said to a run, the first one first.
func (s *Service) Verdicts(ctx context.Context, run int64) ([]Verdict, error) {
	return list[Verdict](ctx, s.DB, sqlVerdicts, pgx.NamedArgs{"run": run})
}

func list[T any](ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) ([]T, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// lockRun locks a run until the transaction ends. Its incident comes first, as in every
// change of one: its timeline is written, too.
func lockRun(ctx context.Context, tx pgx.Tx, run int64) (Row, error) {
	var incident *int64
	err := tx.QueryRow(ctx, sqlIncidentOf, pgx.NamedArgs{"run": run}).Scan(&incident)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Row{}, err
	}
	if incident != nil {
		if err := shareIncident(ctx, tx, *incident); err != nil {
			return Row{}, err
		}
	}
	// Read only when it is locked: a count in the same statement would be from before the wait.
	if _, err := tx.Exec(ctx, sqlLockRun, pgx.NamedArgs{"run": run}); err != nil {
		return Row{}, err
	}
	return oneRow(ctx, tx, sqlRun, run)
}

func shareIncident(ctx context.Context, tx pgx.Tx, incident int64) error {
	tag, err := tx.Exec(ctx, sqlShareIncident, pgx.NamedArgs{"id": incident})
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.New(fault.NotFound, "There is no INC-%d. !incident list shows the last ones.", incident)
	}
	return err
}
