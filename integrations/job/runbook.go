package job

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/runbook"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// Starter asks for the jobs of runbooks.
type Starter struct{ Jobs *Service }

var _ runbook.Starter = Starter{}

// Has implements [runbook.Starter].
func (s Starter) Has(name string) bool {
	_, err := s.Jobs.Definition(name)
	return err == nil
}

// Start implements [runbook.Starter].
func (s Starter) Start(ctx context.Context, tx pgx.Tx, a runbook.Ask) (int64, error) {
	r, err := s.Jobs.AskIn(ctx, tx, Ask{
		Job: a.Job, Params: a.Params, By: a.By, Admin: a.Admin, Incident: a.Incident, Reason: a.Reason, Key: a.Key,
	})
	return r.ID, err
}

// TellRunbook is for [Service.Finished]: it tells the runbook that waits for a run how it
// ended. A runbook that nobody can read any more must not keep the run from ending.
func (s *Service) TellRunbook(books *runbook.Service) func(ctx context.Context, tx pgx.Tx, r Row) error {
	return func(ctx context.Context, tx pgx.Tx, r Row) error {
		err := pg.InTx(ctx, tx, func(tx pgx.Tx) error {
			return books.Finished(ctx, tx, runbook.Finished{Run: r.ID, Succeeded: r.State == Succeeded, How: r.State.Words(), Said: r.Said})
		})
		if said := (*fault.Error)(nil); errors.As(err, &said) && said.Kind != fault.Internal {
			s.Log.Warn("a runbook could not be told how its job ended", "run", r.ID, "error", err)
			return nil
		}
		return err
	}
}
