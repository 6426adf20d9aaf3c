package snapshot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

// A place that the configuration does not name any more is out of reach: what is noted there
// counts as no copy and is neither read nor deleted. It stays noted, since the place may come
// back, until somebody says that it will not: then it is forgotten.

const (
	sqlOutOfReach = `
		select c.place, count(*) as copies, count(distinct s.id) as snapshots, count(distinct s.id) filter (where s.state = 'deleting') as deleting
		from snapshot_copy c join snapshot s on s.id = c.snapshot_id
		where c.gone_at is null and s.state <> 'deleted' and (@job = '' or s.job = @job) and c.place <> all (@places)
		group by c.place order by c.place`
	// Whoever takes or deletes one meanwhile waits, or is waited for.
	sqlLockAt = `
		select id from snapshot where state <> 'deleted' and id in (select snapshot_id from snapshot_copy where place = @place and gone_at is null)
		order by id for update`
	sqlOnlyAt = `
		select s.id, s.state, s.hold, s.hold_by from snapshot s where s.state <> 'deleted' and s.id = any (@ids)
			and not exists (select from snapshot_copy c where c.snapshot_id = s.id and c.gone_at is null and c.place <> @place)
		order by s.id`
	sqlForgetCopies = `
		update snapshot_copy set gone_at = @now, bad = left(@given_up || @by || '; nobody deleted it there.', 500)
		where place = @place and gone_at is null`
	sqlForgotten = `update snapshot set state = 'deleted', deleted_at = @now where id = any (@ids) and state in ('kept', 'deleting', 'broken')`
)

// givenUp begins what is noted of a copy whose place was given up.
const givenUp = "Its place was given up by "

// Unreached is a place that the configuration does not name, in which copies are noted.
type Unreached struct {
	Place     string
	Copies    int
	Snapshots int
	Deleting  int // of these, how many are deleted everywhere else and wait for this place
}

// Says tells of it as a clause: "2 copies at attic".
func (u Unreached) Says() string {
	return fmt.Sprintf("%s at %s", oncall.Plural(u.Copies, "copy", "copies"), u.Place)
}

// OutOfReach lists the places with copies of a job ("" is any) that are none of places.
func OutOfReach(ctx context.Context, db pg.DB, job string, places []string) ([]Unreached, error) {
	rows, err := db.Query(ctx, sqlOutOfReach, pgx.NamedArgs{"job": job, "places": atLeast(places)})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Unreached])
}

// atLeast makes an empty list of none: a null would be no place at all.
func atLeast(places []string) []string {
	if places == nil {
		return []string{}
	}
	return places
}

// Within gives a snapshot with only those copies that lie in places; nil is any place.
func (s Snapshot) Within(places []string) Snapshot {
	if places != nil {
		s.Copies = slices.DeleteFunc(slices.Clone(s.Copies), func(c Copy) bool { return !slices.Contains(places, c.Place) })
	}
	return s
}

// Away says whether nothing of a snapshot can be reached, and something is noted elsewhere: it
// can neither be restored nor deleted until its place is back.
func (s Snapshot) Away(places []string) bool {
	there := func(c Copy) bool { return c.GoneAt.IsZero() }
	return slices.ContainsFunc(s.Copies, there) && !slices.ContainsFunc(s.Within(places).Copies, there)
}

// Forgotten is what [Forget] changed.
type Forgotten struct {
	Copies int64
	Gone   []int64 // snapshots of which nothing is left now
}

// Forget notes that a place will not come back: its copies are gone, and snapshots that lay only
// there with them, at once or not at all. Whoever says so is on record. A snapshot that lies only
// there and is held, or is being taken, is a Conflict; a place without copies is NotFound.
func Forget(ctx context.Context, db pg.DB, now time.Time, by audit.By, who, place string) (f Forgotten, err error) {
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sqlLockAt, pgx.NamedArgs{"place": place})
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		switch {
		case err != nil:
			return err
		case len(ids) == 0:
			return fault.New(fault.NotFound, "No copy is noted at a place called %s.", place)
		}
		if f.Gone, err = onlyAt(ctx, tx, place, ids); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, sqlForgetCopies, pgx.NamedArgs{"place": place, "now": now, "by": who, "given_up": givenUp})
		if err != nil {
			return err
		}
		f.Copies = tag.RowsAffected()
		if _, err := tx.Exec(ctx, sqlForgotten, pgx.NamedArgs{"ids": f.Gone, "now": now}); err != nil {
			return err
		}
		says := fmt.Sprintf("gave up the place %s with %s", place, oncall.Plural(int(f.Copies), "copy", "copies"))
		if len(f.Gone) > 0 {
			says += ", and with it " + numbers(f.Gone)
		}
		return audit.Record(ctx, tx, now, by, audit.Change{Kind: "place", Subject: place, Says: oncall.Clip(says, 600)})
	})
	if err != nil {
		return Forgotten{}, err
	}
	return f, nil
}

// onlyAt are those that lie nowhere else.
func onlyAt(ctx context.Context, tx pgx.Tx, place string, ids []int64) (only []int64, err error) {
	rows, err := tx.Query(ctx, sqlOnlyAt, pgx.NamedArgs{"place": place, "ids": ids})
	if err != nil {
		return nil, err
	}
	only = []int64{}
	var id int64
	var state State
	var hold, by string
	var refused []string
	_, err = pgx.ForEachRow(rows, []any{&id, &state, &hold, &by}, func() error {
		switch {
		case state == Taking:
			refused = append(refused, fmt.Sprintf("snapshot %d is being taken", id))
		case hold != "":
			refused = append(refused, fmt.Sprintf("snapshot %d lies only there, and %s holds it (%s)", id, by, hold))
		}
		only = append(only, id)
		return nil
	})
	if err == nil && len(refused) > 0 {
		err = fault.New(fault.Conflict, "The place %s cannot be given up: %s. Release it first, if it may go.", place, strings.Join(refused, "; "))
	}
	return only, err
}
