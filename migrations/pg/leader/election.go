package leader

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// Election decides whether this process leads. It takes part while Run runs, and leads at
// most once: a process that was deposed is to end and to begin anew.
type Election struct {
	DSN string // must lead to the server itself: a pooler gives sessions, and locks, to others
	Me  string // unique for each start of a process
	Now func() time.Time
	Log *slog.Logger
	// Idle is how long a leader may be silent before the server takes it for dead; 0 is 10 s.
	Idle time.Duration

	place atomic.Int32
}

// Where a process is: it does not know yet, or has nothing to do with it any more; it
// waits, while another one leads; it leads.
const (
	placeUnknown int32 = iota
	placeWaits
	placeLeads
)

const (
	budget       = 5 * time.Second // longest that the server may take for anything we ask
	gatePatience = 3 * time.Second // longest wait for what a leader before has under way
	firstPause   = 50 * time.Millisecond
	lastPause    = time.Second // between two tries to connect

	// tryEvery is how often who waits looks whether nobody leads.
	tryEvery = 200 * time.Millisecond
	// usualIdle is some beats; a process that is so late has no use as a leader.
	usualIdle = 10 * time.Second
	// cutOff is how long a leader that cannot reach the database stays where it is, if
	// somebody else waits: long enough for a server to start again, and short, since by
	// then the other one may be on the networks under the same name.
	cutOff = 30 * time.Second
	// farewell is how long the lock is kept, at an orderly end, for what is under way: what
	// is not over by then is done again by the next leader.
	farewell = 5 * time.Second
)

// Leads tells whether this process leads, as far as it knows.
func (e *Election) Leads() bool { return e.place.Load() == placeLeads }

// Waits tells whether this process would take over, since another one leads.
func (e *Election) Waits() bool { return e.place.Load() == placeWaits }

// Run waits until this process leads, and calls lead once. What is written below the
// context of lead is fenced; that context ends when ctx does, and with [ErrDeposed] as its
// cause when another process leads. Run returns when lead has: with its error, with
// ErrDeposed, or nil because ctx is over.
//
// A lost connection to the database deposes nobody by itself: until somebody else takes the
// next term there is one leader, who cannot do harm, and who goes on when the database is
// back.
func (e *Election) Run(ctx context.Context, lead func(context.Context) error) error {
	s, t, err := e.win(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	e.place.Store(placeLeads)
	defer e.place.Store(placeUnknown)

	leading, stop := context.WithCancelCause(with(ctx, t))
	defer stop(nil)
	context.AfterFunc(t.alive, func() {
		e.place.Store(placeUnknown)
		stop(context.Cause(t.alive))
	})
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		e.keep(s, t)
	}()
	led := make(chan error, 1)
	go func() { led <- lead(leading) }()
	select {
	case err = <-led:
	case <-ctx.Done():
		err = e.farewell(t, led)
	}
	t.end(errReleased)
	<-kept
	switch {
	case t.deposed():
		return context.Cause(t.alive)
	case ctx.Err() != nil:
		return nil
	}
	return err
}

// farewell waits for what is under way at an orderly end, and keeps the lock for a while.
func (e *Election) farewell(t *Term, led <-chan error) error {
	timer := time.NewTimer(farewell)
	defer timer.Stop()
	select {
	case err := <-led:
		return err
	case <-timer.C:
	}
	e.Log.Warn("what is under way takes long; another process may lead from now on, and do it again")
	t.end(errReleased)
	return <-led
}

// win waits until this process has the lock, and begins a term. It returns an error only
// when that can never be.
func (e *Election) win(ctx context.Context) (*session, *Term, error) {
	pause := firstPause
	for {
		s, err := connect(ctx, e.DSN, e.Me, e.idle())
		if err == nil {
			pause = firstPause
			var t *Term
			if t, err = e.contend(ctx, s); err == nil {
				return s, t, nil
			}
			s.close(ctx)
		}
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		e.Log.Warn("cannot find out who leads; trying again", "in", pause, "error", err)
		if !nap(ctx, pause) {
			return nil, nil, ctx.Err()
		}
		pause = min(2*pause, lastPause)
	}
}

// contend waits for the lock on one session.
func (e *Election) contend(ctx context.Context, s *session) (*Term, error) {
	for said := false; ; said = true {
		got, err := s.try(ctx)
		if err != nil {
			return nil, fmt.Errorf("try the lock: %w", err)
		}
		if got {
			break
		}
		if !said {
			e.place.Store(placeWaits)
			e.Log.Info("another process leads; this one serves the web, and takes over when that one ends")
		}
		if !nap(ctx, tryEvery) {
			return nil, ctx.Err()
		}
	}
	began := time.Now()
	t, before, err := s.take(ctx, e.Now())
	if err != nil {
		return nil, err
	}
	e.Log.Info("this process leads: it goes on the networks and rings people", "term", t.Epoch, "before", before,
		"took", time.Since(began).Round(time.Microsecond))
	return t, nil
}

// keep holds the lock until the term is over, shows that we are there, and ends the term
// when another process leads, or has to.
func (e *Election) keep(s *session, t *Term) {
	defer func() { s.close(t.alive) }()
	for others := false; ; {
		ours, more, err := s.beat(t.alive, t, e.Now())
		if err == nil {
			if others = more; !ours {
				t.depose()
			}
			err = s.rest(t.alive, e.idle()/5)
		}
		if t.alive.Err() != nil {
			return
		}
		if err == nil {
			continue
		}
		e.Log.Warn("the session with the lock is lost; getting it again", "term", t.Epoch, "error", err)
		s.close(t.alive)
		next, err := e.regain(t, others)
		if err != nil {
			t.end(err)
			return
		}
		s = next
		e.Log.Info("this process leads as before", "term", t.Epoch)
	}
}

// regain gets the lock back if nobody led meanwhile, and an error if somebody did or has to.
func (e *Election) regain(t *Term, others bool) (*session, error) {
	lost := time.Now()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		s, err := e.again(t.alive, t)
		if s != nil || errors.Is(err, ErrDeposed) {
			return s, err
		}
		if others && time.Since(lost) > cutOff {
			return nil, fmt.Errorf("the database cannot be reached, and another process waits: %w", ErrDeposed)
		}
		if !nap(t.alive, pause) {
			return nil, context.Cause(t.alive)
		}
	}
}

// again makes one try to regain the lock; no session and no error is to try again.
func (e *Election) again(ctx context.Context, t *Term) (*session, error) {
	s, err := connect(ctx, e.DSN, e.Me, e.idle())
	if err != nil {
		return nil, err
	}
	ours, err := s.isOurs(ctx, t)
	if err == nil && !ours {
		s.close(ctx)
		return nil, fmt.Errorf("%w: term %d is over", ErrDeposed, t.Epoch)
	}
	got := false
	if err == nil {
		if err = s.evictOwn(ctx); err == nil {
			got, err = s.try(ctx)
		}
	}
	if err == nil && got {
		// Between the look and the lock somebody may have led and gone.
		if ours, err = s.isOurs(ctx, t); err == nil && ours {
			return s, nil
		}
	}
	s.close(ctx)
	return nil, err
}

func (e *Election) idle() time.Duration {
	if e.Idle == 0 {
		return usualIdle
	}
	return e.Idle
}

// nap reports whether it slept to the end.
func nap(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
