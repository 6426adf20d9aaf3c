package runbook

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const (
	// What waits for a job does not stand still: the job says how it goes.
	still = `
		from runbook_run r join incident i on i.id = r.incident_id
		where r.state = 'open' and i.status = 'open' and r.phase <> 'running' and r.reminded_at is null`
	sqlStill     = `select r.id` + still + ` and r.moved_at <= @before order by r.id limit 50`
	sqlNextStill = `select min(r.moved_at)` + still
	sqlReminded  = `update runbook_run set reminded_at = @now where id = @id and reminded_at is null`
)

// Look says of each run that stood still for too long in an open incident, once, that it
// does. The rows say what was said, so any process may look, as often as it likes.
func (s *Service) Look(ctx context.Context) error {
	rows, err := s.DB.Query(ctx, sqlStill, pgx.NamedArgs{"before": s.Now().Add(-s.still())})
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.remind(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) remind(ctx context.Context, id int64) error {
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		w, err := s.open(ctx, tx, id)
		if err != nil {
			return err
		}
		w.unasked = true
		// Somebody may have gone on, or another process said it, since it was found.
		if stood := w.now.Sub(w.MovedAt); !w.Open() || w.RemindedAt != nil || stood < s.still() {
			return nil
		}
		tag, err := tx.Exec(ctx, sqlReminded, pgx.NamedArgs{"id": id, "now": w.now})
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		w.told.Lines = []string{fmt.Sprintf("The runbook %s (%s) stands still since %s. If nobody goes on with it: !runbook abort WHY", w.Name, w.Ref(), clock(w.MovedAt))}
		_, err = w.flush()
		return err
	})
}

// NextLook tells when [Service.Look] has something to say, if nothing is done before; zero
// is never.
func (s *Service) NextLook(ctx context.Context) (time.Time, error) {
	var at *time.Time
	if err := s.DB.QueryRow(ctx, sqlNextStill).Scan(&at); err != nil || at == nil {
		return time.Time{}, err
	}
	return at.Add(s.still()), nil
}
