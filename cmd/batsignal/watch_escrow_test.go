package main

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"batsignal/oncall/fault"
)

// TestFault33TheSwitchboardIsAway: everybody hears of it after a minute, once, and when it
// is back; a restart says nothing.
func TestFault33TheSwitchboardIsAway(t *testing.T) {
	var said []string
	deaf := error(nil) // the database, in which an alarm is written down
	now := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	away := error(nil)
	w := &escrowWatch{
		look: func(context.Context) error { return away },
		alarm: func(_ context.Context, s string) error {
			if deaf == nil {
				said = append(said, s)
			}
			return deaf
		},
		now: func() time.Time { return now },
	}
	look := func(after time.Duration, failing bool) {
		t.Helper()
		now = now.Add(after)
		if err := w.switchboard(t.Context()); (err != nil) != failing {
			t.Errorf("%v", err)
		}
	}
	look(0, false)
	away = fault.New(fault.Unready, "Nothing answers.")
	look(20*time.Second, true)
	away = nil
	look(20*time.Second, false) // it was restarted
	away = errors.New("refused")
	for range 3 {
		look(20*time.Second, true)
	}
	if len(said) != 0 {
		t.Fatalf("too early: %q", said)
	}
	deaf = errors.New("the database is away, too")
	look(20*time.Second, true)
	deaf = nil
	for range 10 {
		look(20*time.Second, true)
	}
	away, deaf = nil, errors.New("the database is away now")
	look(20*time.Second, true)
	deaf = nil
	look(20*time.Second, false)
	look(20*time.Second, false)
	if len(said) != 2 || !slices.Contains(said, "The switchboard answers again: sealed addresses can be opened.") {
		t.Errorf("%q", said)
	}
}
