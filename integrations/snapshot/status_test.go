package snapshot_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/snapshot"
	"batsignal/migrations/pgtest"
)

// Each word is true or says why not: from a backup that is just stored to one that is
// everything, and what takes each word away again.
func TestRaptorProofDocumentedDuplicated(t *testing.T) {
	db, ctx := pgtest.Tx(t), context.Background()
	expect := snapshot.Expect{Age: 26 * time.Hour}
	now := start
	says := func(want string) {
		t.Helper()
		s, err := snapshot.StatusOf(ctx, db, now, "nightly", expect)
		must(t, err)
		if got := s.Says(); got != "nightly: "+want {
			t.Errorf("%s\nwant nightly: %s", got, want)
		}
		if s.Good() == (strings.Contains(want, "not ") || s.Newest.ID == 0) {
			t.Errorf("good: %v", s.Good())
		}
	}
	says("there is no backup.")
	s := taken(t, db, start)
	now = start.Add(time.Hour)
	says("documented, duplicated, fresh; not raptor proof: the copy at cloud was not read back yet; not verified: no restore was ever proven.")
	for _, c := range s.Copies {
		must(t, snapshot.MarkRead(ctx, db, now, s.ID, c))
	}
	verify(t, db, now, s.ID, snapshot.Found{Outcome: snapshot.Successful, Level: 4})
	says("raptor proof, documented, duplicated, verified, fresh.")

	now = now.AddDate(0, 0, 36)
	says("documented, duplicated; not raptor proof: the copy at cloud was last read back 36 days ago; " +
		"not verified: the last proven restore was 36 days ago; not fresh: the newest is 36 days old, and 26 hours are expected.")

	now = start.Add(3 * time.Hour)
	verify(t, db, now, s.ID, snapshot.Found{Outcome: snapshot.Failed, Level: 3})
	if st, err := snapshot.StatusOf(ctx, db, now, "nightly", expect); err != nil || st.Verified.True || !strings.Contains(st.Verified.Why, "failed") {
		t.Error(st.Verified, err)
	}
	verify(t, db, now, s.ID, snapshot.Found{Outcome: snapshot.Successful, Level: 4})
	must(t, snapshot.MarkBad(ctx, db, s.ID, s.Copies[0], "it is not what was stored"))
	says("documented, verified, fresh; not raptor proof: the only intact copy is at cloud; not duplicated: the only intact copy is at cloud.")
	third := stored("bucket", true)
	third.Documented, third.Recipients = false, []string{"age1ada"}
	must(t, snapshot.AddCopy(ctx, db, s.ID, third))
	says("duplicated, verified, fresh; not raptor proof: only one key opens the copy at bucket; " +
		"not documented: how to restore it does not stand beside the copy at bucket.")
	must(t, snapshot.MarkRead(ctx, db, now, s.ID, s.Copies[0])) // it was right after all
	must(t, snapshot.CopyGone(ctx, db, now, s.ID, third))
	says("raptor proof, documented, duplicated, verified, fresh.")
	away := stored("cloud", false)
	must(t, snapshot.AddCopy(ctx, db, s.ID, away))
	says("documented, duplicated, verified, fresh; not raptor proof: no intact copy is off-site.")
}

// Members that are missing, and dates ahead, are told, and count for nothing.
func TestWhatDoesNotCountIsTold(t *testing.T) {
	db, ctx := pgtest.Tx(t), context.Background()
	good := taken(t, db, start)
	for _, c := range good.Copies {
		must(t, snapshot.MarkRead(ctx, db, start, good.ID, c))
	}
	verify(t, db, start, good.ID, snapshot.Found{Outcome: snapshot.Successful, Level: 4})
	ahead := taken(t, db, time.Date(2037, 1, 1, 0, 0, 0, 0, time.UTC))
	id, _, err := snapshot.Begin(ctx, db, start.Add(time.Hour), "nightly", run(t, db, "nightly"), 4)
	must(t, err)
	for _, member := range []string{"sda", "sdb", "sdc"} {
		c := stored("cloud", true)
		c.Member = member
		must(t, snapshot.AddCopy(ctx, db, id, c))
	}
	must(t, snapshot.Complete(ctx, db, id, "", nil))
	s, err := snapshot.StatusOf(ctx, db, start.Add(2*time.Hour), "nightly", snapshot.Expect{})
	must(t, err)
	if s.Newest.ID != good.ID || len(s.Ahead) != 1 || s.Ahead[0] != ahead.ID || len(s.Incomplete) != 1 || s.Incomplete[0] != id || s.Good() || !s.RaptorProof.True {
		t.Errorf("%s %+v", s.Says(), s)
	}
	if got := get(t, db, id); got.Have != 3 || got.Want != 4 {
		t.Errorf("%+v", got)
	}
}
