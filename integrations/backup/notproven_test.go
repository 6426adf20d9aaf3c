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
	says := func(text string) error {
		_, err := argv.Command{Path: "sh", Args: []string{"-c", "printf '%b' \"$0\" >&2; exit 1", text}}.Run(t.Context())
		return fault.Wrap(fault.Invalid, err, "It does not restore.")
	}
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
		"a server's":        {t.Context(), says(`pg_restore: error: could not execute query: ERROR:  could not extend file "base/5/1": No space left on device\nHINT:  Check free disk space.\nCommand was: select 1`), true},
		"a name":            {t.Context(), says(`pg_restore: error: relation "out of memory" does not exist`), false},
		"a crooked name":    {t.Context(), says(`pg_restore: error: relation "a: out of memory" does not exist`), false},
		"a command":         {t.Context(), says(`pg_restore: error: could not execute query: ERROR:  syntax error\nCommand was: select ': out of memory`), false},
		"made up":           {t.Context(), says(`pg_restore: error: COPY failed: ERROR:  out of memory\nCONTEXT:  PL/pgSQL function f() line 1 at RAISE`), false},
		"no way in":         {t.Context(), fault.Wrap(fault.Invalid, argv.ErrNotEntered, "It does not restore."), true},
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

// A bad backup may look like a machine that is full: the third test in a row that proves nothing
// is told like one that failed, and the word is taken back, until a test comes to its end.
func TestTestsThatNeverProveAreAnAlarm(t *testing.T) {
	w := newWorld(t)
	w.taken()
	_, err := w.verified()
	must(t, err)
	own := w.verify.Openers
	w.verify.Openers = []seal.Opener{stuck{own[0], fault.New(fault.Unready, "The store is locked."), false}}
	for i, want := range []fault.Kind{fault.Unready, fault.Unready, fault.Conflict, fault.Conflict} {
		w.now = w.now.Add(time.Minute)
		_, err := w.verified()
		refused(t, err, want, "The store is locked.")
		if st := w.status(snapshot.Expect{}); st.Verified.True != (i < 2) {
			t.Errorf("%d: %+v", i, st.Verified)
		}
	}
	w.verify.Openers = own
	if _, err := w.verified(); err != nil || !w.status(snapshot.Expect{}).Verified.True {
		t.Error(err)
	}
}
