package paging

import (
	"context"

	"github.com/jackc/pgx/v5"
)

const sqlEndedBefore = `
	select d.id, d.route
	from delivery d join page p on p.id = d.page_id join escalation e on e.id = p.escalation_id
	where e.cause = @cause and d.ended and d.route = any (@routes) order by d.id`

// EndedBefore lists the deliveries of a cause, on some routes, whose providers were told
// that their page was over. What they were told may have been that somebody looks after
// it, and not that it is done.
func EndedBefore(ctx context.Context, tx pgx.Tx, cause string, routes []string) ([]Ending, error) {
	rows, err := tx.Query(ctx, sqlEndedBefore, pgx.NamedArgs{"cause": cause, "routes": routes})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Ending])
}
