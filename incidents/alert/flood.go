package alert

import (
	"time"

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
