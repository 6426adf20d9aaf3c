package dial

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const sqlUnmatched = `
	with given as (
		select record_id, lane, split_part(split_part(key, '/', 1), '.', 1) as key, min(at) as at from sealed_release
		where at > @since and at <= @until group by 1, 2, 3
	), opened as (
		select record_id, lane, split_part(split_part(key, '/', 1), '.', 1) as key, min(opened_at) as at from sealed_opening group by 1, 2, 3
	)
	select 'given' as what, g.record_id::text as record, g.lane, g.key, g.at from given g
	where not exists (select from opened o where o.record_id = g.record_id and o.lane = g.lane and o.key = g.key)
	union all
	select 'opened', o.record_id::text, o.lane, o.key, o.at from opened o
	where o.at > @since and o.at <= @until
		and not exists (select from sealed_release g where g.record_id = o.record_id and g.lane = o.lane and split_part(split_part(g.key, '/', 1), '.', 1) = o.key)
	order by at, record, key`

// Unmatched is a half that the bot gave out and for which the ledger has no opening
// ("given"), or an opening for which the bot gave nothing out ("opened"). The first may be a
// refusal; many of them, or one of the second, is for people to look at.
type Unmatched struct {
	What   string
	Record string
	Lane   string
	Key    string
	At     time.Time
}

// Reconcile compares what the bot gave out with what the switchboard wrote down, between two
// instants. The last minutes are best left out: they may be under way.
func Reconcile(ctx context.Context, db pg.DB, since, until time.Time) ([]Unmatched, error) {
	rows, err := db.Query(ctx, sqlUnmatched, pgx.NamedArgs{"since": since, "until": until})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Unmatched])
}
