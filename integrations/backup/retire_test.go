package backup_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/integrations/snapshot"
	"batsignal/integrations/snapshot/retention"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func (w *world) retire(daily int) *backup.Retire {
	return &backup.Retire{DB: mortal{w.db, w.life}, Now: w.take.Now, Of: "nightly", Policy: retention.Policy{Daily: daily}, Zone: time.UTC, Places: w.take.Places}
}

// nights takes and verifies so many backups, a day apart.
func (w *world) nights(n int) (ids []int64) {
	w.Helper()
	for range n {
		w.now = w.now.Add(24 * time.Hour)
		s := w.taken()
		_, err := w.verified()
		must(w, err)
		ids = append(ids, s.ID)
	}
	return ids
}

// Old backups go whole, and the numbers of the policy stay; what would go is told before.
func TestRetire(t *testing.T) {
	w := newWorld(t)
	ids := w.nights(5)
	must(t, snapshot.Hold(context.Background(), w.db, w.now, oncall.Actor{Handle: "ada"}, ids[1], "evidence"))
	retire := w.retire(2)
	lines, err := retire.Plan(context.Background(), nil)
	must(t, err)
	plan := strings.Join(lines, "\n")
	for _, want := range []string{fmt.Sprintf("Snapshot %d of 2026-12-04 ", ids[4]), "stays: daily#1.", "stays: ada holds it (evidence).", fmt.Sprintf("Snapshot %d of 2026-11-30 ", ids[0]), "goes:"} {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan does not have %q:\n%s", want, plan)
		}
	}
	if len(w.list(snapshot.Kept)) != 5 {
		t.Fatal("the plan did something")
	}
	res, m, err := w.do(retire, w.run("retire", nil))
	must(t, err)
	if res.Said != "2 snapshots of nightly deleted, 3 kept." || m.Number != 2 {
		t.Error(res.Said, m.Number)
	}
	w.agree()
	for i, want := range []snapshot.State{snapshot.Deleted, snapshot.Kept, snapshot.Deleted, snapshot.Kept, snapshot.Kept} {
		if s := w.get(ids[i]); s.State != want {
			t.Errorf("snapshot %d is %s", i, s.State)
		}
	}
	if res, _, err = w.do(retire, w.run("retire", nil)); err != nil || res.Said != "0 snapshots of nightly deleted, 3 kept." {
		t.Error(res, err)
	}
}

// More than a fifth, and more than three, take two people; that none would be left, nobody
// can agree to.
func TestTheBreaker(t *testing.T) {
	w := newWorld(t)
	ids := w.nights(5)
	list := fmt.Sprintf("%d-%d", ids[0], ids[3])
	retire := w.retire(1)
	people := 1
	retire.Approved = func(context.Context, int64) (int, error) { return people, nil }
	yes := job.Params{backup.ParamApproved: "yes", backup.ParamSnapshots: list}
	for _, params := range []job.Params{nil, {backup.ParamApproved: "no"}, yes} {
		_, _, err := w.do(retire, w.run("retire", params))
		refused(t, err, fault.Conflict, "4 of 5 would be deleted, and at most 3 are without two people who agree. Look at what would go with a dry run. If it is right, have just that done by a job that two others must agree to: !job run purge-nightly snapshots="+list+".")
	}
	_, _, err := w.do(retire, w.run("retire", job.Params{backup.ParamApproved: "yes"}))
	refused(t, err, fault.Invalid, "are no numbers of snapshots. They are written like 3-8,12.")
	lines, err := retire.Plan(context.Background(), nil)
	if err != nil || !strings.HasPrefix(lines[len(lines)-1], "But it would be refused. 4 of 5") {
		t.Error(lines, err)
	}
	people = 2
	none := w.retire(0)
	none.Approved = retire.Approved
	_, _, err = w.do(none, w.run("retire", yes))
	refused(t, err, fault.Conflict, "Not even the newest verified backup would remain.")
	if len(w.list(snapshot.Kept)) != 5 {
		t.Fatal("some are gone")
	}
	_, _, err = w.do(retire, w.run("retire", yes))
	must(t, err)
	if len(w.list(snapshot.Kept)) != 1 {
		t.Error("they are not gone")
	}
	w.agree()
}

