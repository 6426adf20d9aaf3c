package job

import "context"

const sqlLast = sqlColumns + ` where r.id in (select max(id) from job_run where not dry group by job)`

// Last is the newest run of each job, by the job's name.
func (s *Service) Last(ctx context.Context) (map[string]Row, error) {
	rows, err := list[Row](ctx, s.DB, sqlLast, nil)
	if err != nil {
		return nil, err
	}
	last := make(map[string]Row, len(rows))
	for _, r := range rows {
		s.listen(&r)
		last[r.Job] = r
	}
	return last, nil
}
