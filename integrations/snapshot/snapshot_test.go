package snapshot_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/snapshot"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var ada = oncall.Actor{Handle: "ada", Network: "web"}

var start = time.Date(2026, 11, 29, 2, 30, 0, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("%v is not a %s", err, kind)
	}
}

// run makes a run that is being done.
func run(t *testing.T, db pg.DB, job string) (id int64) {
	t.Helper()
	must(t, db.QueryRow(context.Background(), `insert into job_run (job, kind, state, asked_at, asked_words, exclusive, started_at, leased_until, leased_by)
		values ($1, 'backup', 'running', $2, 'a schedule', 'x' || random(), $2, $2, 'me') returning id`, job, start).Scan(&id))
	return id
}

func endRun(t *testing.T, db pg.DB, id int64) {
	t.Helper()
	_, err := db.Exec(context.Background(), `update job_run set state = 'lost', ended_at = $2, leased_until = null where id = $1`, id, start)
	must(t, err)
}

func stored(place string, offSite bool) snapshot.Copy {
	return snapshot.Copy{Member: snapshot.Whole, Place: place, OffSite: offSite, Key: "j/k.tar.age", Size: 100, SHA256: strings.Repeat("ab", 32),
		Recipients: []string{"age1ada", "age1bob"}, Documented: true, StoredAt: start}
}

// taken is a snapshot that is kept, in two places.
func taken(t *testing.T, db pg.DB, at time.Time) snapshot.Snapshot {
	t.Helper()
	ctx := context.Background()
	id, known, err := snapshot.Begin(ctx, db, at, "nightly", run(t, db, "nightly"), 1)
	must(t, err)
	if known {
		t.Fatal("it is known")
	}
	must(t, snapshot.AddCopy(ctx, db, id, stored("attic", false)))
	must(t, snapshot.AddCopy(ctx, db, id, stored("cloud", true)))
	must(t, snapshot.Complete(ctx, db, id, "", [][2]string{{"rows", "3"}}))
	return get(t, db, id)
}

func get(t *testing.T, db pg.DB, id int64) snapshot.Snapshot {
	t.Helper()
	s, err := snapshot.Get(context.Background(), db, id)
	must(t, err)
	return s
}

func verify(t *testing.T, db pg.DB, at time.Time, id int64, f snapshot.Found) {
	t.Helper()
	ctx := context.Background()
	check, err := snapshot.BeginCheck(ctx, db, at, id, 0, "cloud", "age1ada")
	must(t, err)
	must(t, snapshot.EndCheck(ctx, db, at, id, check, f))
}

// A run that is begun again takes its own row again; one that was finished is known.
func TestARunTakesOneSnapshot(t *testing.T) {
	db, ctx := pgtest.Tx(t), context.Background()
	r := run(t, db, "nightly")
	id, _, err := snapshot.Begin(ctx, db, start, "nightly", r, 2)
	must(t, err)
	must(t, snapshot.AddCopy(ctx, db, id, stored("attic", false)))
	again, known, err := snapshot.Begin(ctx, db, start.Add(time.Hour), "nightly", r, 2)
	must(t, err)
	if again != id || known {
		t.Fatalf("%d %v", again, known)
	}
	if broken, err := snapshot.MarkBroken(ctx, db, id); err != nil || !broken {
		t.Fatal(broken, err)
	}
	refused(t, snapshot.Complete(ctx, db, id, "", nil), fault.Conflict)
	_, _, err = snapshot.Begin(ctx, db, start.Add(2*time.Hour), "nightly", r, 2)
	must(t, err)
	c := stored("attic", false)
	c.Size = 7
	must(t, snapshot.AddCopy(ctx, db, id, c))
	must(t, snapshot.Complete(ctx, db, id, strings.Repeat("0", 64), nil))
	s := get(t, db, id)
	if s.Have != 1 || s.Complete() || s.State != snapshot.Kept || !s.TakenAt.Equal(start.Add(2*time.Hour)) || s.Size() != 7 || len(s.Copies) != 1 || s.RunID != r {
		t.Errorf("%+v", s)
	}
	if _, known, err = snapshot.Begin(ctx, db, start.Add(3*time.Hour), "nightly", r, 2); err != nil || !known {
		t.Error(known, err)
	}
	if broken, err := snapshot.MarkBroken(ctx, db, id); err != nil || broken {
		t.Error("what is kept is broken", err)
	}
	other := run(t, db, "nightly")
	refused(t, pg.InTx(ctx, db, func(tx pgx.Tx) error {
		_, _, err := snapshot.Begin(ctx, tx, start.Add(2*time.Hour), "nightly", other, 1)
		return err
	}), fault.Conflict)
}

