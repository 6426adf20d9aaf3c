package coverage

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// Known is a gap that was found before, as a row.
type Known struct {
	ID         int64
	Role       string
	Kind       Kind
	From       time.Time
	Until      time.Time
	Have       int
	Want       int
	Why        string
	FoundAt    time.Time
	WarnedAt   *time.Time // nil: nobody was told
	RemindedAt *time.Time // nil: nobody was told again
	ClosedAt   *time.Time // nil: it is open
}

const (
	sqlKnownColumns = `
		select id, role, kind, starts_at as "from", ends_at as until, have, want, why,
			found_at, warned_at, reminded_at, closed_at
		from coverage_gap`
	sqlOpenGaps   = sqlKnownColumns + ` where closed_at is null and ends_at > @now order by starts_at, kind, id`
	sqlRecentGaps = sqlKnownColumns + ` where closed_at is null or reminded_at > @since order by starts_at, kind, id`
	sqlInsertGap  = `
		insert into coverage_gap (role, kind, starts_at, ends_at, have, want, why, found_at, warned_at, reminded_at)
		values (@role, @kind, @from, @until, @have, @want, @why, @found_at, @warned_at, @reminded_at)`
	sqlUpdateGap = `
		update coverage_gap set starts_at = @from, ends_at = @until, have = @have, want = @want, why = @why,
			found_at = @found_at, warned_at = @warned_at, reminded_at = @reminded_at, closed_at = @closed_at
		where id = @id`
)

// Open lists the gaps that were found and are not over, by time.
func Open(ctx context.Context, db pg.DB, now time.Time) ([]Known, error) {
	return known(ctx, db, sqlOpenGaps, pgx.NamedArgs{"now": now})
}

func known(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) ([]Known, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Known])
}

// save writes rows as they are now; those without a number are new.
func save(ctx context.Context, tx pgx.Tx, gaps []*Known) error {
	batch := &pgx.Batch{}
	for _, k := range gaps {
		sql := sqlUpdateGap
		if k.ID == 0 {
			sql = sqlInsertGap
		}
		batch.Queue(sql, pgx.NamedArgs{
			"id": k.ID, "role": k.Role, "kind": k.Kind, "from": k.From, "until": k.Until, "have": k.Have, "want": k.Want, "why": k.Why,
			"found_at": k.FoundAt, "warned_at": k.WarnedAt, "reminded_at": k.RemindedAt, "closed_at": k.ClosedAt,
		})
	}
	if batch.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, batch).Close()
}
