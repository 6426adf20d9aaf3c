package argv_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"batsignal/integrations/argv"
)

// slow takes its time with the first piece, longer than the grace of the program.
type slow struct {
	bytes.Buffer
	waits time.Duration
}

func (s *slow) Write(p []byte) (int, error) {
	time.Sleep(s.waits)
	s.waits = 0
	return s.Buffer.Write(p)
}

// What a program wrote before it ended is taken, however slowly.
func TestWhoeverTakesTheOutputMayBeSlow(t *testing.T) {
	to := &slow{waits: 300 * time.Millisecond}
	_, err := argv.Command{Path: "/usr/bin/head", Args: []string{"-c", "100000", "/dev/zero"}, Stdout: to, Grace: 50 * time.Millisecond}.Run(t.Context())
	if err != nil || to.Len() != 100000 {
		t.Errorf("%d bytes, %v", to.Len(), err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	to = &slow{waits: time.Second}
	begun := time.Now()
	time.AfterFunc(20*time.Millisecond, func() { cancel(stopped) })
	_, err = argv.Command{Path: "/usr/bin/head", Args: []string{"-c", "100000", "/dev/zero"}, Stdout: to, Grace: 50 * time.Millisecond}.Run(ctx)
	if !errors.Is(err, stopped) || time.Since(begun) > 900*time.Millisecond {
		t.Errorf("when it is stopped: %v after %s", err, time.Since(begun))
	}
	time.Sleep(1100 * time.Millisecond) // until the writer of this test is done
}
