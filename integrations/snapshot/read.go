package snapshot

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"batsignal/migrations/pg"
)

const (
	columns = `id, job, run_id, taken_at, state, want, have, hold, hold_by, sentinel, facts, checked, level, verified_at, deleted_at`
	sqlGet  = `select ` + columns + ` from snapshot where id = @id`
	sqlList = `
		select ` + columns + ` from snapshot
		where (@job = '' or job = @job) and (cardinality(@states::text[]) = 0 or state = any (@states)) and (@before = 0 or id < @before)
		order by taken_at desc, id desc limit nullif(@most, 0)`
	sqlCopies = `
		select snapshot_id, member, place, off_site, key, size, sha256, recipients, documented, stored_at, read_at, bad, gone_at
		from snapshot_copy where snapshot_id = any (@ids) order by snapshot_id, member, place`
	sqlJobs = `select distinct job from snapshot where state <> 'deleted' order by job`
)

// Query says which snapshots are listed.
type Query struct {
	Job    string  // "" is every job
	States []State // none is all
	Before int64   // only smaller numbers; 0 is all
	Most   int     // 0 is all
}

// List lists snapshots with their copies, the newest first.
func List(ctx context.Context, db pg.DB, q Query) ([]Snapshot, error) {
	states := make([]string, len(q.States))
	for i, s := range q.States {
		states[i] = string(s)
	}
	return query(ctx, db, sqlList, pgx.NamedArgs{"job": q.Job, "states": states, "before": q.Before, "most": q.Most})
}

// Get returns a snapshot with its copies; NotFound if there is none.
func Get(ctx context.Context, db pg.DB, id int64) (Snapshot, error) {
	list, err := query(ctx, db, sqlGet, pgx.NamedArgs{"id": id})
	if err != nil {
		return Snapshot{}, err
	}
	if len(list) == 0 {
		return Snapshot{}, none(id)
	}
	return list[0], nil
}

// Jobs lists the jobs that have snapshots, by name.
func Jobs(ctx context.Context, db pg.DB) ([]string, error) {
	rows, err := db.Query(ctx, sqlJobs)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// StatusOf tells whether the backups of a job are what they should be.
func StatusOf(ctx context.Context, db pg.DB, now time.Time, job string, e Expect) (Status, error) {
	list, err := List(ctx, db, Query{Job: job, States: []State{Kept}})
	if err != nil {
		return Status{}, err
	}
	s := Judge(now, job, e, list)
	n, err := Unproven(ctx, db, job)
	if err == nil && n > MostUnproven && s.Verified.True {
		s.Verified.True, s.Verified.Why = false, fmt.Sprintf("the last %d tests came to no end", n)
	}
	if err != nil {
		return s, err
	}
	if e.Places != nil {
		s.OutOfReach, err = OutOfReach(ctx, db, job, e.Places)
	}
	return s, err
}

func query(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) ([]Snapshot, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	list, err := pg.Collect(rows, func(s *Snapshot) []any {
		return []any{&s.ID, &s.Job, (*zeronull.Int8)(&s.RunID), &s.TakenAt, &s.State, &s.Want, &s.Have, &s.Hold, &s.HoldBy, &s.Sentinel, &s.Facts,
			&s.Checked, &s.Level, (*zeronull.Timestamptz)(&s.VerifiedAt), (*zeronull.Timestamptz)(&s.DeletedAt)}
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	at := make(map[int64]int, len(list))
	ids := make([]int64, len(list))
	for i, s := range list {
		at[s.ID], ids[i] = i, s.ID
	}
	if rows, err = db.Query(ctx, sqlCopies, pgx.NamedArgs{"ids": ids}); err != nil {
		return nil, err
	}
	var id int64
	var c Copy
	_, err = pgx.ForEachRow(rows, []any{&id, &c.Member, &c.Place, &c.OffSite, &c.Key, &c.Size, &c.SHA256, &c.Recipients, &c.Documented,
		&c.StoredAt, (*zeronull.Timestamptz)(&c.ReadAt), &c.Bad, (*zeronull.Timestamptz)(&c.GoneAt)}, func() error {
		s := &list[at[id]]
		s.Copies = append(s.Copies, c)
		c = Copy{} // the next row must not write into the list of recipients of this one
		return nil
	})
	return list, err
}
