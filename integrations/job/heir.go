package job

import (
	"context"

	"github.com/jackc/pgx/v5"
)

const sqlOthers = `
	select id, leased_by from job_run where state in ('running', 'undoing') and leased_by not in ('', @me) and leased_until > @now
	order by leased_until limit 1000`

// leftByDead are the runs of processes that are known to be dead, whose leases are not over
// yet: people who wait for an unsealing at night do not wait for those.
func (s *Service) leftByDead(ctx context.Context) (runs []int64, err error) {
	if s.Dead == nil {
		return nil, nil
	}
	type held struct {
		ID int64
		By string
	}
	rows, err := s.DB.Query(ctx, sqlOthers, pgx.NamedArgs{"me": s.Me, "now": s.Now()})
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[held])
	for _, one := range all {
		if s.died(one.By) {
			runs = append(runs, one.ID)
		}
	}
	return runs, err
}

func (s *Service) died(worker string) bool {
	return s.Dead != nil && worker != "" && worker != s.Me && s.Dead(worker)
}
