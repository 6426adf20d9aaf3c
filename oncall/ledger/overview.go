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
	// Every count is of leaves alone: whose addresses they were, rows may have forgotten.
	sqlLanes = `
		select coalesce(substring(body from '"lane":"([^"]*)"'), '') as lane, count(*) as n from ledger_leaf
		where substring(body from '"type":"([^"]*)"') in ('intent', 'proof') group by 1`
)

// View is the ledger at a glance, for a public page.
type View struct {
	Head     Head      // zero in an empty ledger
	Since    time.Time // of the first leaf; zero in an empty ledger
	Openings int64     // in lanes B and D: what others asked for
	Lanes    map[unseal.Lane]int64
	Last     []Leaf   // the last ones, latest first
	Anchors  []Anchor // where heads were seen, latest first
}

// Overview reads the ledger at a glance, with at most so many leaves and anchors.
func Overview(ctx context.Context, db pg.DB, most int) (View, error) {
	v := View{Lanes: map[unseal.Lane]int64{}}
	err := snapshot(ctx, db, func(tx pgx.Tx) (err error) {
		if v.Head, err = Latest(ctx, tx); err != nil || v.Head.Size == 0 {
			return err
		}
		if err = tx.QueryRow(ctx, sqlSince).Scan(&v.Since); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sqlLanes)
		if err != nil {
			return err
		}
		var lane unseal.Lane
		var n int64
		if _, err = pgx.ForEachRow(rows, []any{&lane, &n}, func() error { v.Lanes[lane] = n; return nil }); err != nil {
			return err
		}
		if v.Last, err = Leaves(ctx, tx, End, most); err != nil {
			return err
		}
		v.Anchors, err = Anchors(ctx, tx, most)
		return err
	})
	v.Since = v.Since.UTC()
	v.Openings = v.Lanes[unseal.LaneDial] + v.Lanes[unseal.LaneReveal]
	return v, err
}
