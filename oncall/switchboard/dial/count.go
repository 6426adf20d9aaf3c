package dial

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const (
	// Whoever could be dialled for a role: who said yes to it, is approved, and has a sealed
	// address in use.
	sqlCountSealed = `
		select coalesce(sum(least(people, @most)), 0)::int from (
			select m.role, count(distinct m.person_id) as people
			from membership m join contact c on c.person_id = m.person_id
			where m.agreed_at is not null and m.approved_at is not null and c.sealed and c.proven_at is not null and c.suspended_at is null and c.fault = ''
				and (@incident = 0 or exists (
					select from escalation e where e.cause = 'incident:' || @incident::bigint and e.slot = 'role:' || m.role and e.state = 'hunting'))
			group by m.role
		) roles`
)

// Count is how many people have a sealed address that could be dialled for an incident, with
// no more than most for each role; 0 is an incident that is yet to begin.
func Count(ctx context.Context, db pg.DB, incident int64, most int) (n int, err error) {
	err = db.QueryRow(ctx, sqlCountSealed, pgx.NamedArgs{"incident": incident, "most": most}).Scan(&n)
	return n, err
}

const sqlOver = `select id from incident where status = 'resolved' and resolved_at > @since and unseal_code <> '' order by id`

// Over lists incidents that ended since then and for which something could be opened: what
// was allowed for them ends.
func Over(ctx context.Context, db pg.DB, since time.Time) ([]int64, error) {
	rows, err := db.Query(ctx, sqlOver, pgx.NamedArgs{"since": since})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}
