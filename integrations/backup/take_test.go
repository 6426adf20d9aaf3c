package backup_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/integrations/place"
	"batsignal/integrations/snapshot"
	"batsignal/migrations/childtest"
	"batsignal/oncall/fault"
)

// One stream, sealed once, lies in both places the same, with how to restore it beside it;
// each of two people opens it with stock age and her own key.
func TestABackupIsTaken(t *testing.T) {
	w := newWorld(t)
	a := w.run("nightly", nil)
	res, m, err := w.do(w.take, a)
	must(t, err)
	s := w.newest()
	if s.State != snapshot.Kept || !s.Complete() || len(s.Copies) != 2 || s.Sentinel == "" || s.Facts[0][1] != "3" || s.RunID != a.ID {
		t.Errorf("%+v", s)
	}
	key := s.Copies[0].Key
	if !strings.HasPrefix(key, "nightly/20261129T0231") || !strings.HasSuffix(key, "Z-"+strings.TrimSpace(itoa(a.ID))+".lines.age") || s.Copies[1].Key != key {
		t.Errorf("%s, %s", key, s.Copies[1].Key)
	}
	if len(res.Artifacts) != 2 || !strings.Contains(res.Said, "lies at attic and cloud") || m.Unit != job.UnitBytes || m.Number < 300<<10 {
		t.Errorf("%+v %d", res, m.Number)
	}
	w.agree()
	for _, spot := range []*spot{w.attic, w.cloud} {
		text, err := os.ReadFile(spot.file(key + ".txt"))
		must(t, err)
		for _, want := range []string{"age -d -i KEY 20261129T023100Z-", s.Copies[0].SHA256, "sed -n", w.keys[0].public, w.keys[1].public, "> backup.lines", "lines: 3"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("how to restore it does not have %q:\n%s", want, text)
			}
		}
		note, err := backup.ReadNote(context.Background(), spot, key)
		must(t, err)
		if note.SHA256 != s.Copies[0].SHA256 || note.Sentinel != s.Sentinel || len(note.Recipients) != 2 || note.Place == "" || !note.TakenAt.Equal(s.TakenAt) {
			t.Errorf("%+v", note)
		}
	}
	stock, err := exec.LookPath("age")
	if err != nil {
		childtest.Lacks(t, err)
	}
	for i, k := range w.keys {
		out, err := exec.Command(stock, "-d", "-i", k.file, w.cloud.file(key)).Output() //nolint:gosec // a test's own
		if err != nil || !bytes.Contains(out, []byte("line two\n")) {
			t.Errorf("key %d does not open it: %v", i, err)
		}
	}
	if strings.Contains(m.Text(), "AGE-SECRET") {
		t.Error("a key is told")
	}
}

// A place that fails does not stop the others. What is there is kept, the run fails, and the
// next try of the same run adds what is missing.
func TestAPlaceFails(t *testing.T) {
	for name, fails := range map[string]func(w *world){
		"it says no": func(w *world) { w.cloud.fails = fault.New(fault.Unready, "The cloud is full.") },
		"it hangs":   func(w *world) { w.cloud.hangs, w.take.Stall = true, 50*time.Millisecond; w.source.Bulk = 40 << 20 },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			fails(w)
			a := w.run("nightly", nil)
			res, m, err := w.do(w.take, a)
			refused(t, err, fault.Unready, "It lies in one place only. No copy is off-site.")
			if !strings.Contains(m.Text(), "The place cloud did not take it") || !strings.Contains(res.Said, "missing at cloud") {
				t.Error(m.Text(), res.Said)
			}
			w.agree()
			first := w.newest()
			if first.State != snapshot.Kept || len(first.Copies) != 1 {
				t.Fatalf("%+v", first)
			}
			w.cloud.fails, w.cloud.hangs = nil, false
			a.Attempt = 2
			_, m, err = w.do(w.take, a)
			if err != nil {
				t.Fatal(err, m.Text())
			}
			s := w.newest()
			if len(w.list()) != 1 || s.ID != first.ID || len(s.Copies) != 2 || s.Copies[0].SHA256 != s.Copies[1].SHA256 || !s.Copies[1].Documented {
				t.Errorf("%+v", s)
			}
			w.agree()
		})
	}
}