// Only what was proven at level 4 is verified; a test that timed out says nothing; one that
// failed takes it back.
func TestOnlyTheApplicationsAnswerVerifies(t *testing.T) {
	db := pgtest.Tx(t)
	s := taken(t, db, start)
	at := start
	for _, c := range []struct {
		found    snapshot.Found
		verified bool
		checked  snapshot.Outcome
		level    int
	}{
		{snapshot.Found{Outcome: snapshot.Successful, Level: 3}, false, snapshot.Successful, 3},
		{snapshot.Found{Outcome: snapshot.TimedOut, Level: 1}, false, snapshot.TimedOut, 3},
		{snapshot.Found{Outcome: snapshot.Failed, Level: 1}, false, snapshot.Failed, 0},
		{snapshot.Found{Outcome: snapshot.TimedOut, Level: 1}, false, snapshot.Failed, 0},
		{snapshot.Found{Outcome: snapshot.Failed, OnlyKey: true}, false, snapshot.Failed, 0},
		{snapshot.Found{Outcome: snapshot.Successful, Level: 4}, true, snapshot.Successful, 4},
		{snapshot.Found{Outcome: snapshot.TimedOut}, true, snapshot.TimedOut, 4},
		{snapshot.Found{Outcome: snapshot.Failed, OnlyKey: true}, true, snapshot.Successful, 4},
		{snapshot.Found{Outcome: snapshot.Successful, Level: 5}, true, snapshot.Successful, 5},
		{snapshot.Found{Outcome: snapshot.Failed, Level: 3, Detail: "The sentinel is not there."}, false, snapshot.Failed, 0},
	} {
		at = at.Add(time.Hour)
		verify(t, db, at, s.ID, c.found)
		if got := get(t, db, s.ID); got.Verified() != c.verified || got.Checked != c.checked || got.Level != c.level {
			t.Errorf("after %+v: %+v", c.found, got)
		}
	}
	checks, err := snapshot.Checks(context.Background(), db, 3, s.ID)
	must(t, err)
	if len(checks) != 3 || checks[0].Outcome != snapshot.Failed || checks[0].Detail != "The sentinel is not there." || checks[0].Recipient != "age1ada" || !checks[0].EndedAt.Equal(at) {
		t.Errorf("%+v", checks)
	}
	used, err := snapshot.LastUse(context.Background(), db, "nightly")
	must(t, err)
	if len(used) != 1 || !used["age1ada"].Equal(at) {
		t.Errorf("%v", used)
	}
}

// A test whose tester died is validating until somebody looks; then it came to no end.
func TestATesterThatDied(t *testing.T) {
	db, ctx := pgtest.Tx(t), context.Background()
	s := taken(t, db, start)
	verify(t, db, start, s.ID, snapshot.Found{Outcome: snapshot.Successful, Level: 4})
	r := run(t, db, "verify")
	check, err := snapshot.BeginCheck(ctx, db, start.Add(time.Minute), s.ID, r, "cloud", "age1bob")
	must(t, err)
	must(t, snapshot.Look(ctx, db, start.Add(time.Hour)))
	if got := get(t, db, s.ID); got.Checked != snapshot.Validating || !got.Verified() {
		t.Errorf("while it runs: %+v", got)
	}
	endRun(t, db, r)
	must(t, snapshot.Look(ctx, db, start.Add(2*time.Hour)))
	must(t, snapshot.Look(ctx, db, start.Add(3*time.Hour)))
	if got := get(t, db, s.ID); got.Checked != snapshot.TimedOut || !got.Verified() {
		t.Errorf("then: %+v", got)
	}
	checks, err := snapshot.Checks(ctx, db, 10, s.ID)
	must(t, err)
	if checks[0].Outcome != snapshot.TimedOut || checks[0].Took != 119*time.Minute || checks[0].RunID != r {
		t.Errorf("%+v", checks[0])
	}
	// It was not dead after all: what it finds comes too late.
	must(t, snapshot.EndCheck(ctx, db, start.Add(4*time.Hour), s.ID, check, snapshot.Found{Outcome: snapshot.Failed}))
	if got := get(t, db, s.ID); got.Checked != snapshot.TimedOut || !got.Verified() {
		t.Errorf("too late: %+v", got)
	}
	// One of no run is given up after a day; one of a run that is begun again at once.
	_, err = snapshot.BeginCheck(ctx, db, start, s.ID, 0, "cloud", "")
	must(t, err)
	must(t, snapshot.Look(ctx, db, start.Add(24*time.Hour+time.Second)))
	if got := get(t, db, s.ID); got.Checked != snapshot.TimedOut {
		t.Errorf("%+v", got)
	}
	r = run(t, db, "verify")
	_, err = snapshot.BeginCheck(ctx, db, start, s.ID, r, "cloud", "")
	must(t, err)
	must(t, snapshot.GiveUp(ctx, db, start.Add(time.Minute), r))
	if got := get(t, db, s.ID); got.Checked != snapshot.TimedOut {
		t.Errorf("%+v", got)
	}
}

