package play

import (
	"context"
	"time"

	"batsignal/oncall/rota"
)

const (
	remindAhead = 24 * time.Hour      // how long before a shift whoever has it is reminded
	handoffsFor = 15 * 24 * time.Hour // how far ahead the next handoff is looked for
)

// nextHandoff tells when somebody comes on or goes off next, or is to be reminded of it;
// zero if that is not in sight.
func (s *Stage) nextHandoff(ctx context.Context) (next time.Time, err error) {
	now := s.Now()
	b, err := rota.Load(ctx, s.DB, now, now.Add(handoffsFor))
	if err != nil {
		return next, err
	}
	offer := func(at time.Time) {
		if at.After(now) && at.Before(b.Until) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, sched := range b.Schedules {
		for _, sh := range b.Shifts(sched, b.From, b.Until) {
			offer(sh.From.Add(-remindAhead))
			offer(sh.From)
			offer(sh.Until)
		}
	}
	return next, nil
}
