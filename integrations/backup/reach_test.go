package backup_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/integrations/snapshot"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

// A place leaves the configuration: what is there counts for nothing, holds up nothing and is
// not forgotten until somebody says so.
func TestAPlaceOutOfReach(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	ids := w.nights(3)
	only := w.taken() // at the attic only, soon
	_, err := w.db.Exec(ctx, `update snapshot_copy set gone_at = $2 where snapshot_id = $1 and place = 'cloud'`, only.ID, w.now)
	must(t, err)
	barn := place.Named{Name: "barn", Place: newSpot(t, w.life)}
	before := append(slices.Clone(w.take.Places), barn)
	w.take.Places = before[1:]
	w.verify.Places = w.take.Places
	e := snapshot.Expect{Places: []string{"barn", "cloud"}}
	st := w.status(e)
	if st.Newest.ID != ids[2] || st.Duplicated.True || !strings.Contains(st.Says(), "out of reach, since no place of the configuration: 4 copies at attic.") {
		t.Errorf("%+v %s", st, st.Says())
	}
	if res, err := w.verified(); err != nil || !strings.HasPrefix(res.Said, fmt.Sprintf("Snapshot %d:", ids[2])) {
		t.Error(res.Said, err)
	}
	_, _, err = w.do(w.verify, w.run("verify", job.Params{backup.ParamSnapshot: itoa(only.ID)}))
	refused(t, err, fault.Conflict, "lies only in places that the configuration does not name")
	w.now = w.now.Add(40 * 24 * time.Hour) // what was never verified is old now
	w.nights(1)
	res, _, err := w.do(w.retire(1), w.run("retire", nil))
	if err != nil || !strings.Contains(res.Said, "What is noted at attic stays noted") || !strings.Contains(res.Said, "batsignal backup forget-place attic") {
		t.Error(res.Said, err)
	}
	for _, id := range ids {
		if s := w.get(id); s.State != snapshot.Deleting {
			t.Errorf("%+v", s)
		}
	}
	if s := w.get(only.ID); s.State != snapshot.Kept {
		t.Errorf("what cannot be reached is %s", s.State)
	}
	away, err := snapshot.OutOfReach(ctx, w.db, "", e.Places)
	if err != nil || len(away) != 1 || away[0] != (snapshot.Unreached{Place: "attic", Copies: 4, Snapshots: 4, Deleting: 3}) {
		t.Error(away, err)
	}
	by := audit.By{Network: "cli"}
	ada := oncall.Actor{Handle: "ada", Network: "web"}
	must(t, snapshot.Hold(ctx, w.db, w.now, ada, only.ID, "evidence"))
	_, err = snapshot.Forget(ctx, w.db, w.now, by, "somebody", "attic")
	refused(t, err, fault.Conflict, "lies only there, and ada holds it (evidence)")
	if w.get(ids[0]).State != snapshot.Deleting {
		t.Error("half of it was done")
	}
	must(t, snapshot.Release(ctx, w.db, w.now, ada, only.ID))
	f, err := snapshot.Forget(ctx, w.db, w.now, by, "somebody", "attic")
	if err != nil || f.Copies != 4 || len(f.Gone) != 4 {
		t.Error(f, err)
	}
	for _, id := range append(ids, only.ID) {
		if s := w.get(id); s.State != snapshot.Deleted {
			t.Errorf("%+v", s)
		}
	}
	if n := count(t, w.db, `select count(*) from audit_entry where kind = 'place' and subject = 'attic'`); n != 1 {
		t.Errorf("%d entries", n)
	}
	_, err = snapshot.Forget(ctx, w.db, w.now, by, "somebody", "attic")
	refused(t, err, fault.NotFound, "No copy is noted at a place called attic.")
	// The place is back after all: what is there was given up, and is told, but nobody deletes it.
	w.take.Places, w.verify.Places = before, before
	for _, id := range append(ids, only.ID) {
		w.over(w.get(id).RunID, job.Succeeded)
	}
	w.now = w.now.Add(72 * time.Hour)
	res, _ = w.swept()
	if files, err := w.attic.List(ctx, ""); err != nil || len(files) != 12 || !strings.Contains(res.Said, "4 files are of no backup that is known here") {
		t.Error(files, err, res.Said)
	}
}

// Two people agreed to a list; what may go as well by the time that it begins stays, and what was
// held meanwhile as well.
func TestTheListIsWhatPeopleAgreedTo(t *testing.T) {
	w := newWorld(t)
	ids := w.nights(6)
	retire := w.retire(1)
	retire.Approved = func(context.Context, int64) (int, error) { return 2, nil }
	params := job.Params{backup.ParamApproved: "yes", backup.ParamSnapshots: fmt.Sprintf("%d-%d,%d", ids[0], ids[2], ids[4])}
	lines, err := retire.Plan(context.Background(), params)
	if text := strings.Join(lines, "\n"); err != nil || strings.Count(text, " goes: ") != 4 || strings.Count(text, "stays: it may go, and is not on the list.") != 1 {
		t.Error(text, err)
	}
	must(t, snapshot.Hold(context.Background(), w.db, w.now, oncall.Actor{Handle: "ada", Network: "web"}, ids[1], "wait"))
	ids = append(ids, w.nights(1)...)
	_, m, err := w.do(retire, w.run("retire", params))
	must(t, err)
	for i, want := range []snapshot.State{snapshot.Deleted, snapshot.Kept, snapshot.Deleted, snapshot.Kept, snapshot.Deleted, snapshot.Kept, snapshot.Kept} {
		if s := w.get(ids[i]); s.State != want {
			t.Errorf("snapshot %d is %s", i, s.State)
		}
	}
	if strings.Count(m.Text(), "may go as well, but nobody agreed to that.") != 2 {
		t.Error(m.Text())
	}
	w.agree()
}
