package slack

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/slack-go/slack"
)

// class says who goes first when there is more to send than Slack lets pass.
type class uint8

const (
	page    class = iota // somebody must wake up
	reply                // somebody waits for an answer
	room                 // channels: made, topics, invitations, summaries
	chatter              // announcements
)

// lanes are the queues before Slack's limits. Slack counts by method, and messages by
// channel, so each of these is a lane: what one is told to wait for holds up no other.
type lanes struct {
	pace Pace
	now  func() time.Time

	mu    sync.Mutex
	byKey map[string]*lane
}

// lane is one queue: one call at a time, by importance and then in order.
type lane struct {
	limit *rate.Limiter // nil: Slack's answer alone holds it up

	mu      sync.Mutex
	busy    bool
	until   time.Time // Slack told us to wait until then
	waiting waiters
	next    uint64
}

// mostLanes bounds how many are remembered; idle ones are forgotten then.
const mostLanes = 10_000

func newLanes(pace Pace, now func() time.Time) *lanes {
	return &lanes{pace: pace, now: now, byKey: map[string]*lane{}}
}

// do makes a call when its turn has come. A call that Slack puts off waits as long as
// Slack says, and then goes again, behind whatever is more important by then.
func (l *lanes) do(ctx context.Context, c class, key string, call func(context.Context) error) error {
	at := l.lane(key)
	for {
		if err := at.enter(ctx, c, l.now); err != nil {
			return err
		}
		err := call(ctx)
		var limited *slack.RateLimitedError
		if !errors.As(err, &limited) {
			at.leave(time.Time{})
			return err
		}
		at.leave(l.now().Add(limited.RetryAfter))
	}
}

func (l *lanes) lane(key string) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.byKey[key]
	if at == nil {
		if len(l.byKey) >= mostLanes {
			for k, old := range l.byKey {
				if old.idle(l.now()) {
					delete(l.byKey, k)
				}
			}
		}
		at = &lane{}
		if paced(key) && l.pace.PerSecond > 0 {
			at.limit = rate.NewLimiter(rate.Limit(l.pace.PerSecond), max(1, l.pace.Burst))
		}
		l.byKey[key] = at
	}
	return at
}

// resting is for how long Slack lets a lane rest.
func (l *lanes) resting(key string) time.Duration {
	l.mu.Lock()
	at := l.byKey[key]
	l.mu.Unlock()
	if at == nil {
		return 0
	}
	at.mu.Lock()
	defer at.mu.Unlock()
	return at.until.Sub(l.now())
}

func (l *lane) idle(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.busy && len(l.waiting) == 0 && now.After(l.until)
}

// enter returns when it is this call's turn, or with the context's error.
func (l *lane) enter(ctx context.Context, c class, now func() time.Time) error {
	l.mu.Lock()
	w := &waiter{class: c, number: l.next, turn: make(chan struct{})}
	l.next++
	if l.busy || len(l.waiting) > 0 {
		heap.Push(&l.waiting, w)
		l.mu.Unlock()
		select {
		case <-w.turn:
		case <-ctx.Done():
			l.giveUp(w)
			return ctx.Err()
		}
	} else {
		l.busy = true
		l.mu.Unlock()
	}
	// The lane is ours. If it must rest, a more important call may come meanwhile: it
	// takes the place.
	for {
		rest := l.rest(now())
		if rest <= 0 {
			return nil
		}
		timer := time.NewTimer(rest)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			l.leave(time.Time{})
			return ctx.Err()
		}
		if !l.yield(w) {
			continue
		}
		select {
		case <-w.turn:
		case <-ctx.Done():
			l.giveUp(w)
			return ctx.Err()
		}
	}
}

// rest is how long the lane must rest now.
func (l *lane) rest(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.until) {
		return l.until.Sub(now)
	}
	if l.limit == nil {
		return 0
	}
	r := l.limit.ReserveN(now, 1)
	if d := r.DelayFrom(now); d > 0 {
		r.CancelAt(now)
		return d
	}
	return 0
}

// yield gives the place to whoever is more important and waits, and queues again. It
// tells whether it did.
func (l *lane) yield(w *waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 || !l.waiting[0].before(w) {
		return false
	}
	w.turn = make(chan struct{})
	first := heap.Pop(&l.waiting).(*waiter)
	heap.Push(&l.waiting, w)
	close(first.turn)
	return true
}

// leave lets the next one in; until is when, if Slack said so.
func (l *lane) leave(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.until) {
		l.until = until
	}
	if len(l.waiting) == 0 {
		l.busy = false
		return
	}
	close(heap.Pop(&l.waiting).(*waiter).turn)
}

// giveUp takes a waiter out; if its turn came at the same moment, it passes it on.
func (l *lane) giveUp(w *waiter) {
	l.mu.Lock()
	for i, one := range l.waiting {
		if one == w {
			heap.Remove(&l.waiting, i)
			l.mu.Unlock()
			return
		}
	}
	l.mu.Unlock()
	l.leave(time.Time{})
}
