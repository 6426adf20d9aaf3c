package play

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"batsignal/integrations/job"
)

// Sleep lets time pass on the stage for work that takes its time. It comes back early, with
// the cause, when ctx ends: by a time-out, or because somebody cancelled the run.
type Sleep func(ctx context.Context, d time.Duration) error

// crew works runs on the stage, in place of River, whose clock is the real one: it takes the
// same rows of the queue and calls the same worker. Between two calls of the stage every run is
// over, or sleeps.
type crew struct {
	stage *Stage
	work  *job.Work
	live  context.Context // ends with the stage

	// snoozed are rows of the queue whose run waits for another. That one queues it anew when
	// it ends.
	snoozed map[int64]bool

	mu    sync.Mutex
	turns []*turn // that sleep
}

// turn is a try of a run while it is worked.
type turn struct {
	run   int64
	queue int64 // its row in the queue
	still chan error

	until time.Time
	wake  chan struct{}
}

type turnKey struct{}

var errBusy = errors.New("the run waits for another")

const (
	sqlToWork = `
		select j.id as queue, r.id as run, r.attempt + 1 as attempt
		from river_job j join job_run r on r.id = (j.args->>'run')::bigint and r.attempt + 1 = (j.args->>'attempt')::int
		where j.kind = 'job_run' and j.state in ('available', 'scheduled') and r.state = 'queued' and (r.not_before is null or r.not_before <= @now)
		order by j.id`
	sqlWorked    = `update river_job set state = 'completed', finalized_at = now() where id = @queue`
	sqlToldToEnd = `select state <> 'running' or cancel_at is not null from job_run where id = @run`
)

// toWork is a run that somebody has to begin.
type toWork struct {
	Queue   int64
	Run     int64
	Attempt int
}

// step goes on with what is due, one run after the other, and tells whether there was anything.
func (c *crew) step(ctx context.Context) (did bool, err error) {
	for _, t := range c.asleep() {
		var told bool
		if err := c.stage.DB.QueryRow(ctx, sqlToldToEnd, pgx.NamedArgs{"run": t.run}).Scan(&told); err != nil {
			return did, err
		}
		switch {
		case told: // it hears of that by itself
		case t.until.After(c.stage.Now()):
			continue
		default:
			close(t.wake)
		}
		did = true
		c.forget(t)
		if err := c.wait(ctx, t); err != nil {
			return did, err
		}
	}
	rows, err := c.stage.DB.Query(ctx, sqlToWork, pgx.NamedArgs{"now": c.stage.Now()})
	if err != nil {
		return did, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[toWork])
	if err != nil {
		return did, err
	}
	for _, one := range all {
		if c.snoozed[one.Queue] {
			continue
		}
		did = true
		if err := c.wait(ctx, c.begin(one)); err != nil {
			return did, err
		}
	}
	return did, nil
}

// begin works a run, as River would, until it is over.
func (c *crew) begin(one toWork) *turn {
	t := &turn{run: one.Run, queue: one.Queue, still: make(chan error, 1)}
	c.stage.running.Go(func() {
		err := c.work.Work(context.WithValue(c.live, turnKey{}, t), &river.Job[job.WorkArgs]{Args: job.WorkArgs{Run: one.Run, Attempt: one.Attempt}})
		var snooze *river.JobSnoozeError
		if errors.As(err, &snooze) {
			err = errBusy
		}
		if err == nil {
			_, err = c.stage.DB.Exec(context.WithoutCancel(c.live), sqlWorked, pgx.NamedArgs{"queue": one.Queue})
		}
		t.still <- err
	})
	return t
}

// wait waits until a run is over or sleeps.
func (c *crew) wait(ctx context.Context, t *turn) error {
	limit := time.NewTimer(c.stage.patience)
	defer limit.Stop()
	select {
	case err := <-t.still:
		if errors.Is(err, errBusy) {
			c.snoozed[t.queue] = true
			return nil
		}
		return err
	case <-limit.C:
		return fmt.Errorf("run %d neither ended nor slept in %s", t.run, c.stage.patience)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sleep is the [Sleep] of the stage.
func (c *crew) sleep(ctx context.Context, d time.Duration) error {
	t, ok := ctx.Value(turnKey{}).(*turn)
	if !ok {
		return errors.New("only the work of a run sleeps")
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	wake := make(chan struct{})
	c.mu.Lock()
	t.until, t.wake = c.stage.Now().Add(d), wake
	c.turns = append(c.turns, t)
	c.mu.Unlock()
	t.still <- nil
	select {
	case <-wake:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *crew) asleep() []*turn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*turn(nil), c.turns...)
}

func (c *crew) forget(t *turn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, other := range c.turns {
		if other == t {
			c.turns = append(c.turns[:i:i], c.turns[i+1:]...)
			return
		}
	}
}

// next is when the first of those that sleep goes on; zero is never.
func (c *crew) next() (next time.Time) {
	for _, t := range c.asleep() {
		if next.IsZero() || t.until.Before(next) {
			next = t.until
		}
	}
	return next
}
