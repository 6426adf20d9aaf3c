package web

import (
	"context"
	"maps"
	"slices"

	"batsignal/integrations/job"
	"batsignal/integrations/job/clockwork"
	"batsignal/integrations/snapshot"
	"batsignal/integrations/vault"
)

// jobTrouble is what about jobs needs a look. Everybody may read how much it is; what it is,
// only whoever may read about jobs.
type jobTrouble struct {
	Late    []clockwork.Row   // jobs that should have succeeded, and did not
	Stuck   []job.Row         // runs that left something behind
	Backups []snapshot.Status // that are not what they should be
	Sealed  []string          // vaults of which no node serves, in a sentence each
}

// Count is how many things there are.
func (t jobTrouble) Count() int { return len(t.Late) + len(t.Stuck) + len(t.Backups) + len(t.Sealed) }

func (s *site) jobTrouble(ctx context.Context) (t jobTrouble, err error) {
	if s.Jobs == nil {
		return t, nil
	}
	if s.Clock != nil {
		rows, err := s.Clock.List(ctx)
		if err != nil {
			return t, err
		}
		for _, row := range rows {
			if row.AlarmedAt != nil {
				t.Late = append(t.Late, row)
			}
		}
	}
	undoing, err := s.Jobs.Recent(ctx, job.Query{States: []job.State{job.Undoing}, Most: 100})
	if err != nil {
		return t, err
	}
	for _, run := range undoing {
		if run.StuckAt != nil {
			t.Stuck = append(t.Stuck, run)
		}
	}
	now := s.Now()
	for _, name := range slices.Sorted(maps.Keys(s.Backups)) {
		status, err := snapshot.StatusOf(ctx, s.DB, now, name, s.Backups[name])
		if err != nil {
			return t, err
		}
		if !status.Good() {
			t.Backups = append(t.Backups, status)
		}
	}
	for _, v := range s.Vaults {
		down, err := vault.Measured(ctx, s.DB, v.Name, now, now)
		if err != nil {
			return t, err
		}
		if since := down[0].Since; since != nil {
			t.Sealed = append(t.Sealed, v.Serves(since, now))
		}
	}
	return t, nil
}
