package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/unseal"
)

const (
	sqlSince = `select at from ledger_leaf order by seq limit 1`
	// Counted of leaves alone: whose addresses they were, rows may have forgotten. What
	// people wrote cannot look like this: their quotes are escaped in a body.
	sqlLanes = `
		select l.lane, l.n from (
			select count(*) filter (where body like '%"type":"intent"%' and body like '%"lane":"B"%') as dial,
				count(*) filter (where body like '%"type":"intent"%' and body like '%"lane":"D"%') as reveal,
				count(*) filter (where (body like '%"type":"proof"%' or body like '%"type":"intent"%') and body like '%"lane":"F"%') as owner
			from ledger_leaf
		) c
		cross join lateral (values ('B', c.dial), ('D', c.reveal), ('F', c.owner)) as l (lane, n)`
)

// View is the ledger at a glance, for a public page.
type View struct {
	Head     Head                  // zero in an empty ledger
	Since    time.Time             // of the first leaf; zero in an empty ledger
	Openings int64                 // in lanes B and D: what others asked for
	Lanes    map[unseal.Lane]int64 // nil in an empty ledger
	Last     []Leaf                // the last ones, latest first
	Anchors  []Anchor              // where heads were seen, latest first
}

// Overview reads the ledger at a glance, with at most so many leaves and anchors.
func Overview(ctx context.Context, db pg.DB, most int) (View, error) {
	var v View
	err := pg.Snapshot(ctx, db, func(tx pgx.Tx) (err error) {
		if v.Head, err = Latest(ctx, tx); err != nil || v.Head.Size == 0 {
			return err
		}
		if err = tx.QueryRow(ctx, sqlSince).Scan(&v.Since); err != nil {
			return err
		}
		if v.Lanes, err = lanes(ctx, tx); err != nil {
			return err
		}
		v.Openings = v.Lanes[unseal.LaneDial] + v.Lanes[unseal.LaneReveal]
		if v.Last, err = Leaves(ctx, tx, End, most); err != nil {
			return err
		}
		v.Anchors, err = Anchors(ctx, tx, most)
		return err
	})
	v.Since = v.Since.UTC()
	return v, err
}

// lanes counts openings by lane.
func lanes(ctx context.Context, db pg.DB) (map[unseal.Lane]int64, error) {
	rows, err := db.Query(ctx, sqlLanes)
	if err != nil {
		return nil, err
	}
	counts := map[unseal.Lane]int64{}
	var lane unseal.Lane
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&lane, &n}, func() error { counts[lane] = n; return nil })
	return counts, err
}
