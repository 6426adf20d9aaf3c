package alert

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/fault"
)

// meter is how much a key may still send: a bucket that fills with time.
type meter struct {
	left float64
	at   time.Time
}

// ErrFlood is what a key is told that sends too much. Nothing of the request was taken.
var ErrFlood = fault.New(fault.Limited, "This key sends more alerts than it may. Nothing of this was taken; send it again in a few seconds.")

// ErrFull is what everybody is told while more waits than can be written.
var ErrFull = fault.New(fault.Unready, "More alerts come than can be stored just now. Nothing of this was taken; send it again in a few seconds.")

// mostWaiting is how many events may wait for a commit, in this process.
const mostWaiting = 20_000

// afford takes so many events from what a key may send; false is too many. Keys that are
// nobody's have no meter: they are refused anyway, and must not fill the memory.
//
// The caller holds s.mu.
func (s *Service) afford(hash [32]byte, events int, now time.Time) bool {
	rate, burst := float64(s.Rate), float64(s.Burst)
	if rate <= 0 {
		rate = DefaultRate
	}
	if burst <= 0 {
		burst = DefaultBurst
	}
	m, known := s.meters[hash]
	if !known {
		return true
	}
	if passed := now.Sub(m.at).Seconds(); passed > 0 {
		m.left = min(burst, m.left+passed*rate)
	}
	m.at = now // a clock that stepped back begins anew
	if m.left < float64(events) {
		s.meters[hash] = m
		return false
	}
	m.left -= float64(events)
	s.meters[hash] = m
	return true
}

const sqlKeyInUse = `select exists (select from alert_key where hash = @hash and revoked_at is null)`

// mostStrangers is how many keys that this process has not seen are looked up at once.
const mostStrangers = 2

// known refuses a key that is nobody's before anything of its request waits in line: else
// whoever makes keys up could fill the line, and those with a key would be turned away.
func (s *Service) known(ctx context.Context, hash [32]byte) error {
	s.mu.Lock()
	_, seen := s.meters[hash]
	if s.lookUp == nil {
		s.lookUp = make(chan struct{}, mostStrangers)
	}
	s.mu.Unlock()
	if seen {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookBudget)
	defer cancel()
	select {
	case s.lookUp <- struct{}{}:
		defer func() { <-s.lookUp }()
	case <-ctx.Done():
		return ErrFull
	}
	var inUse bool
	switch err := s.DB.QueryRow(ctx, sqlKeyInUse, pgx.NamedArgs{"hash": hash[:]}).Scan(&inUse); {
	case err != nil:
		return fault.Wrap(fault.Unready, err, "This could not be stored. Send it again.")
	case !inUse:
		return errUnknownKey
	}
	return nil // its meter begins with its first commit
}

const lookBudget = 5 * time.Second

// unseen takes the meter from a key that is nobody's any more.
func (s *Service) unseen(hash [32]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.meters, hash)
}

// seen gives a key that is in use its meter, once.
func (s *Service) seen(hash [32]byte, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.meters[hash]; known {
		return
	}
	if s.meters == nil {
		s.meters = map[[32]byte]meter{}
	}
	burst := s.Burst
	if burst <= 0 {
		burst = DefaultBurst
	}
	s.meters[hash] = meter{left: float64(burst), at: now}
}