// What a place does not let go yet stays, is told, and goes when it may. A place that is away
// is tried again.
func TestLockedAndAway(t *testing.T) {
	w := newWorld(t)
	ids := w.nights(3)
	retire := w.retire(1)
	w.cloud.locked = true
	res, _, err := w.do(retire, w.run("retire", nil))
	must(t, err)
	if !strings.Contains(res.Said, "2 copies cannot be deleted yet") {
		t.Error(res.Said)
	}
	if s := w.get(ids[0]); s.State != snapshot.Deleting || s.Copies[0].GoneAt.IsZero() || !s.Copies[1].GoneAt.IsZero() {
		t.Errorf("%+v", s)
	}
	w.cloud.locked, w.cloud.fails = false, errors.New("the cloud does not answer")
	_, _, err = w.do(retire, w.run("retire", nil))
	refused(t, err, fault.Unready, "the next run tries again. Cloud: The cloud does not answer.")
	w.cloud.fails = nil
	lines, err := retire.Plan(context.Background(), nil)
	if err != nil || !strings.Contains(strings.Join(lines, "\n"), fmt.Sprintf("Snapshot %d is deleting: what is left of it goes.", ids[0])) {
		t.Error(lines, err)
	}
	res, _, err = w.do(retire, w.run("retire", nil))
	if err != nil || res.Said != "2 snapshots of nightly deleted, 1 kept." {
		t.Error(res, err)
	}
	w.agree()
	// A place that was given up holds up nothing.
	w.nights(1)
	retire.Places = retire.Places[:1]
	res, _, err = w.do(retire, w.run("retire", nil))
	if err != nil || !strings.Contains(fmt.Sprint(res.Evidence), "not wholly deleted yet") {
		t.Error(res, err)
	}
}

// Row 40: one is dated 2037. It is set aside and told, and nothing else changes.
func TestFault40DatedInTheFuture(t *testing.T) {
	w := newWorld(t)
	ids := w.nights(3)
	now := w.now
	w.now = time.Date(2037, 1, 1, 0, 0, 0, 0, time.UTC)
	future := w.taken()
	w.now = now.Add(time.Hour)
	_, err := w.verified()
	must(t, err)
	if w.get(future.ID).Verified() {
		t.Error("what is of the future was verified")
	}
	res, _, err := w.do(w.retire(2), w.run("retire", nil))
	must(t, err)
	if !strings.Contains(res.Said, fmt.Sprintf("Set aside, since dated in the future: snapshot %d.", future.ID)) || w.get(ids[0]).State != snapshot.Deleted || len(w.list(snapshot.Kept)) != 3 {
		t.Error(res.Said, len(w.list(snapshot.Kept)))
	}
}

// Row 38: of four volumes three are there. It counts for nothing, and evicts nothing.
func TestFault38ThreeOfFour(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	ids := w.nights(2)
	w.now = w.now.Add(24 * time.Hour)
	id, _, err := snapshot.Begin(ctx, w.db, w.now, "nightly", w.run("nightly", nil).ID, 4)
	must(t, err)
	for _, member := range []string{"sda", "sdb", "sdc"} {
		must(t, snapshot.AddCopy(ctx, w.db, id, snapshot.Copy{Member: member, Place: "cloud", Key: "x/" + member, SHA256: strings.Repeat("0", 64), StoredAt: w.now}))
	}
	must(t, snapshot.Complete(ctx, w.db, id, "", nil))
	res, _, err := w.do(w.retire(2), w.run("retire", nil))
	if err != nil || !strings.HasPrefix(res.Said, "0 snapshots of nightly deleted") {
		t.Error(res, err)
	}
	if _, err = w.verified(); err != nil || len(w.checks(ids[1])) != 2 {
		t.Error("not the newest whole one was verified", err)
	}
}

// Somebody holds one, while others are deleted.
func TestHeldMeanwhile(t *testing.T) {
	w := newWorld(t)
	ids := w.nights(4)
	r, m := jobtest.Run(t, w.run("retire", nil))
	m.Die = func(when string) error {
		if when == fmt.Sprintf("after delete snapshot %d", ids[0]) {
			must(t, snapshot.Hold(context.Background(), w.db, w.now, oncall.Actor{Handle: "ada"}, ids[1], "wait"))
		}
		return nil
	}
	res, err := w.retire(1).Do(context.Background(), r)
	must(t, err)
	if w.get(ids[1]).State != snapshot.Kept || w.get(ids[2]).State != snapshot.Deleted || !strings.Contains(m.Text(), "does not go any more") {
		t.Error(res, m.Text())
	}
}

