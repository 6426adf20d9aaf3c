package web

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall"
)

// What a form shows of a wait is read back as the same wait.
func TestWaitsAreReadAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wait := time.Duration(rapid.IntRange(10, 24*60*60).Draw(t, "seconds")) * time.Second
		if got, err := readWait(oncall.Lasting(wait)); err != nil || got != wait {
			t.Errorf("%q is read as %v: %v", oncall.Lasting(wait), got, err)
		}
	})
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "1m30s": 90 * time.Second, "10 sec": 10 * time.Second, "5 minutes": 5 * time.Minute, "1h": time.Hour} {
		if got, err := readWait(text); err != nil || got != want {
			t.Errorf("%q is read as %v: %v", text, got, err)
		}
	}
	for _, text := range []string{"", "soon", "a second"} {
		if got, err := readWait(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
