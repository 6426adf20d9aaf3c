package snapshot

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

const (
	// A run that is begun again takes its own row again, unless it was finished.
	sqlBegin = `
		insert into snapshot (job, run_id, taken_at, state, want)
		values (@job, @run, @now, 'taking', @want)
		on conflict (run_id) do update set
			taken_at = excluded.taken_at, state = 'taking', want = excluded.want, have = 0, sentinel = '', facts = '[]'
		where snapshot.state in ('taking', 'broken')
		returning id`
	sqlOfRun = `select id from snapshot where run_id = @run`
	// What was there under the same key is no more, nor what was known of it.
	sqlAddCopy = `
		insert into snapshot_copy (snapshot_id, member, place, off_site, key, size, sha256, recipients, documented, stored_at, bad)
		values (@id, @member, @place, @off_site, @key, @size, @sha256, @recipients, @documented, @now, @bad)
		on conflict (snapshot_id, member, place) do update set
			off_site = excluded.off_site, key = excluded.key, size = excluded.size, sha256 = excluded.sha256, recipients = excluded.recipients,
			documented = excluded.documented, stored_at = excluded.stored_at, bad = excluded.bad, read_at = null, gone_at = null`
	sqlComplete = `
		update snapshot s set state = 'kept', sentinel = @sentinel, facts = @facts,
			have = least(s.want, (select count(distinct c.member) from snapshot_copy c where c.snapshot_id = s.id and c.gone_at is null and c.bad = ''))
		where s.id = @id and s.state in ('taking', 'kept')`
	sqlBroken = `update snapshot set state = 'broken' where id = @id and state in ('taking', 'broken')`
	sqlState  = `select state from snapshot where id = @id`
)

// Begin notes that a run takes a snapshot of so many members. A run takes one only: if it is
// begun again, it gets the same row, and known says that it was finished before, so that
// there is nothing left to take.
func Begin(ctx context.Context, db pg.DB, now time.Time, job string, run int64, want int) (id int64, known bool, err error) {
	args := pgx.NamedArgs{"job": job, "run": pg.NullID(run), "now": now, "want": want}
	err = db.QueryRow(ctx, sqlBegin, args).Scan(&id)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		err = db.QueryRow(ctx, sqlOfRun, args).Scan(&id)
		return id, true, err
	case pg.IsUnique(err, "snapshot_job_taken_at_key"):
		return 0, false, fault.Wrap(fault.Conflict, err, "Another run takes a snapshot of %s at the very same time. Try again.", job)
	}
	return id, false, err
}

// AddCopy notes what was stored. The same copy may be noted again: the last one counts.
func AddCopy(ctx context.Context, db pg.DB, id int64, c Copy) error {
	recipients := c.Recipients
	if recipients == nil {
		recipients = []string{}
	}
	_, err := db.Exec(ctx, sqlAddCopy, pgx.NamedArgs{
		"id": id, "member": c.Member, "place": c.Place, "off_site": c.OffSite, "key": c.Key, "size": c.Size, "sha256": c.SHA256,
		"recipients": recipients, "documented": c.Documented, "now": c.StoredAt, "bad": oncall.Clip(c.Bad, 500),
	})
	return err
}

// Complete notes that all is stored that will be: from now on the snapshot is kept. It is
// complete if copies of as many members were noted as it was begun with.
func Complete(ctx context.Context, db pg.DB, id int64, sentinel string, facts [][2]string) error {
	tag, err := db.Exec(ctx, sqlComplete, pgx.NamedArgs{"id": id, "sentinel": sentinel, "facts": list(facts)})
	if err == nil && tag.RowsAffected() == 0 {
		return fault.New(fault.Conflict, "Snapshot %d is not being taken any more.", id)
	}
	return err
}

// MarkBroken notes that a snapshot will not be finished, and tells whether it is broken: one
// that is kept already stays so. What lies in places is deleted by whoever calls it.
func MarkBroken(ctx context.Context, db pg.DB, id int64) (broken bool, err error) {
	tag, err := db.Exec(ctx, sqlBroken, pgx.NamedArgs{"id": id})
	return err == nil && tag.RowsAffected() == 1, err
}

// OfRun finds the snapshot that a run takes or took.
func OfRun(ctx context.Context, db pg.DB, run int64) (id int64, known bool, err error) {
	err = db.QueryRow(ctx, sqlOfRun, pgx.NamedArgs{"run": run}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	return id, err == nil, err
}

// StateOf tells where a snapshot is in its life.
func StateOf(ctx context.Context, db pg.DB, id int64) (s State, err error) {
	err = db.QueryRow(ctx, sqlState, pgx.NamedArgs{"id": id}).Scan(&s)
	if errors.Is(err, pgx.ErrNoRows) {
		err = none(id)
	}
	return s, err
}

func none(id int64) error {
	return fault.New(fault.NotFound, "There is no snapshot %d.", id)
}

// list makes an empty list of none: the column takes no null.
func list(facts [][2]string) [][2]string {
	if facts == nil {
		return [][2]string{}
	}
	return facts
}
