package job

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const (
	sqlRenewLease = `
		update job_run set leased_until = @until where id = @run and fence = @fence and state in ('running', 'undoing')
		returning cancel_at is not null`
	sqlFence = `select state from job_run where id = @run and fence = @fence for no key update`
)

// errLost is why a worker stops that could not renew its lease, or was taken over.
var errLost = errors.New("this worker no longer has the run")

const (
	// writeBudget is how long one write of a run may take.
	writeBudget = 10 * time.Second
	// parting is how long a process that is stopped takes to hand a run back.
	parting = 5 * time.Second
)

// hold is a lease on a run, renewed until it is released. Everything that its holder writes
// goes through it, and is written only as long as nobody has taken the run over.
type hold struct {
	s     *Service
	run   int64
	fence int

	ctx     context.Context // over when the lease is lost; not when the process is stopped
	lose    context.CancelCauseFunc
	stop    func(cause error) // ends the doing
	wake    chan struct{}
	release func()
}

// hold begins to renew the lease of a run that was just taken. stop is told when the run is
// cancelled and when it is lost. Whoever has it must release it.
func (s *Service) hold(ctx context.Context, r Row, stop func(cause error)) *hold {
	h := &hold{s: s, run: r.ID, fence: r.Fence, stop: stop, wake: make(chan struct{}, 1)}
	h.ctx, h.lose = context.WithCancelCause(context.WithoutCancel(ctx))
	renewing, end := context.WithCancel(h.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.keep(renewing, *r.LeasedUntil)
	}()
	s.mu.Lock()
	if s.live == nil {
		s.live = map[int64]chan struct{}{}
	}
	s.live[r.ID] = h.wake
	s.mu.Unlock()
	h.release = func() {
		end()
		<-ended
		h.lose(errLost)
		s.mu.Lock()
		if s.live[r.ID] == h.wake {
			delete(s.live, r.ID)
		}
		s.mu.Unlock()
	}
	return h
}

// keep renews the lease until ctx is over or the lease is lost.
func (h *hold) keep(ctx context.Context, until time.Time) {
	timer := time.NewTimer(h.s.renew())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-h.wake:
		}
		now := h.s.Now()
		cancelled, err := h.renew(ctx, now.Add(h.s.lease()))
		rest := h.s.renew()
		switch {
		case err == nil:
			until = now.Add(h.s.lease())
			if cancelled {
				h.stop(ErrCancelled)
			}
		case ctx.Err() != nil:
			return
		case errors.Is(err, pgx.ErrNoRows) || !h.s.Now().Before(until):
			h.lost()
			return
		default:
			h.s.Log.Warn("a run's lease could not be renewed", "run", h.run, "error", err)
			rest /= 5
		}
		timer.Reset(rest)
	}
}

func (h *hold) renew(ctx context.Context, until time.Time) (cancelled bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, min(h.s.renew(), writeBudget))
	defer cancel()
	err = h.s.DB.QueryRow(ctx, sqlRenewLease, pgx.NamedArgs{"run": h.run, "fence": h.fence, "until": until}).Scan(&cancelled)
	return cancelled, err
}

// lost ends what is done under the lease.
func (h *hold) lost() {
	h.lose(errLost)
	h.stop(errLost)
}

func (h *hold) isLost() bool { return h.ctx.Err() != nil }

// fenced runs fn in a transaction in which the run is still ours, and in such a state.
func (h *hold) fenced(ctx context.Context, state State, fn func(c *change) error) error {
	return h.s.change(ctx, h.s.DB, func(c *change) error {
		var now State
		err := c.tx.QueryRow(ctx, sqlFence, pgx.NamedArgs{"run": h.run, "fence": h.fence}).Scan(&now)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && now != state {
			return errLost
		}
		if err != nil {
			return err
		}
		c.touched = append(c.touched, h.run)
		return fn(c)
	})
}

// persist tries a write until it is done, refused, the run is lost, or patience is over: a
// database that is away for some seconds must not fail an hour's work.
func (h *hold) persist(ctx context.Context, patience time.Duration, write func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	defer context.AfterFunc(h.ctx, cancel)()
	pause := 50 * time.Millisecond
	for {
		trying, done := context.WithTimeout(ctx, writeBudget)
		err := write(trying)
		done()
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errLost):
			h.lost()
			return err
		case ctx.Err() != nil || pg.IsRefusal(err) || errors.Is(err, errFinal):
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
		pause = min(2*pause, 2*time.Second)
	}
}

// errFinal marks what is no better when it is tried again at once.
var errFinal = errors.New("not to be tried at once")
