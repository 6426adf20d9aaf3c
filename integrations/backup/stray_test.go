package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/integrations/snapshot"
	"batsignal/migrations/pg"
	"batsignal/oncall"
)

func (w *world) sweep() *backup.Sweep {
	return &backup.Sweep{DB: mortal{w.db, w.life}, Now: w.take.Now, Places: w.take.Places, Jobs: []string{"nightly"}}
}

// swept is what a sweep said.
func (w *world) swept() (job.Result, *jobtest.Memory) {
	w.Helper()
	res, m, err := w.do(w.sweep(), w.run("sweep", nil))
	must(w, err)
	return res, m
}

// lost forgets a snapshot and its run, as a database does that is restored from a backup of
// before.
func (w *world) lost(s snapshot.Snapshot) {
	w.Helper()
	_, err := w.db.Exec(context.Background(), `delete from snapshot where id = $1`, s.ID)
	must(w, err)
	// Another one has its number now.
	_, err = w.db.Exec(context.Background(), `update job_run set asked_at = asked_at + interval '100 days' where id = $1`, s.RunID)
	must(w, err)
}

// over ends a run, as the engine does.
func (w *world) over(run int64, state job.State) {
	w.Helper()
	_, err := w.db.Exec(context.Background(), `update job_run set state = $2, ended_at = $3, leased_until = null where id = $1`, run, state, w.now)
	must(w, err)
}

func (w *world) status(e snapshot.Expect) snapshot.Status {
	w.Helper()
	s, err := snapshot.StatusOf(context.Background(), w.db, w.now, "nightly", e)
	must(w, err)
	return s
}

func count(t testing.TB, db pg.DB, sql string, args ...any) (n int) {
	t.Helper()
	must(t, db.QueryRow(context.Background(), sql, args...).Scan(&n))
	return n
}

// The database is restored from a backup of before two others: they are found, count for nothing
// until somebody names them, are never deleted meanwhile, and then are as good as any.
func TestBackupsNewerThanTheDatabaseAreFound(t *testing.T) {
	w := newWorld(t)
	known := w.nights(1)[0]
	newer := []snapshot.Snapshot{w.get(w.nights(1)[0]), w.get(w.nights(1)[0])}
	for _, s := range newer {
		w.lost(s)
	}
	lines, err := w.sweep().Plan(context.Background(), nil)
	if err != nil || len(lines) != 5 || !strings.Contains(lines[1], newer[0].Copies[0].Key+" at attic is a backup that the catalogue does not know") {
		t.Fatal(lines, err)
	}
	res, m := w.swept()
	if !strings.Contains(res.Said, "4 copies were found that the catalogue did not know: snapshot ") || len(m.Said) != 1 {
		t.Error(res.Said, m.Said)
	}
	list := w.list(snapshot.Kept)
	if len(list) != 3 || !list[0].Found() || list[0].Verified() || list[0].HoldBy != snapshot.Finder {
		t.Fatalf("%+v", list)
	}
	for i, s := range list[:2] {
		want := newer[1-i]
		if !s.TakenAt.Equal(want.TakenAt) || s.Sentinel != want.Sentinel || fmt.Sprint(s.Facts) != fmt.Sprint(want.Facts) || len(s.Copies) != 2 {
			t.Errorf("%+v is not as %+v", s, want)
		}
		for j, c := range s.Copies {
			c.StoredAt, c.ReadAt = want.Copies[j].StoredAt, want.Copies[j].ReadAt
			if fmt.Sprintf("%+v", c) != fmt.Sprintf("%+v", want.Copies[j]) {
				t.Errorf("%+v is not as %+v", c, want.Copies[j])
			}
		}
	}
	w.agree()
	if st := w.status(snapshot.Expect{}); st.Newest.ID != known || len(st.Found) != 2 || !strings.Contains(st.Says(), "found and not proven: snapshot") {
		t.Errorf("%+v %s", st, st.Says())
	}
	if res, m := w.swept(); len(m.Said) != 0 || res.Said != "0 unfinished files were removed." || len(w.list(snapshot.Kept)) != 3 {
		t.Error("it found them again:", res.Said)
	}
	// A test by itself restores only what we took ourselves; retention deletes only that.
	if res, err = w.verified(); err != nil || !strings.HasPrefix(res.Said, fmt.Sprintf("Snapshot %d:", known)) {
		t.Error(res.Said, err)
	}
	w.now = w.now.Add(40 * 24 * time.Hour)
	later := w.nights(2)
	_, _, err = w.do(w.retire(1), w.run("retire", nil))
	must(t, err)
	if s := w.get(list[0].ID); s.State != snapshot.Kept || w.get(known).State != snapshot.Deleted || w.get(later[0]).State != snapshot.Deleted {
		t.Errorf("%+v", s)
	}
	res, _, err = w.do(w.verify, w.run("verify", job.Params{backup.ParamSnapshot: itoa(list[0].ID)}))
	must(t, err)
	if s := w.get(list[0].ID); !s.Verified() || s.Hold != "" || s.HoldBy != "" {
		t.Errorf("%+v %s", s, res.Said)
	}
	must(t, snapshot.Release(context.Background(), w.db, w.now, oncall.Actor{Handle: "ada", Network: "web"}, list[1].ID))
	_, _, err = w.do(w.retire(1), w.run("retire", nil))
	must(t, err)
	if len(w.list(snapshot.Kept)) != 1 {
		t.Errorf("%+v", w.list(snapshot.Kept))
	}
	w.agree()
}

