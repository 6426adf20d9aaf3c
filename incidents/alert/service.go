package alert

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// Service takes alerts in and changes them. Its methods may be called at the same time,
// in several processes.
type Service struct {
	DB     pg.DB
	Now    func() time.Time
	Log    *slog.Logger
	Engine Engine // rings and stops ringing; nil only ends hunts and pages as rows
	// NewKey makes routing keys of [KeyLength] letters and digits; nil makes random ones.
	NewKey func() string
	// Rate is how many alerts a second one key may send to this process, over a longer
	// time; Burst is how many at once. What is more is refused and not lost: the sender
	// is told to come back. 0 is [DefaultRate] and [DefaultBurst].
	Rate, Burst int
	// Fold is how far apart messages about one group are at least; 0 is [DefaultFold].
	Fold time.Duration
	// Patience is how long one person is waited for where the policy does not say; 0 is
	// [DefaultPatience].
	Patience time.Duration

	mu     sync.Mutex
	line   []*asked           // wait for the next commit
	events int                // in line
	busy   bool               // somebody commits
	want   int                // requests that the next commit should have
	full   chan struct{}      // closed when they are in line; nil: nobody waits for that
	meters map[[32]byte]meter // of keys that were seen in use
	lookUp chan struct{}      // held by those who look up a key that was not
}

// The defaults of a service.
const (
	DefaultRate     = 5000
	DefaultBurst    = 50_000
	DefaultFold     = 30 * time.Second
	DefaultPatience = 90 * time.Second
)

// Engine is what rings people. Its methods run in the transaction of the change, which
// may be run again: they do nothing but SQL.
type Engine interface {
	// Over says that nobody is wanted for a group any more, and what it is now: acked or
	// resolved. Its hunts end, its pages are closed, and providers are told. by is who
	// did it; the zero Actor is the source of the alerts.
	Over(ctx context.Context, tx pgx.Tx, now time.Time, g Group, by oncall.Actor) error
}

// over tells the engine that nobody is wanted any more.
func (s *Service) over(ctx context.Context, tx pgx.Tx, now time.Time, g Group, by oncall.Actor) error {
	if s.Engine != nil {
		return s.Engine.Over(ctx, tx, now, g, by)
	}
	_, err := StopPages(ctx, tx, now, g.ID)
	return err
}

// StopPages ends the hunts of a group and closes what pages of it are open, which it
// returns: an engine tells their people and providers.
func StopPages(ctx context.Context, tx pgx.Tx, now time.Time, group int64) ([]paging.Page, error) {
	hunts, err := paging.Hunting(ctx, tx, Cause(group))
	if err != nil {
		return nil, err
	}
	var closed []paging.Page
	for _, h := range hunts {
		if _, err := paging.Stop(ctx, tx, now, h.ID); err != nil {
			return nil, err
		}
		pages, err := paging.Close(ctx, tx, now, h.ID)
		if err != nil {
			return nil, err
		}
		closed = append(closed, pages...)
	}
	return closed, nil
}

func (s *Service) fold() time.Duration {
	if s.Fold > 0 {
		return s.Fold
	}
	return DefaultFold
}

func (s *Service) patience() time.Duration {
	if s.Patience > 0 {
		return s.Patience
	}
	return DefaultPatience
}
