package alert

import (
	"context"
	"errors"
	"time"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// asked is one request that waits for its commit.
type asked struct {
	hash   [32]byte
	events []Event
	taken  []Taken
	err    error
	turn   chan turn
}

// turn is what somebody in line is told.
type turn bool

const (
	lead turn = true  // you commit now, for everybody in line
	done turn = false // somebody committed yours
)

const (
	mostInCommit = 2000             // events of one commit, if it is not one request alone
	commitBudget = 20 * time.Second // the longest that a commit may take
	// How long a commit waits for those who were answered just now and are about to
	// ask again: as many more requests in it are worth more than that. Who is alone never
	// waits.
	linger = time.Millisecond
)

// MostEvents is how many events one request may have.
const MostEvents = 1000

// errUnknownKey is what a key is told that is nobody's.
var errUnknownKey = fault.New(fault.NotFound, "This routing key is not known here. Ask an administrator for one: !alert key add")

// IsUnknownKey tells that the key of a request is nobody's, or was revoked.
func IsUnknownKey(err error) bool { return errors.Is(err, errUnknownKey) }

// errUnsure is what senders are told whose commit was lost.
var errUnsure = fault.New(fault.Unready, "The database did not answer, so it is not known whether this was stored. Send it again: what has the same dedup key is stored once.")

// Take stores events that came by a routing key, in their order, and returns what became
// of each. It returns after they are committed. Requests that come meanwhile are
// committed together, by the first of them: so how many commits a second the disk can do
// does not limit how many alerts can come.
//
// An error means that nothing of the request was stored; or, if it is Unready, perhaps.
// The context ends only the waiting of the sender.
func (s *Service) Take(ctx context.Context, key secret.Text, events ...Event) ([]Taken, error) {
	if len(events) > MostEvents {
		return nil, fault.New(fault.Invalid, "A request may have %d alerts, and this one has %d.", MostEvents, len(events))
	}
	if !goodKey(key) {
		return nil, errUnknownKey
	}
	for i := range events {
		if !GoodDedupKey(events[i].DedupKey) {
			return nil, fault.New(fault.Invalid, "A dedup key is up to %d letters, without control characters.", LongestDedupKey)
		}
		events[i].clean()
	}
	a := &asked{hash: hashOf(key), events: events, turn: make(chan turn, 1)}
	if err := s.known(ctx, a.hash); err != nil {
		return nil, err
	}
	first, err := s.join(a)
	if err != nil {
		return nil, err
	}
	if first || <-a.turn == lead {
		s.lead(ctx, a)
	}
	if IsUnknownKey(a.err) {
		s.unseen(a.hash)
	}
	return a.taken, a.err
}

// join puts a request in line; first tells that nobody commits, so it has to.
func (s *Service) join(a *asked) (first bool, err error) {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.events+len(a.events) > mostWaiting {
		return false, ErrFull
	}
	if !s.afford(a.hash, len(a.events), now) {
		return false, ErrFlood
	}
	s.line = append(s.line, a)
	s.events += len(a.events)
	if s.full != nil && len(s.line) >= s.want {
		close(s.full)
		s.full = nil
	}
	first, s.busy = !s.busy, true
	return first, nil
}

// lead commits for everybody in line, as far as one commit goes, and hands on. a is the
// first in line.
func (s *Service) lead(ctx context.Context, a *asked) {
	s.gather()
	batch := s.cut()
	for _, one := range batch {
		one.err = errUnsure // unless it goes well
	}
	defer func() { // even if something panics: nobody may wait for ever
		s.mu.Lock()
		s.want = len(batch) + len(s.line)
		if len(s.line) > 0 {
			s.line[0].turn <- lead
		} else {
			s.busy = false
		}
		s.mu.Unlock()
		for _, one := range batch {
			if one != a {
				one.turn <- done
			}
		}
	}()
	// Others wait for this too: it does not end with the request of who does it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitBudget)
	defer cancel()
	s.commit(ctx, batch)
}

// gather waits a moment for as many as are known to send at the same time.
func (s *Service) gather() {
	s.mu.Lock()
	if len(s.line) >= s.want {
		s.mu.Unlock()
		return
	}
	full := make(chan struct{})
	s.full = full
	s.mu.Unlock()
	enough := time.NewTimer(linger)
	defer enough.Stop()
	select {
	case <-full:
	case <-enough.C:
	}
	s.mu.Lock()
	s.full = nil
	s.mu.Unlock()
}

// cut takes from the line what is committed together.
func (s *Service) cut() []*asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, events := 0, 0
	for n < len(s.line) && (n == 0 || events+len(s.line[n].events) <= mostInCommit) {
		events += len(s.line[n].events)
		n++
	}
	batch := s.line[:n:n]
	s.line = s.line[n:]
	if len(s.line) == 0 {
		s.line = nil // and with it the memory of a burst
	}
	s.events -= events
	return batch
}

// commit stores a batch. If the database refuses something in it, each request is tried
// alone, so that one costs no other.
func (s *Service) commit(ctx context.Context, batch []*asked) {
	err := s.store(ctx, batch)
	if err == nil {
		return
	}
	if len(batch) > 1 && pg.IsRefusal(err) {
		for _, one := range batch {
			s.commit(ctx, []*asked{one})
		}
		return
	}
	s.Log.Error("alerts could not be stored", "requests", len(batch), "error", err)
	for _, one := range batch {
		one.taken = nil
		switch {
		case errors.Is(err, pg.ErrCommitUnknown):
			one.err = errUnsure
		default:
			one.err = fault.Wrap(fault.Unready, err, "This could not be stored. Send it again.")
		}
	}
}