// Whoever finds backups dies after each of its deeds in turn: whoever begins anew notes each of
// them once.
func TestFindingIsBegunAgain(t *testing.T) {
	over := false
	for deeds := 1; !over && deeds < 50; deeds++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprint(deeds, after), func(t *testing.T) {
				w := newWorld(t)
				s := w.taken()
				w.lost(s)
				r, _ := jobtest.Run(t, w.run("sweep", nil))
				w.life.begin(deeds, after)
				_, err := w.sweep().Do(context.Background(), r)
				over = !w.life.gone()
				w.life.begin(0, false)
				if !over && err == nil {
					t.Error("it says that all is well")
				}
				w.swept()
				if list := w.list(); len(list) != 1 || len(list[0].Copies) != 2 || !list[0].Found() {
					t.Fatalf("%+v", list)
				}
				w.agree()
			})
		}
	}
	if !over {
		t.Error("it never ends")
	}
}

// What stands beside a file is no proof. What does not fit is told, and is neither noted nor
// deleted: also a file that nobody knows, and that of another job.
func TestWhatDoesNotFitIsOnlyTold(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	s := w.taken()
	w.lost(s)
	key := s.Copies[0].Key
	w.attic.spoil(t, key, func(b []byte) []byte { return append(b, 'x') })
	w.cloud.spoil(t, key+".json", func(b []byte) []byte {
		return []byte(strings.Replace(string(b), `"job": "nightly"`, `"job": "other"`, 1))
	})
	for _, other := range []string{"nightly/note.txt", "nightly/20261129T000000Z-99999.lines.age", "other/20261129T000000Z-1.tar.age"} {
		_, err := w.attic.Put(ctx, other, strings.NewReader("something"), -1)
		must(t, err)
	}
	w.now = w.now.Add(365 * 24 * time.Hour)
	res, m := w.swept()
	if len(w.list()) != 0 || len(m.Said) != 1 || !strings.Contains(m.Said[0], "4 files are of no backup that is known here") {
		t.Error(w.list(), res.Said, m.Said, m.Text())
	}
	if text := m.Text(); !strings.Contains(text, "bytes, and what stands beside it says") || !strings.Contains(text, "is not what was written there") {
		t.Error(text)
	}
	files, err := w.attic.List(ctx, "")
	if err != nil || len(files) != 6 {
		t.Error(files, err)
	}
}

