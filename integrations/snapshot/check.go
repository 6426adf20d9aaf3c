package snapshot

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"batsignal/migrations/pg"
	"batsignal/oncall"
)

const (
	sqlBeginCheck = `
		insert into snapshot_check (snapshot_id, run_id, place, recipient, level, state, begun_at)
		values (@id, @run, @place, @recipient, 0, 'validating', @now) returning id`
	// A failure stays until a test is successful: one that comes to no end takes nothing back.
	sqlValidating = `update snapshot set checked = 'validating' where id = @id and checked <> 'failed'`
	sqlEndCheck   = `
		update snapshot_check set state = @state, level = @level, ended_at = @now, took = @now - begun_at, detail = @detail, facts = @facts
		where id = @check and state = 'validating'`
	sqlChecked = `update snapshot set checked = @state where id = @id and checked <> 'failed'`
	// It was only the key: the snapshot is what it was.
	sqlAsBefore = `update snapshot set checked = case when verified_at is not null then 'successful' else '' end where id = @id and checked = 'validating'`
	// What was only found is as good as any other once it is proven.
	sqlProven = `
		update snapshot set checked = 'successful', level = @level, verified_at = case when @level >= 4 then @now else verified_at end,
			hold = case when @level >= 4 and hold_by = @finder then '' else hold end,
			hold_by = case when @level >= 4 and hold_by = @finder then '' else hold_by end
		where id = @id`
	sqlDisproved = `update snapshot set checked = 'failed', level = 0, verified_at = null where id = @id`
	sqlMarkBad   = `update snapshot_copy set bad = @why where snapshot_id = @id and member = @member and place = @place and gone_at is null`
	sqlMarkRead  = `update snapshot_copy set read_at = @now, bad = '' where snapshot_id = @id and member = @member and place = @place and gone_at is null`
	// Whoever tested it died, if the run ended or was begun again, or if there is none and it
	// is too long ago.
	sqlDeadChecks = `
		update snapshot_check c set state = 'timed_out', ended_at = @now, took = @now - c.begun_at, detail = 'Whoever tested it ended before the test did.'
		where c.state = 'validating' and (
			c.run_id is not null and exists (select from job_run r where r.id = c.run_id and (r.state not in ('running', 'undoing') or r.started_at > c.begun_at))
			or c.begun_at < @before)
		returning c.snapshot_id`
	sqlDeadOfRun = `
		update snapshot_check set state = 'timed_out', ended_at = @now, took = @now - begun_at, detail = 'It was begun again.'
		where state = 'validating' and run_id = @run returning snapshot_id`
	sqlUnchecked = `
		update snapshot s set checked = 'timed_out' where s.id = any (@ids) and s.checked = 'validating'
			and not exists (select from snapshot_check c where c.snapshot_id = s.id and c.state = 'validating')`
	sqlChecks = `
		select id, snapshot_id, run_id, place, recipient, level, state, begun_at, ended_at, coalesce(took, '0'), detail, facts
		from snapshot_check where snapshot_id = any (@ids) order by id desc limit @most`
	// Of a run that tested more than once its last word counts, and one of no run is by itself.
	sqlUnproven = `
		select count(distinct coalesce(c.run_id, -c.id)) from snapshot_check c join snapshot s on s.id = c.snapshot_id
		where s.job = @job and c.state = 'timed_out' and not exists (
			select from snapshot_check l join snapshot o on o.id = l.snapshot_id
			where o.job = @job and l.id > c.id and l.state in ('successful', 'failed'))`
	sqlLastUse = `
		select c.recipient, max(c.begun_at) from snapshot_check c join snapshot s on s.id = c.snapshot_id
		where s.job = @job and c.recipient <> '' and c.state <> 'validating' group by c.recipient`
)

// BeginCheck notes that a test of a copy begins, with the key of a recipient.
func BeginCheck(ctx context.Context, db pg.DB, now time.Time, id, run int64, place, recipient string) (check int64, err error) {
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlValidating, pgx.NamedArgs{"id": id}); err != nil {
			return err
		}
		return tx.QueryRow(ctx, sqlBeginCheck, pgx.NamedArgs{
			"id": id, "run": pg.NullID(run), "place": place, "recipient": oncall.Clip(recipient, 100), "now": now,
		}).Scan(&check)
	})
	return check, err
}

