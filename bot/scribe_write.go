package bot

import (
	"context"
	"slices"
	"sync"
	"time"

	"batsignal/incidents/meeting"
	"batsignal/migrations/pg"
)

// Run writes until ctx ends, and then what is left.
func (s *Scribe) Run(ctx context.Context) error {
	var telling sync.WaitGroup
	defer telling.Wait()
	telling.Go(func() { s.tell(ctx) })
	for {
		select {
		case <-s.wake:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), scribeBudget)
			s.writeAll(last)
			cancel()
			return nil
		}
		s.writeAll(ctx)
	}
}

// writeAll writes until nothing waits or ctx ends.
func (s *Scribe) writeAll(ctx context.Context) {
	size, failed := scribeBatch, 0
	for ctx.Err() == nil {
		s.mu.Lock()
		batch := slices.Clone(s.waiting[:min(len(s.waiting), size)])
		s.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		written, err := s.write(ctx, batch)
		switch {
		case err == nil:
			size, failed = scribeBatch, 0
		case written > 0:
			failed = 0
		case len(batch) > 1:
			size = 1 // which of them it is
		case pg.IsData(err) || failed >= scribeTries && pg.IsRefusal(err):
			s.Log.Error("a line cannot be kept in the minutes", "network", batch[0].Room.Network, "room", batch[0].Room.Room, "error", err)
			close(batch[0].done)
			written = 1
		default:
			failed++
			s.Log.Warn("what was said could not be written; I try again", "error", err)
			select {
			case <-time.After(scribePause):
			case <-ctx.Done():
			}
		}
		s.mu.Lock()
		s.waiting = s.waiting[written:]
		s.mu.Unlock()
	}
}

// write writes a batch, or as much of it as can be.
func (s *Scribe) write(ctx context.Context, batch []*taken) (written int, err error) {
	written, answers, err := s.Meetings.Take(ctx, heardOf(batch))
	for _, t := range batch[:written] {
		close(t.done)
	}
	for _, a := range answers {
		s.answer(ctx, batch[a.Index], a)
	}
	return written, err
}

func heardOf(batch []*taken) []meeting.Heard {
	heard := make([]meeting.Heard, len(batch))
	for i, t := range batch {
		heard[i] = t.Heard
	}
	return heard
}