// Two places that do not have the same cannot both be right: the second one is not believed.
func TestTwoPlacesThatDoNotAgree(t *testing.T) {
	w := newWorld(t)
	s := w.taken()
	w.lost(s)
	w.cloud.spoil(t, s.Copies[0].Key, func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	w.cloud.spoil(t, s.Copies[0].Key+".json", func(b []byte) []byte {
		return []byte(strings.Replace(string(b), s.Copies[0].SHA256, strings.Repeat("ab", 32), 1))
	})
	_, m := w.swept()
	if list := w.list(); len(list) != 1 || len(list[0].Copies) != 1 || list[0].Copies[0].Place != "attic" || !strings.Contains(m.Text(), "is not the same") {
		t.Errorf("%+v %s", list, m.Text())
	}
}

// Who can write to a place knows the notes there: a file of another run that says it is the same
// is no copy of it, or a test of the one would count for the other.
func TestAForgedCopyDoesNotJoin(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	s := w.taken()
	w.lost(s)
	key := s.Copies[0].Key
	forged := strings.Replace(key, "Z-", "Z-99", 1)
	for _, suffix := range []string{"", ".json", ".txt"} {
		from, err := w.attic.Get(ctx, key+suffix)
		must(t, err)
		text, err := io.ReadAll(from)
		must(t, err)
		must(t, from.Close())
		must(t, w.cloud.Delete(ctx, key+suffix))
		_, err = w.cloud.Put(ctx, forged+suffix, strings.NewReader(strings.ReplaceAll(string(text), key, forged)), -1)
		must(t, err)
	}
	_, m := w.swept()
	if list := w.list(); len(list) != 1 || len(list[0].Copies) != 1 || list[0].Copies[0].Key != key || !strings.Contains(m.Text(), "is not the same") {
		t.Errorf("%+v %s", list, m.Text())
	}
}

// A copy of a backup that is known, in a place that had another name, is added to it if it is the
// very same, and nobody holds it.
func TestACopyOfAKnownBackupIsAdded(t *testing.T) {
	w := newWorld(t)
	s := w.get(w.nights(1)[0])
	w.over(s.RunID, job.Lost)
	_, err := w.db.Exec(context.Background(), `update snapshot_copy set place = 'heaven' where snapshot_id = $1 and place = 'cloud'`, s.ID)
	must(t, err)
	res, _ := w.swept()
	if got := w.get(s.ID); len(got.Copies) != 3 || got.Found() || !got.Verified() || got.Copies[1].Place != "cloud" || !got.Copies[1].ReadAt.IsZero() {
		t.Errorf("%+v %s", got, res.Said)
	}
}

// A place finishes a file after its run was given up, and nothing names it. It goes when that run
// is over for two days, not before; nobody else's does.
func TestWhatComesTooLateIsRemoved(t *testing.T) {
	for _, one := range []struct {
		name   string
		state  job.State
		wait   time.Duration
		other  bool // the run of another installation, with the same number
		stays  bool
		strays int
	}{
		{name: "not yet", state: job.Cancelled, wait: 47 * time.Hour, stays: true},
		{name: "at last", state: job.Cancelled, wait: 49 * time.Hour},
		{name: "under way", wait: 365 * 24 * time.Hour, stays: true},
		{name: "nobody knows", state: job.Lost, wait: 365 * 24 * time.Hour, stays: true, strays: 1},
		{name: "another's", state: job.Cancelled, wait: 365 * 24 * time.Hour, other: true, stays: true, strays: 1},
	} {
		t.Run(one.name, func(t *testing.T) {
			w := newWorld(t)
			a := w.run("nightly", nil)
			r, m := jobtest.Run(t, a)
			w.cloud.hangs, w.attic.fails = true, errors.New("the attic is full")
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if _, err := w.take.Do(ctx, r); err == nil {
				t.Fatal("it was taken")
			}
			w.cloud.hangs, w.attic.fails = false, nil
			must(t, m.UndoAll(context.Background(), w.take))
			asked := a.AskedAt
			if one.other {
				asked = asked.Add(-time.Hour)
			}
			key := fmt.Sprintf("nightly/%s-%d.lines.age", asked.UTC().Format("20060102T150405Z"), a.ID)
			_, err := w.cloud.Put(context.Background(), key, strings.NewReader("late"), -1)
			must(t, err)
			must(t, os.Chtimes(w.cloud.file(key), w.now, w.now))
			if one.state != "" {
				w.over(a.ID, one.state)
			}
			w.now = w.now.Add(one.wait)
			res, mem := w.swept()
			files, err := w.cloud.List(context.Background(), "")
			if err != nil || (len(files) == 1) != one.stays || strings.Count(res.Said, "is of no backup") != one.strays {
				t.Error(files, err, res.Said, mem.Text())
			}
		})
	}
}
