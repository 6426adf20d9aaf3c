package backup_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"batsignal/integrations/backup"
	"batsignal/integrations/backup/backuptest"
	"batsignal/integrations/disk"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/integrations/place"
	"batsignal/integrations/seal"
	"batsignal/integrations/snapshot"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/fault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var start = time.Date(2026, 11, 29, 2, 30, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a job of backups with two disks, of which one is off-site, and two keys.
type world struct {
	*testing.T
	db     pg.DB
	now    time.Time
	source *backuptest.Fake
	attic  *spot
	cloud  *spot
	keys   []key
	take   *backup.Take
	verify *backup.Verify
	life   *life
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, db: pgtest.Tx(t), now: start, life: &life{}}
	w.source = &backuptest.Fake{Lines: []string{"one", "two", "three"}, Bulk: 300 << 10, Plants: true}
	w.attic, w.cloud = newSpot(t, w.life), newSpot(t, w.life)
	w.keys = []key{newKey(t), newKey(t)}
	openers := []seal.Opener{w.keys[0].opener, w.keys[1].opener}
	places := []place.Named{{Name: "attic", Place: w.attic}, {Name: "cloud", OffSite: true, Place: w.cloud}}
	now := func() time.Time { w.now = w.now.Add(time.Second); return w.now }
	db := mortal{w.db, w.life}
	w.take = &backup.Take{DB: db, Now: now, Source: w.source, Sealer: sealFor(t, w.keys...), Places: places}
	w.verify = &backup.Verify{DB: db, Now: now, Of: "nightly", Source: w.source, Openers: openers, Places: places}
	return w
}

// run makes the row of a run; the engine does that, elsewhere.
func (w *world) run(name string, params job.Params) job.About {
	w.Helper()
	w.now = w.now.Add(time.Minute)
	a := job.About{Job: name, AskedAt: w.now, Params: params, Attempt: 1, ScratchRoot: w.TempDir()}
	must(w, w.db.QueryRow(context.Background(), `insert into job_run (job, kind, state, asked_at, asked_words, exclusive, started_at, leased_until, leased_by)
		values ($1, 'backup', 'running', $2, 'a schedule', 'x' || random(), $2, $2, 'me') returning id`, name, w.now).Scan(&a.ID))
	return a
}

// do does a run as the engine does: what it leaves is taken back, however it ends.
func (w *world) do(k job.Kind, a job.About) (job.Result, *jobtest.Memory, error) {
	w.Helper()
	r, m := jobtest.Run(w, a)
	res, err := k.Do(context.Background(), r)
	must(w, m.UndoAll(context.Background(), k))
	if left, rerr := os.ReadDir(a.ScratchRoot); rerr != nil || len(left) > 0 {
		w.Errorf("%v is left (%v)", left, rerr)
	}
	return res, m, err
}

// taken is a backup that was taken well.
func (w *world) taken() snapshot.Snapshot {
	w.Helper()
	_, m, err := w.do(w.take, w.run("nightly", nil))
	if err != nil {
		w.Fatal(err, m.Text())
	}
	return w.newest()
}

func (w *world) newest() snapshot.Snapshot {
	w.Helper()
	list := w.list()
	if len(list) == 0 {
		w.Fatal("there is no snapshot")
	}
	return list[0]
}

func (w *world) list(states ...snapshot.State) []snapshot.Snapshot {
	w.Helper()
	list, err := snapshot.List(context.Background(), w.db, snapshot.Query{Job: "nightly", States: states})
	must(w, err)
	return list
}

func (w *world) get(id int64) snapshot.Snapshot {
	w.Helper()
	s, err := snapshot.Get(context.Background(), w.db, id)
	must(w, err)
	return s
}

func (w *world) verified() (job.Result, error) {
	w.Helper()
	res, _, err := w.do(w.verify, w.run("verify", nil))
	return res, err
}

