package pgbackup

import (
	"context"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// What was under way when the backup was taken is over: whoever did it is gone, and what it
// left was used since. Above all the run that took this very backup is among it, which would
// be taken back, and the backup deleted with it.
const (
	restRuns = `
		update job_run set state = 'lost', outcome = '', leased_by = '', leased_until = null, ended_at = now(), fence = fence + 1,
			said = 'It was under way when the backup was taken that this database was restored from.'
		where ended_at is null`
	restSteps     = `update job_step set state = 'undone', ended_at = coalesce(ended_at, now()) where undo <> '' and state in ('begun', 'done', 'failed')`
	restSnapshots = `delete from snapshot where state = 'taking'`
	restSessions  = `update share_session set state = 'closed', ended_at = now() where state = 'open'`
	restHanded    = `delete from share_handed`
	// A drill on another machine must not begin to back up and to delete by itself.
	restSchedules = `update job_schedule set paused_at = now(), paused_by = 'the restore' where paused_at is null and rule <> ''`
)

// rest ends in a restored database what was under way in it, and has no job begin by itself.
func rest(ctx context.Context, db pg.DB) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		for _, sql := range []string{restRuns, restSteps, restSnapshots, restHanded, restSessions, restSchedules} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
}