// It goes for good: row first, then copies; what is held does not go, and what goes cannot
// be held.
func TestDeleting(t *testing.T) {
	db, ctx := pgtest.Tx(t), context.Background()
	s := taken(t, db, start)
	refused(t, snapshot.Hold(ctx, db, start, ada, s.ID, " "), fault.Invalid)
	must(t, snapshot.Hold(ctx, db, start, ada, s.ID, "evidence of\nINC-3"))
	if got := get(t, db, s.ID); got.Hold != "evidence of INC-3" || got.HoldBy != "ada" {
		t.Errorf("%+v", got)
	}
	refused(t, snapshot.StartDeleting(ctx, db, s.ID), fault.Conflict)
	must(t, snapshot.Release(ctx, db, start.Add(time.Hour), oncall.Actor{Handle: "maria"}, s.ID))
	refused(t, snapshot.Release(ctx, db, start.Add(time.Hour), oncall.Actor{Handle: "maria"}, s.ID), fault.Conflict)
	for range 2 {
		must(t, snapshot.StartDeleting(ctx, db, s.ID))
	}
	refused(t, snapshot.Hold(ctx, db, start, ada, s.ID, "wait"), fault.Conflict)
	for i, c := range s.Copies {
		if done, err := snapshot.FinishDeleting(ctx, db, start, s.ID); err != nil || done {
			t.Errorf("deleted with %d copies left (%v)", len(s.Copies)-i, err)
		}
		must(t, snapshot.CopyGone(ctx, db, start.Add(time.Hour), s.ID, c))
		must(t, snapshot.CopyGone(ctx, db, start.Add(2*time.Hour), s.ID, c))
	}
	if done, err := snapshot.FinishDeleting(ctx, db, start.Add(3*time.Hour), s.ID); err != nil || !done {
		t.Error(done, err)
	}
	got := get(t, db, s.ID)
	if got.State != snapshot.Deleted || !got.DeletedAt.Equal(start.Add(3*time.Hour)) || !got.Copies[0].GoneAt.Equal(start.Add(time.Hour)) {
		t.Errorf("%+v", got)
	}
	refused(t, snapshot.StartDeleting(ctx, db, s.ID), fault.Conflict)
	refused(t, snapshot.StartDeleting(ctx, db, 1<<40), fault.NotFound)
	_, err := snapshot.Get(ctx, db, 1<<40)
	refused(t, err, fault.NotFound)
}

func TestLists(t *testing.T) {
	db, ctx := pgtest.Tx(t), context.Background()
	var ids []int64
	for i := range 4 {
		ids = append(ids, taken(t, db, start.Add(time.Duration(i)*24*time.Hour)).ID)
	}
	must(t, snapshot.StartDeleting(ctx, db, ids[0]))
	for _, c := range []struct {
		q    snapshot.Query
		want []int64
	}{
		{snapshot.Query{}, []int64{ids[3], ids[2], ids[1], ids[0]}},
		{snapshot.Query{Job: "nightly", States: []snapshot.State{snapshot.Kept}, Most: 2}, []int64{ids[3], ids[2]}},
		{snapshot.Query{Before: ids[1]}, []int64{ids[0]}},
		{snapshot.Query{Job: "other"}, nil},
	} {
		list, err := snapshot.List(ctx, db, c.q)
		must(t, err)
		var got []int64
		for _, s := range list {
			got = append(got, s.ID)
			if len(s.Copies) != 2 || s.Copies[0].Place != "attic" || s.Copies[0].Recipients[1] != "age1bob" || !s.Copies[1].OffSite {
				t.Errorf("%+v", s.Copies)
			}
		}
		if len(got) != len(c.want) || len(got) > 0 && (got[0] != c.want[0] || got[len(got)-1] != c.want[len(got)-1]) {
			t.Errorf("%+v: %v", c.q, got)
		}
	}
	if items := snapshot.Items([]snapshot.Snapshot{get(t, db, ids[0]), get(t, db, ids[1])}); len(items) != 1 || items[0].Have != 1 || items[0].Verified {
		t.Errorf("%+v", items)
	}
	if jobs, err := snapshot.Jobs(ctx, db); err != nil || len(jobs) != 1 || jobs[0] != "nightly" {
		t.Error(jobs, err)
	}
}