// Found is what a test found.
type Found struct {
	Outcome Outcome // not Validating
	Level   int     // how far it came: 1 what was stored is there, … 4 the application answered
	Detail  string  // one sentence
	Facts   [][2]string
	// OnlyKey is a failure of the key, not of the snapshot: the test is failed, and what is
	// known of the snapshot stays.
	OnlyKey bool
}

// EndCheck notes what a test found. A snapshot is verified if it was successful at
// [VerifiedLevel] or above, and not any more if it failed. A test that was given up
// meanwhile (see [Look]) changes nothing.
func EndCheck(ctx context.Context, db pg.DB, now time.Time, id, check int64, f Found) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlEndCheck, pgx.NamedArgs{
			"check": check, "state": f.Outcome, "level": f.Level, "now": now, "detail": oncall.Clip(f.Detail, 1000), "facts": list(f.Facts),
		})
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		sql := sqlChecked
		switch {
		case f.Outcome == Successful:
			sql = sqlProven
		case f.OnlyKey:
			sql = sqlAsBefore
		case f.Outcome == Failed:
			sql = sqlDisproved
		}
		_, err = tx.Exec(ctx, sql, pgx.NamedArgs{"id": id, "state": f.Outcome, "level": f.Level, "now": now, "finder": Finder})
		return err
	})
}

// MarkRead notes that a copy was read back whole and is what was stored.
func MarkRead(ctx context.Context, db pg.DB, now time.Time, id int64, c Copy) error {
	_, err := db.Exec(ctx, sqlMarkRead, pgx.NamedArgs{"id": id, "member": c.Member, "place": c.Place, "now": now})
	return err
}

// MarkBad notes what is wrong with a copy. It counts for nothing until it is found to be
// right.
func MarkBad(ctx context.Context, db pg.DB, id int64, c Copy, why string) error {
	_, err := db.Exec(ctx, sqlMarkBad, pgx.NamedArgs{"id": id, "member": c.Member, "place": c.Place, "why": oncall.Clip(why, 500)})
	return err
}

// longest is how long a test may take that no run stands for.
const longest = 24 * time.Hour

// Look finds tests whose tester died, and notes that they came to no end. It is a chore, to
// be done again and again.
func Look(ctx context.Context, db pg.DB, now time.Time) error {
	return giveUp(ctx, db, sqlDeadChecks, pgx.NamedArgs{"now": now, "before": now.Add(-longest)})
}

// GiveUp notes that the tests of an earlier attempt of a run came to no end.
func GiveUp(ctx context.Context, db pg.DB, now time.Time, run int64) error {
	return giveUp(ctx, db, sqlDeadOfRun, pgx.NamedArgs{"now": now, "run": run})
}

func giveUp(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sql, args)
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(ids) == 0 {
			return err
		}
		_, err = tx.Exec(ctx, sqlUnchecked, pgx.NamedArgs{"ids": ids})
		return err
	})
}

// Checks lists the last tests of snapshots, the last first.
func Checks(ctx context.Context, db pg.DB, most int, ids ...int64) ([]Check, error) {
	rows, err := db.Query(ctx, sqlChecks, pgx.NamedArgs{"ids": ids, "most": most})
	if err != nil {
		return nil, err
	}
	return pg.Collect(rows, func(c *Check) []any {
		return []any{&c.ID, &c.SnapshotID, (*zeronull.Int8)(&c.RunID), &c.Place, &c.Recipient, &c.Level, &c.Outcome,
			&c.BegunAt, (*zeronull.Timestamptz)(&c.EndedAt), &c.Took, &c.Detail, &c.Facts}
	})
}

// MostUnproven is how many tests of a job's backups may come to no end, one after the other,
// before that is told like one that failed: a bad backup may look like a full disk.
const MostUnproven = 2

// Unproven counts the last tests of a job's backups that came to no end, one after the other.
func Unproven(ctx context.Context, db pg.DB, job string) (n int, err error) {
	err = db.QueryRow(ctx, sqlUnproven, pgx.NamedArgs{"job": job}).Scan(&n)
	return n, err
}

// LastUse tells when the key of each recipient was last tried on a snapshot of a job.
// Whoever is missing never was.
func LastUse(ctx context.Context, db pg.DB, job string) (map[string]time.Time, error) {
	rows, err := db.Query(ctx, sqlLastUse, pgx.NamedArgs{"job": job})
	if err != nil {
		return nil, err
	}
	of := map[string]time.Time{}
	var who string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&who, &at}, func() error {
		of[who] = at
		return nil
	})
	return of, err
}
