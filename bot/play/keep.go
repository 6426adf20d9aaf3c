package play

import (
	"context"
	"time"
)

// keep looks after meetings and actions, and tells when the next thing is due: next, or
// something of theirs before it.
func (s *Stage) keep(ctx context.Context, next time.Time) (time.Time, error) {
	if err := s.keeper.Look(ctx); err != nil {
		return next, err
	}
	if err := s.actions.Remind(ctx); err != nil {
		return next, err
	}
	if s.runbooks != nil {
		if err := s.runbooks.Look(ctx); err != nil {
			return next, err
		}
	}
	if s.Jobs != nil {
		if err := s.keepJobs(ctx); err != nil {
			return next, err
		}
	}
	if err := s.People.RenewDue(ctx); err != nil {
		return next, err
	}
	if err := s.Rota.Handoff(ctx); err != nil {
		return next, err
	}
	if s.drafts {
		if err := s.Retro.DraftDue(ctx); err != nil {
			return next, err
		}
	}
	dues := []func(context.Context) (time.Time, error){s.keeper.Next, s.actions.NextReminder, s.nextHandoff}
	if s.runbooks != nil {
		dues = append(dues, s.runbooks.NextLook)
	}
	if s.Jobs != nil {
		dues = append(dues, s.nextOfJobs)
	}
	for _, due := range dues {
		at, err := due(ctx)
		if err != nil {
			return next, err
		}
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, nil
}
