package meeting

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/minutes"
)

// live is a meeting as far as this process has read it: what its rows say up to
// event n. It is a shortcut only; the rows are what counts.
type live struct {
	m *minutes.Meeting
	n int
}

// liveMost bounds how many meetings are kept read; one that is not is read again.
const liveMost = 200

// takeLive takes a meeting out, so that what fails in the middle is not kept.
func (s *Service) takeLive(id int64) live {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.live[id]
	if l == nil {
		return live{}
	}
	delete(s.live, id)
	return *l
}

func (s *Service) putLive(id int64, l live) {
	if l.m == nil || l.m.Over {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil || len(s.live) >= liveMost {
		s.live = map[int64]*live{}
	}
	s.live[id] = &l
}

// catchUp reads what the rows of a meeting say beyond what was read of it.
func (l *live) catchUp(ctx context.Context, tx pgx.Tx, r row) error {
	if l.m != nil && l.n == r.Events {
		return nil
	}
	if l.m != nil && l.n > r.Events {
		*l = live{}
	}
	set, err := decodeSetting(r.Setting)
	if err != nil {
		return err
	}
	machine, err := set.machine(r.at())
	if err != nil {
		return err
	}
	if l.m != nil && !slices.Equal(l.m.Carried, machine.Carried) {
		*l = live{} // words that it began with were taken back
	}
	if err := events(ctx, tx, r.ID, l.n, func(e minutes.Event) {
		if l.n++; l.m == nil {
			l.m, _ = minutes.Start(machine, e)
			return
		}
		l.m.Hear(e)
	}); err != nil {
		return err
	}
	if l.m != nil {
		l.m.Files = machine.Files
	}
	return nil
}