// agree sees that the catalogue and the places say the same, and that no half thing is left:
// each file is of a copy that is noted, whole, and with what stands beside it.
func (w *world) agree() {
	w.Helper()
	noted, there := map[string]snapshot.Copy{}, map[string]bool{}
	for _, s := range w.list() {
		for _, c := range s.Copies {
			if c.GoneAt.IsZero() {
				noted[c.Place+" "+c.Key] = c
			}
		}
		if s.State == snapshot.Taking || s.State == snapshot.Deleting {
			w.Errorf("snapshot %d is %s", s.ID, s.State)
		}
	}
	for name, p := range map[string]*spot{"attic": w.attic, "cloud": w.cloud} {
		files, err := p.Disk.List(context.Background(), "")
		must(w, err)
		for _, f := range files {
			key := strings.TrimSuffix(strings.TrimSuffix(f.Key, ".json"), ".txt")
			c, ok := noted[name+" "+key]
			if !ok {
				w.Errorf("%s at %s is not noted", f.Key, name)
			}
			if f.Key == key {
				there[name+" "+key] = true
				if f.Size != c.Size {
					w.Errorf("%s at %s has %d bytes, noted are %d", key, name, f.Size, c.Size)
				}
			} else if !slices.ContainsFunc(files, func(g place.File) bool { return g.Key == key }) {
				w.Errorf("%s at %s stands beside nothing", f.Key, name)
			}
		}
	}
	for key, c := range noted {
		if there[key] || strings.Contains(c.Bad, "could not be deleted") { // it may have been there
			continue
		}
		w.Errorf("%s is noted, but not there", key)
	}
}

func refused(t testing.TB, err error, kind fault.Kind, says string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind || !strings.Contains(fault.Say(err), says) {
		t.Errorf("%v (%s), want %s: %s", err, fault.KindOf(err), kind, says)
	}
}

// life ends after so many deeds of a process: then nothing reaches the world any more.
type life struct {
	mu    sync.Mutex
	left  int // 0 does not end
	deeds int
	dead  bool
	after bool // the last deed is still done, but nobody hears of it
}

var errDead = errors.New("the process is dead")

// deed tells whether one may be done, and whether its end is heard of.
func (l *life) deed() (may, heard bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return false, false
	}
	l.deeds++
	if l.deeds == l.left {
		l.dead = true
		return l.after, false
	}
	return true, true
}

// begin begins a life of so many deeds.
func (l *life) begin(left int, after bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left, l.deeds, l.dead, l.after = left, 0, false, after
}

func do[T any](l *life, what func() (T, error)) (T, error) {
	may, heard := l.deed()
	var none T
	if !may {
		return none, errDead
	}
	got, err := what()
	if !heard {
		return none, errDead
	}
	return got, err
}

// spot is a disk that can be locked, that can fail, and whose life can end.
type spot struct {
	*disk.Disk
	dir    string
	life   *life
	fails  error
	hangs  bool
	locked bool
}

func newSpot(t testing.TB, l *life) *spot {
	t.Helper()
	dir := t.TempDir()
	d, err := disk.New(dir)
	must(t, err)
	return &spot{Disk: d, dir: dir, life: l}
}

func (s *spot) Put(ctx context.Context, key string, r io.Reader, size int64) (place.Kept, error) {
	if s.fails != nil {
		_, _ = io.ReadFull(r, make([]byte, 1000)) // it began
		return place.Kept{}, s.fails
	}
	if s.hangs {
		<-ctx.Done()
		return place.Kept{}, context.Cause(ctx)
	}
	return do(s.life, func() (place.Kept, error) { return s.Disk.Put(ctx, key, r, size) })
}

func (s *spot) Delete(ctx context.Context, key string) error {
	switch {
	case s.fails != nil:
		return s.fails
	case s.locked:
		return place.Locked(key)
	}
	_, err := do(s.life, func() (struct{}, error) { return struct{}{}, s.Disk.Delete(ctx, key) })
	return err
}

func (s *spot) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	if s.fails != nil {
		return nil, s.fails
	}
	return do(s.life, func() (io.ReadCloser, error) { return s.Disk.Get(ctx, key) })
}

// file is where a file of the place is.
func (s *spot) file(key string) string { return filepath.Join(s.dir, key) }

// spoil changes a file behind the back of the place.
func (s *spot) spoil(t testing.TB, key string, how func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(s.file(key))
	must(t, err)
	must(t, os.WriteFile(s.file(key), how(b), 0o600))
}

// newKey makes a key as age-keygen does, in a file of one's own.
func newKey(t testing.TB) key {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	must(t, err)
	k := key{file: filepath.Join(t.TempDir(), "key"), public: id.Recipient().String()}
	must(t, os.WriteFile(k.file, []byte(id.String()+"\n"), 0o600))
	k.opener, err = seal.NewAgeOpener(k.file)
	must(t, err)
	return k
}

type key struct {
	file, public string
	opener       seal.Opener
}

// sealFor seals for keys.
func sealFor(t testing.TB, keys ...key) seal.Sealer {
	t.Helper()
	var to []string
	for _, k := range keys {
		to = append(to, k.public)
	}
	s, err := seal.NewAge(to)
	must(t, err)
	return s
}
