package backup_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/integrations/place"
	"batsignal/integrations/seal"
	"batsignal/integrations/snapshot"
	"batsignal/oncall/fault"
)

// jobNow is a clock that stands.
func jobNow() time.Time { return start }

func itoa(n int64) string { return fmt.Sprint(n) }

func (w *world) checks(id int64) []snapshot.Check {
	w.Helper()
	list, err := snapshot.Checks(context.Background(), w.db, 100, id)
	must(w, err)
	return list
}

// The copy that is off-site is read back, opened with each key in turn, and restored; the
// other one is read back. Then the status is true.
func TestVerified(t *testing.T) {
	w := newWorld(t)
	s := w.taken()
	seen := map[string]bool{}
	for range 2 {
		res, err := w.verified()
		must(t, err)
		s = w.get(s.ID)
		if !s.Verified() || s.Level != 4 || s.Checked != snapshot.Successful {
			t.Fatalf("%+v", s)
		}
		c := w.checks(s.ID)[0]
		if c.Place != "cloud" || c.Outcome != snapshot.Successful || c.Level != 4 || c.Took <= 0 || c.RunID == 0 {
			t.Errorf("%+v", c)
		}
		seen[c.Recipient] = true
		if !strings.Contains(res.Said, "All 3 lines are there.") || !strings.Contains(fmt.Sprint(res.Evidence), "[lines 3]") || !strings.Contains(fmt.Sprint(res.Evidence), "memory 1") {
			t.Errorf("%+v", res)
		}
	}
	if len(seen) != 2 {
		t.Errorf("the keys took no turns: %v", seen)
	}
	st, err := snapshot.StatusOf(context.Background(), w.db, w.now, "nightly", snapshot.Expect{Age: 26 * time.Hour})
	must(t, err)
	if st.Says() != "nightly: raptor proof, documented, duplicated, verified, fresh." || !st.Good() {
		t.Error(st.Says())
	}
	// What is newer comes first, then what was never verified.
	newer := w.taken()
	w.now = w.now.Add(time.Minute)
	older := w.taken()
	for _, want := range []int64{older.ID, newer.ID, older.ID} {
		before := len(w.checks(want))
		_, err := w.verified()
		must(t, err)
		if len(w.checks(want)) != before+1 {
			t.Errorf("not snapshot %d was tested", want)
		}
	}
}

// Row 41: what was cut off or changed is found, wherever it is, and older backups are kept.
func TestFault41ChangedOnTheWay(t *testing.T) {
	cut := func(b []byte) []byte { return b[:len(b)-100] }
	flip := func(b []byte) []byte { b[len(b)/2] ^= 4; return b }
	longer := func(b []byte) []byte { return append(b, 0) }
	for name, how := range map[string]func([]byte) []byte{"cut off": cut, "flipped": flip, "longer": longer, "empty": func([]byte) []byte { return nil }} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.taken()
			_, err := w.verified()
			must(t, err)
			s := w.taken()
			w.cloud.spoil(t, s.Copies[1].Key, how)
			_, err = w.verified()
			refused(t, err, fault.Conflict, "The copy at cloud is bad.")
			if s = w.get(s.ID); s.Verified() || s.Checked != snapshot.Failed || s.Copies[1].Bad == "" || s.Copies[0].Bad != "" {
				t.Errorf("%+v", s)
			}
			_, _, err = w.do(w.retire(1), w.run("retire", nil))
			must(t, err)
			if kept := w.list(snapshot.Kept); len(kept) != 2 {
				t.Errorf("%d are kept", len(kept))
			}
			// The other copy is good, and it is tried when somebody asks.
			_, m, err := w.do(w.verify, w.run("verify", job.Params{backup.ParamSnapshot: itoa(s.ID)}))
			refused(t, err, fault.Conflict, "The copy at cloud is bad")
			if s = w.get(s.ID); !s.Verified() || w.checks(s.ID)[0].Place != "attic" {
				t.Errorf("%+v %s", s, m.Text())
			}
		})
	}
}

func TestACopyThatIsGone(t *testing.T) {
	w := newWorld(t)
	s := w.taken()
	must(t, w.attic.Disk.Delete(context.Background(), s.Copies[0].Key))
	_, err := w.verified()
	refused(t, err, fault.Conflict, "The copy at attic is bad: It is not there any more.")
	if s = w.get(s.ID); !s.Verified() || s.Copies[0].Bad == "" {
		t.Errorf("%+v", s)
	}
	must(t, w.cloud.Disk.Delete(context.Background(), s.Copies[1].Key))
	_, err = w.verified()
	refused(t, err, fault.Conflict, "The copy at cloud is bad. It is not there any more.")
}

