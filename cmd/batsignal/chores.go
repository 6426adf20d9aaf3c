package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
)

// chore is work that nobody asks for. What there is to do is in rows, so any process may
// do it at any time, several at once, after any crash.
type chore struct {
	name  string
	every time.Duration // how often to look; looking is cheap
	do    func(context.Context) error
}

// choreBudget is the longest that one chore may hold up the others.
const choreBudget = 2 * time.Minute

// carriedFor is how long talk is kept that was carried to another network: as long as a
// network may deliver it again.
const carriedFor = 24 * time.Hour

// answersKept is how long an answer is kept that belonged to nothing: no provider delivers
// one again after so long.
const answersKept = 30 * 24 * time.Hour

// sweeping deletes what is not to be kept.
func (p *parts) sweeping(db *database) []chore {
	return []chore{
		{"old talk", time.Hour, func(ctx context.Context) error {
			return notice.ForgetCarried(ctx, db.Pool, p.incidents.Now().Add(-carriedFor))
		}},
		{"old sessions", time.Hour, p.access.Forget},
		{"answers to nothing", time.Hour, func(ctx context.Context) error {
			return paging.ForgetEvents(ctx, db.Pool, p.incidents.Now().Add(-answersKept))
		}},
	}
}

// doChores does them in turn until ctx ends, all at the start and then each when its time
// has come.
func doChores(ctx context.Context, chores []chore, log *slog.Logger) error {
	due := make([]time.Time, len(chores))
	pulse := choreTick
	for _, c := range chores {
		pulse = min(pulse, c.every)
	}
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	for {
		for i, c := range chores {
			if now := time.Now(); ctx.Err() == nil && !now.Before(due[i]) {
				due[i] = now.Add(c.every)
				c.run(ctx, log)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// choreTick is how finely the times of chores are kept, unless one is done more often.
const choreTick = 15 * time.Second

func (c chore) run(parent context.Context, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(parent, choreBudget)
	defer cancel()
	// One that takes too long every time is never done, and has to be heard of.
	if err := c.safely(ctx); err != nil && parent.Err() == nil {
		log.Warn("a chore could not be done; I try again", "chore", c.name, "again_in", c.every, "error", err)
	}
}

// safely does it, and makes an error of a panic: it would end the process, which rings
// people, and the next one at its start.
func (c chore) safely(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return c.do(ctx)
}
