package alert

import (
	"errors"
	"fmt"
	"testing"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/secret"
)

// A key that is nobody's never waits in line, so whoever makes keys up cannot fill it; and
// one that was revoked has no meter.
func TestStrangersDoNotWaitInLine(t *testing.T) {
	t.Parallel()
	s := newScene(t, pgtest.Fresh(t).Pool)
	s.fires("first")
	s.mu.Lock()
	s.events = mostWaiting - 1 // so full that only one alert has room
	s.mu.Unlock()
	for i := range 5 {
		_, err := s.Take(ctx, secret.New(fmt.Sprintf("%032d", i)), eventsOf(Trigger, "a", "b")...)
		if !IsUnknownKey(err) {
			t.Errorf("a key that is nobody's: %v", err)
		}
	}
	if _, err := s.Take(ctx, s.key, eventsOf(Trigger, "a", "b")...); !errors.Is(err, ErrFull) {
		t.Errorf("a good key, with no room: %v", err)
	}
	s.mu.Lock()
	s.events = 0
	s.mu.Unlock()
	s.fires("second")
	s.must(s.RevokeKey(ctx, s.ada, "prometheus"))
	_, err := s.Take(ctx, s.key, eventsOf(Trigger, "a")...)
	if !IsUnknownKey(err) || len(s.meters) != 0 {
		t.Errorf("a revoked key: %v, and %d meters", err, len(s.meters))
	}
}