// Row 39: it is restored, but what was planted is not there.
func TestFault39TheSentinelIsMissing(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.taken()
		_, err := w.verified()
		must(t, err)
	}
	w.source.Lossy = true
	s := w.taken()
	_, err := w.verified()
	refused(t, err, fault.Conflict, "What was planted is not there")
	if s = w.get(s.ID); s.Verified() || s.Checked != snapshot.Failed || w.checks(s.ID)[0].Level != 3 {
		t.Errorf("%+v", s)
	}
	// Retention is frozen, until a newer one is verified.
	retire := w.retire(1)
	_, _, err = w.do(retire, w.run("retire", nil))
	refused(t, err, fault.Conflict, fmt.Sprintf("The restore of snapshot %d of nightly failed, so nothing is deleted", s.ID))
	w.source.Lossy = false
	w.taken()
	_, err = w.verified()
	must(t, err)
	_, _, err = w.do(retire, w.run("retire", nil))
	must(t, err)
	if gone := w.list(snapshot.Deleted); len(gone) != 3 {
		t.Errorf("%d are deleted", len(gone))
	}
}

// Row 42: a key is lost. Another one opens it, and it is an alarm.
func TestFault42AKeyIsLost(t *testing.T) {
	w := newWorld(t)
	stranger := newKey(t)
	w.verify.Openers = []seal.Opener{stranger.opener, w.verify.Openers[0]}
	s := w.taken()
	_, err := w.verified()
	refused(t, err, fault.Conflict, "The key of "+stranger.public+" does not open it")
	if s = w.get(s.ID); !s.Verified() || s.Checked != snapshot.Successful {
		t.Errorf("%+v", s)
	}
	if c := w.checks(s.ID); len(c) != 2 || c[1].Outcome != snapshot.Failed || c[0].Outcome != snapshot.Successful {
		t.Errorf("%+v", c)
	}
	w.verify.Openers = w.verify.Openers[:1]
	_, err = w.verified()
	refused(t, err, fault.Conflict, "was not opened.")
	if s = w.get(s.ID); s.Verified() || s.Checked != snapshot.Failed {
		t.Errorf("%+v", s)
	}
	w.verify.Openers = nil
	_, err = w.verified()
	refused(t, err, fault.Unready, "There is no key here")
}

// What cannot be found out says nothing about the backup: TIMED_OUT is not FAILED.
func TestWhatCannotBeFoundOut(t *testing.T) {
	w := newWorld(t)
	s := w.taken()
	_, err := w.verified()
	must(t, err)
	timedOut := func(err error, says string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Error(err)
		}
		if s = w.get(s.ID); !s.Verified() || s.Checked != snapshot.TimedOut || w.checks(s.ID)[0].Outcome != snapshot.TimedOut || !s.Copies[1].Intact() {
			t.Errorf("%+v %+v", s, w.checks(s.ID)[0])
		}
	}
	w.source.Unready = fault.New(fault.Unready, "There is no scratch server.")
	_, err = w.verified()
	timedOut(err, "There is no scratch server.")
	w.source.Unready = nil

	w.cloud.fails = fault.New(fault.Unready, "The cloud does not answer.")
	_, err = w.verified()
	timedOut(err, "The cloud does not answer.")
	w.cloud.fails = nil

	ctx, cancel := context.WithCancelCause(context.Background())
	w.source.During = func(context.Context, string) error { cancel(errors.New("an hour is over")); return nil }
	r, m := jobtest.Run(t, w.run("verify", nil))
	_, err = w.verify.Do(ctx, r)
	must(t, m.UndoAll(context.Background(), w.verify))
	timedOut(err, "an hour is over")
	w.source.During = nil

	w.source.Level = 3
	// It is no good news: nobody knows whether what is restored is new.
	if _, err := w.verified(); fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Say(err), "It is not verified: it was proven to level 3, and 4 is needed.") {
		t.Error(err)
	}
}

// Whoever verified died at any deed: what is validating is given up by the next try.
func TestKilledAtEveryDeedOfVerify(t *testing.T) {
	var s snapshot.Snapshot
	kill(t, func(w *world) (job.Kind, job.About) {
		s = w.taken()
		return w.verify, w.run("verify", nil)
	}, func(w *world) {
		if s = w.get(s.ID); !s.Verified() || s.Checked != snapshot.Successful || s.Copies[0].ReadAt.IsZero() || s.Copies[1].ReadAt.IsZero() {
			w.Errorf("%+v", s)
		}
		for _, c := range w.checks(s.ID) {
			if c.Outcome == snapshot.Validating || c.Outcome == snapshot.Failed {
				w.Errorf("%+v", c)
			}
		}
	})
}

func TestWhatIsChosenToVerify(t *testing.T) {
	w := newWorld(t)
	s := w.taken()
	asked := func(id int64) error {
		_, _, err := w.do(w.verify, w.run("verify", job.Params{backup.ParamSnapshot: itoa(id)}))
		return err
	}
	refused(t, asked(1<<40), fault.NotFound, "There is no snapshot")
	w.verify.Of = "other"
	refused(t, asked(s.ID), fault.Invalid, "is one of nightly, not of other")
	w.verify.Of = "nightly"
	must(t, snapshot.StartDeleting(context.Background(), w.db, s.ID))
	refused(t, asked(s.ID), fault.Conflict, "it is deleting")
	s = w.taken()
	w.verify.Places = []place.Named{w.verify.Places[0]}
	if err := asked(s.ID); err != nil { // what is out of reach is told by the status
		t.Error(err)
	}
	w.verify.Places = []place.Named{{Name: "barn", Place: newSpot(t, w.life)}}
	refused(t, asked(s.ID), fault.Conflict, "lies only in places that the configuration does not name")
}
