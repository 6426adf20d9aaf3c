package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/unseal"
)

const (
	sqlUnanchored = `
		select coalesce(max(h.size), 0) - coalesce((select max(size) from ledger_anchor), 0) from ledger_head h`
	sqlOpeningsCount = `
		select count(*) filter (where lane <> 'F'), count(*) from sealed_opening where owner_id = @person`
)

// Figures are numbers of the ledger, for who watches it.
type Figures struct {
	Lanes      map[unseal.Lane]int64 // openings; it never gets less
	Unanchored int64                 // entries at the end that no room has seen a head of
}

// Count reads the numbers of the ledger.
func Count(ctx context.Context, db pg.DB) (Figures, error) {
	counts, err := lanes(ctx, db)
	if err != nil {
		return Figures{}, err
	}
	f := Figures{Lanes: counts}
	err = db.QueryRow(ctx, sqlUnanchored).Scan(&f.Unanchored)
	return f, err
}

// CountOf tells how often sealed addresses of a person were opened: by others, and in all.
func CountOf(ctx context.Context, db pg.DB, person int64) (others, all int, err error) {
	err = db.QueryRow(ctx, sqlOpeningsCount, pgx.NamedArgs{"person": person}).Scan(&others, &all)
	return others, all, err
}
