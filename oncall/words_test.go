package oncall_test

import (
	"testing"
	"time"

	"batsignal/oncall"
)

func TestAWaitIsNotRounded(t *testing.T) {
	for d, want := range map[time.Duration]string{
		90 * time.Second: "90 seconds", 15 * time.Minute: "15 minutes", time.Hour: "1 hour", 24 * time.Hour: "24 hours", 90 * time.Minute: "90 minutes",
	} {
		if got := oncall.Lasting(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

func TestHowOftenInWords(t *testing.T) {
	for n, want := range map[int64]string{0: "not once", 1: "once", 2: "twice", 3: "3 times"} {
		if got := oncall.Times(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