// kill has a run die at every deed that it does outside: the deed done or not, and nobody
// hears of it. What is left is taken back, the run is begun again, and all is as it must be.
func kill(t *testing.T, prepare func(w *world) (job.Kind, job.About), after func(w *world)) {
	t.Helper()
	for _, done := range []bool{false, true} {
		more := true
		for n := 1; more && !t.Failed(); n++ {
			t.Run(fmt.Sprintf("deed %d %v", n, done), func(t *testing.T) {
				w := newWorld(t)
				k, a := prepare(w)
				r, m := jobtest.Run(t, a)
				w.life.begin(n, done)
				_, err := k.Do(context.Background(), r)
				more = w.life.gone()
				w.life.begin(0, false)
				if !more {
					must(t, err)
					after(w)
					return
				}
				must(t, m.UndoAll(context.Background(), k))
				w.agreeOnceUndone(k)
				a.Attempt = 2
				if _, m, err = w.do(k, a); err != nil {
					t.Fatalf("%v\n%s", err, m.Text())
				}
				w.agree()
				after(w)
			})
		}
	}
}

// agreeOnceUndone sees that a backup that was taken back left nothing, before it is taken
// again; and that what counts as kept is there whole, while others are half deleted.
func (w *world) agreeOnceUndone(k job.Kind) {
	w.Helper()
	for _, s := range w.list(snapshot.Kept) {
		for _, c := range s.Copies {
			spot := w.attic
			if c.OffSite {
				spot = w.cloud
			}
			for _, suffix := range []string{"", ".json", ".txt"} {
				if _, err := os.Stat(spot.file(c.Key + suffix)); err != nil {
					w.Errorf("what is kept is not there: %v", err)
				}
			}
		}
	}
	if _, takes := k.(*backup.Take); !takes || len(w.list(snapshot.Kept)) > 0 {
		return
	}
	for _, s := range w.list(snapshot.Broken) {
		for _, c := range s.Copies {
			if c.GoneAt.IsZero() {
				w.Errorf("%+v", c)
			}
		}
	}
	for _, spot := range []*spot{w.attic, w.cloud} {
		if left, err := os.ReadDir(spot.dir); err != nil || len(left) > 0 {
			w.Errorf("%v %v", left, err)
		}
	}
}

func TestKilledAtEveryDeedOfTake(t *testing.T) {
	kill(t, func(w *world) (job.Kind, job.About) {
		w.source.Bulk = 2 << 20
		return w.take, w.run("nightly", nil)
	}, func(w *world) {
		list := w.list()
		if len(list) != 1 || list[0].State != snapshot.Kept || len(list[0].Copies) != 2 || !list[0].Copies[0].Documented {
			w.Errorf("%+v", list)
		}
		if _, err := w.verified(); err != nil {
			w.Error(err)
		}
	})
}

func TestKilledAtEveryDeedOfRetire(t *testing.T) {
	kill(t, func(w *world) (job.Kind, job.About) {
		w.nights(3)
		return w.retire(1), w.run("retire", nil)
	}, func(w *world) {
		if kept := w.list(snapshot.Kept); len(kept) != 1 || len(w.list(snapshot.Deleted)) != 2 {
			w.Errorf("%d are kept", len(kept))
		}
		if _, err := w.verified(); err != nil {
			w.Error(err)
		}
	})
}

// Taking back is killed too, at each of its deeds: the next one goes on.
func TestKilledAtEveryDeedOfTakingBack(t *testing.T) {
	more := true
	for n := 1; more && !t.Failed(); n++ {
		t.Run(fmt.Sprint("deed ", n), func(t *testing.T) {
			w := newWorld(t)
			a := w.run("nightly", nil)
			r, m := jobtest.Run(t, a)
			w.life.begin(7, true) // both have it, and what stands beside it
			if _, err := w.take.Do(context.Background(), r); err == nil {
				t.Fatal("it lived")
			}
			w.life.begin(n, n%2 == 0)
			err := m.UndoAll(context.Background(), w.take)
			if more = w.life.gone(); !more {
				must(t, err)
			}
			w.life.begin(0, false)
			must(t, m.UndoAll(context.Background(), w.take))
			w.agreeOnceUndone(w.take)
			a.Attempt = 2
			if _, m, err = w.do(w.take, a); err != nil {
				t.Fatal(err, m.Text())
			}
			w.agree()
		})
	}
}
