package snapshot

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// Finder is who holds what was found in places and not taken by this database's runs: the
// database may have been restored from an older backup. A hold of the finder ends when a restore
// is proven, or when somebody releases it. Nobody can have a name with a space.
const Finder = "the bot"

// Found says whether it was found in a place, and nobody has proven or held it since. Whoever can
// write to the place may have made it up: it counts for nothing, is never deleted, and is only
// restored if somebody says so.
func (s Snapshot) Found() bool { return s.HoldBy == Finder && s.Hold != "" && !s.Verified() }

const (
	sqlFound = `
		insert into snapshot (job, taken_at, state, want, have, hold, hold_by, sentinel, facts)
		values (@job, @taken_at, 'kept', 1, 1, @hold, @by, @sentinel, @facts)
		on conflict (job, taken_at) do nothing returning id`
	sqlTakenAt = `select id from snapshot where job = @job and taken_at = @taken_at for update`
	sqlNamed   = `
		select key, bool_or(gone_at is null), bool_or(gone_at is not null and starts_with(bad, @given_up)) from snapshot_copy where place = @place group by key`
	sqlRunsOf = `
		select r.id, r.job, r.asked_at, r.ended_at, r.state = 'lost', coalesce(s.state, '')
		from job_run r left join snapshot s on s.run_id = r.id where r.id = any (@runs)`
)

// NewFound is a copy that was found in a place, with what stands beside it.
type NewFound struct {
	Job      string
	TakenAt  time.Time
	Sentinel string // SHA-256 in hex; "" is none
	Facts    [][2]string
	Copy     Copy
	Why      string // of the hold, for people
}

// AddFound notes a found copy: of a snapshot that it makes if there is none of the same job and
// time. It is added to a snapshot that is known, or was found before, only if that has the very same
// elsewhere: a test proves one copy, and then counts for all. Anything else is a Conflict, since
// one of them may not be genuine.
func AddFound(ctx context.Context, db pg.DB, f NewFound) (id int64, isNew bool, err error) {
	f.TakenAt = f.TakenAt.Truncate(time.Microsecond) // as the database keeps it
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		args := pgx.NamedArgs{"job": f.Job, "taken_at": f.TakenAt, "hold": f.Why, "by": Finder, "sentinel": f.Sentinel, "facts": list(f.Facts)}
		err := tx.QueryRow(ctx, sqlFound, args).Scan(&id)
		switch {
		case err == nil:
			isNew = true
			return AddCopy(ctx, tx, id, f.Copy)
		case !errors.Is(err, pgx.ErrNoRows):
			return err
		}
		if err := tx.QueryRow(ctx, sqlTakenAt, args).Scan(&id); err != nil {
			return err
		}
		s, err := Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if !s.takes(f) {
			return fault.New(fault.Conflict, "%s at %s says that it is snapshot %d, which is %s and is not the same.", f.Copy.Key, f.Copy.Place, id, s.State)
		}
		return AddCopy(ctx, tx, id, f.Copy)
	})
	return id, isNew && err == nil, err
}

// takes tells whether a found copy is one of a snapshot: its name, and so its run, and its bytes
// are those of one that is there. Of copies that are sealed in two ways nobody can tell.
func (s Snapshot) takes(f NewFound) bool {
	if s.State != Kept || s.Want != 1 || s.Sentinel != f.Sentinel {
		return false
	}
	same := false
	for _, c := range s.Copies {
		switch {
		case c.Place == f.Copy.Place && c.GoneAt.IsZero():
			return false
		case c.Key == f.Copy.Key && c.SHA256 != f.Copy.SHA256:
			return false
		case c.Key == f.Copy.Key && c.Intact():
			same = true
		}
	}
	return same
}

// Noted is what the catalogue knows of a key of a place.
type Noted struct {
	There   bool // a copy is there; else it was deleted
	GivenUp bool // its place was: nobody deleted it
}

// Named tells of each key that was ever noted at a place.
func Named(ctx context.Context, db pg.DB, place string) (map[string]Noted, error) {
	rows, err := db.Query(ctx, sqlNamed, pgx.NamedArgs{"place": place, "given_up": givenUp})
	if err != nil {
		return nil, err
	}
	of := map[string]Noted{}
	var key string
	var n Noted
	_, err = pgx.ForEachRow(rows, []any{&key, &n.There, &n.GivenUp}, func() error {
		of[key] = n
		return nil
	})
	return of, err
}

// Run is what is known of a run that may have stored something.
type Run struct {
	ID      int64
	Job     string
	AskedAt time.Time
	EndedAt *time.Time
	Lost    bool  // nobody knows what it did
	Became  State // of its snapshot; "" if there is none
}

// RunsOf tells of runs, by their numbers. One that is missing is not known.
func RunsOf(ctx context.Context, db pg.DB, ids []int64) (map[int64]Run, error) {
	rows, err := db.Query(ctx, sqlRunsOf, pgx.NamedArgs{"runs": ids})
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Run])
	of := map[int64]Run{}
	for _, r := range list {
		of[r.ID] = r
	}
	return of, err
}
