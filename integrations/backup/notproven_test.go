package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/seal"
	"batsignal/integrations/snapshot"
	"batsignal/oncall/fault"
)

// What is short on this machine, missing or over says nothing about a backup.
func TestWhatPreventsAProofIsNoFlaw(t *testing.T) {
	_, missing := argv.Command{Path: "/no/such/program"}.Run(t.Context())
	_, killed := argv.Command{Path: "sh", Args: []string{"-c", "kill -KILL $$"}}.Run(t.Context())
	_, failed := argv.Command{Path: "sh", Args: []string{"-c", "echo it is damaged >&2; exit 1"}}.Run(t.Context())
	_, full := argv.Command{Path: "sh", Args: []string{"-c", "echo 'pg_restore: error: could not write: No space left on device' >&2; exit 1"}}.Run(t.Context())
	over, cancel := context.WithTimeoutCause(t.Context(), 0, errors.New("an hour is over"))
	defer cancel()
	<-over.Done()
	for name, c := range map[string]struct {
		ctx context.Context
		err error
		not bool
	}{
		"a full disk":       {t.Context(), fmt.Errorf("unpacking: %w", syscall.ENOSPC), true},
		"a full disk, told": {t.Context(), fault.Wrap(fault.Invalid, full, "It does not restore."), true},
		"no memory":         {t.Context(), syscall.ENOMEM, true},
		"killed":            {t.Context(), fault.Wrap(fault.Invalid, killed, "It does not restore."), true},
		"missing":           {t.Context(), missing, true},
		"late":              {over, fault.New(fault.Invalid, "It is damaged."), true},
		"one call late":     {t.Context(), context.DeadlineExceeded, true},
		"damaged":           {t.Context(), fault.Wrap(fault.Invalid, failed, "It is damaged."), false},
		"fine":              {t.Context(), nil, false},
	} {
		got := backup.Prevented(c.ctx, c.err)
		var not backup.NotProven
		if errors.As(got, &not) != c.not || (c.err == nil) != (got == nil) {
			t.Errorf("%s: %v", name, got)
		}
		if again := backup.Prevented(t.Context(), got); c.not && again != got {
			t.Errorf("%s: it was wrapped twice", name)
		}
	}
	if killed == nil || !strings.Contains(backup.Prevented(t.Context(), killed).Error(), "too little room, memory") {
		t.Errorf("%v", killed)
	}
}

// stuck is an opener that fails.
type stuck struct {
	seal.Opener
	err  error
	late bool // it only says so when it is read
}

func (s stuck) Open(context.Context, io.Reader) (io.ReadCloser, error) {
	if !s.late {
		return nil, s.err
	}
	r, w := io.Pipe()
	_ = w.CloseWithError(s.err)
	return r, nil
}

// A key that does not fit is a finding. One that cannot be used is none.
func TestAKeyThatCannotBeUsedIsNoFinding(t *testing.T) {
	w := newWorld(t)
	own := w.verify.Openers[0]
	for _, late := range []bool{false, true} {
		for want, err := range map[snapshot.Outcome]error{
			snapshot.TimedOut: fault.New(fault.Unready, "The store has the key no more."),
			snapshot.Failed:   fault.New(fault.Conflict, "The key does not open this file."),
		} {
			s := w.taken()
			w.verify.Openers = []seal.Opener{stuck{own, err, late}}
			_, got := w.verified()
			kind := map[snapshot.Outcome]fault.Kind{snapshot.TimedOut: fault.Unready, snapshot.Failed: fault.Conflict}[want]
			refused(t, got, kind, fault.Say(err))
			if c := w.checks(s.ID)[0]; c.Outcome != want || c.Level != 1 {
				t.Errorf("%v, late %v: %+v", err, late, c)
			}
			w.now = w.now.Add(time.Minute)
		}
	}
}
