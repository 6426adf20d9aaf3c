package paging

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const sqlOrphans = `
	update delivery set leased_until = @now where state in ('leased', 'submitted') and leased_until > @now`

// TakeOver ends the leases of whoever led before, so that what they had under way is sent
// at once and not when its lease lapses. It is for a process that begins to lead: nobody
// else can renew a lease, or record how a try ended.
func TakeOver(ctx context.Context, db pg.DB, now time.Time) error {
	_, err := db.Exec(ctx, sqlOrphans, pgx.NamedArgs{"now": now})
	return err
}