// A copy that was spoilt meanwhile is not copied on.
func TestWhatIsSpoiltIsNotCopied(t *testing.T) {
	w := newWorld(t)
	w.cloud.fails = errors.New("no")
	a := w.run("nightly", nil)
	_, _, err := w.do(w.take, a)
	refused(t, err, fault.Unready, "one place")
	w.cloud.fails = nil
	w.attic.spoil(t, w.newest().Copies[0].Key, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	a.Attempt = 2
	_, _, err = w.do(w.take, a)
	refused(t, err, fault.Unready, "What came from attic is not what was stored there.")
	w.agree()
}

// Without two places, or a source that ends well, there is no backup, and nothing is left.
func TestNothingIsLeftOfWhatFailed(t *testing.T) {
	w := newWorld(t)
	w.attic.fails, w.cloud.fails = errors.New("attic burns"), errors.New("cloud burns")
	_, _, err := w.do(w.take, w.run("nightly", nil))
	refused(t, err, fault.Unready, "No place took the backup. Attic: Attic burns. Cloud: Cloud burns.")
	w.attic.fails, w.cloud.fails = nil, nil

	w.source.Breaks = fault.New(fault.Unready, "The database went away.")
	_, _, err = w.do(w.take, w.run("nightly", nil))
	refused(t, err, fault.Unready, "The database went away.")
	w.source.Breaks = nil

	w.source.During = func(ctx context.Context, what string) error { return errors.New("unplugged") }
	if _, _, err = w.do(w.take, w.run("nightly", nil)); err == nil || !strings.Contains(err.Error(), "unplugged") {
		t.Error(err)
	}
	w.source.During = nil

	ctx, cancel := context.WithCancelCause(context.Background())
	w.source.During = func(context.Context, string) error { cancel(errors.New("ada cancelled it")); return nil }
	r, m := jobtest.Run(t, w.run("nightly", nil))
	if _, err = w.take.Do(ctx, r); err == nil || !strings.Contains(err.Error(), "ada cancelled it") {
		t.Error(err)
	}
	must(t, m.UndoAll(context.Background(), w.take))
	for _, s := range w.list() {
		if s.State != snapshot.Broken {
			t.Errorf("%+v", s)
		}
	}
	w.agree()
	for _, spot := range []*spot{w.attic, w.cloud} {
		if left, err := os.ReadDir(spot.dir); err != nil || len(left) != 0 {
			t.Errorf("%v %v", left, err)
		}
	}
}

// A place that does not let go of what was not finished does not hold up the next backup; it
// is noted, and deleted when old backups are.
func TestWhatCannotBeTakenBackIsNoted(t *testing.T) {
	w := newWorld(t)
	a := w.run("nightly", nil)
	r, m := jobtest.Run(t, a)
	w.life.begin(5, true) // both places have it, and nothing of it is noted
	if _, err := w.take.Do(context.Background(), r); err == nil {
		t.Fatal("it lived")
	}
	w.life.begin(0, false)
	w.cloud.locked = true
	must(t, m.UndoAll(context.Background(), w.take))
	s := w.newest()
	if s.State != snapshot.Broken || len(s.Copies) != 1 || s.Copies[0].Place != "cloud" || !strings.Contains(s.Copies[0].Bad, "could not be deleted") {
		t.Fatalf("%+v", s)
	}
	w.cloud.locked = false
	w.now = w.now.Add(3 * 24 * time.Hour)
	_, _, err := w.do(w.retire(1), w.run("retire", nil))
	must(t, err)
	if s = w.get(s.ID); s.State != snapshot.Deleted {
		t.Errorf("%+v", s)
	}
	w.agree()
}

// A place that seals by itself gets what is not sealed, under a name that says so.
func TestAPlaceThatSealsByItself(t *testing.T) {
	w := newWorld(t)
	w.take.Places = append(w.take.Places, place.Named{Name: "vault", OffSite: true, Place: self{newSpot(t, w.life)}})
	w.verify.Places = w.take.Places
	s := w.taken()
	if len(s.Copies) != 3 || s.Copies[2].Place != "vault" || !strings.HasSuffix(s.Copies[2].Key, ".lines") || s.Copies[2].Recipients[0] != "a repository of its own" {
		t.Errorf("%+v", s.Copies)
	}
	_, m, err := w.do(w.verify, w.run("verify", nil))
	must(t, err)
	if s = w.get(s.ID); !s.Verified() || s.Copies[2].ReadAt.IsZero() {
		t.Error(m.Text())
	}
	w.take.Sealer = nil
	_, _, err = w.do(w.take, w.run("nightly", nil))
	refused(t, err, fault.Unready, "Name the recipients")

	// Alone, they need no sealing.
	w.take.Places = []place.Named{w.take.Places[2], {Name: "second", Place: self{newSpot(t, w.life)}}}
	if s := w.taken(); len(s.Copies) != 2 || s.Copies[0].SHA256 != s.Copies[1].SHA256 {
		t.Errorf("%+v", s.Copies)
	}
}

type self struct{ *spot }

func (self) SealedBy() string { return "a repository of its own" }

func (self) Opening() string { return "repository read KEY" }

func TestPlansOfBackups(t *testing.T) {
	w := newWorld(t)
	lines, err := w.take.Plan(context.Background(), nil)
	must(t, err)
	if got := strings.Join(lines, " "); got != "A backup is taken (lines), and stored at attic and cloud. It is sealed; 2 keys can open it, each alone." {
		t.Error(got)
	}
	_, err = w.verify.Plan(context.Background(), job.Params{})
	refused(t, err, fault.NotFound, "There is no backup of nightly to verify.")
	s := w.taken()
	lines, err = w.verify.Plan(context.Background(), job.Params{backup.ParamSnapshot: itoa(s.ID)})
	must(t, err)
	if !strings.Contains(lines[0], "is read back from cloud") {
		t.Error(lines)
	}
	sweep := w.sweep()
	if lines, err = sweep.Plan(context.Background(), nil); err != nil || !strings.Contains(lines[0], "attic and cloud") {
		t.Error(lines, err)
	}
	res, _, err := w.do(sweep, w.run("sweep", nil))
	if err != nil || res.Said != "0 unfinished files were removed." {
		t.Error(res, err)
	}
}

// Whoever has nothing but a place and a key restores: files are found by what stands beside
// them, and what was changed is refused.
func TestFetch(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	w.taken()
	s := w.taken()
	notes, err := backup.Notes(ctx, w.cloud, "nightly")
	if err != nil || len(notes) != 2 || notes[1].Key != s.Copies[0].Key {
		t.Fatal(notes, err)
	}
	var out bytes.Buffer
	got, err := backup.Fetch(ctx, w.cloud, notes[1].Key, w.verify.Openers[0], &out)
	if err != nil || !got.Checked || got.SHA256 != s.Copies[0].SHA256 || !strings.Contains(out.String(), "line three\n") {
		t.Error(got, err)
	}
	r, _ := jobtest.Run(t, job.About{})
	if proof, err := w.source.Prove(ctx, r, &out, notes[1].Taken()); err != nil || proof.Level != 4 {
		t.Error(proof, err)
	}
	must(t, os.Remove(w.attic.file(s.Copies[0].Key+".json")))
	if got, err = backup.Fetch(ctx, w.attic, s.Copies[0].Key, w.verify.Openers[1], &out); err != nil || got.Checked {
		t.Error(got, err)
	}
	w.cloud.spoil(t, s.Copies[0].Key, func(b []byte) []byte { return b[:len(b)-1] })
	_, err = backup.Fetch(ctx, w.cloud, s.Copies[0].Key, w.verify.Openers[0], &out)
	refused(t, err, fault.Conflict, "Take the copy of another place.")
	_, err = backup.Fetch(ctx, w.cloud, "nightly/none", nil, &out)
	if !errors.Is(err, place.ErrNone) {
		t.Error(err)
	}
}
