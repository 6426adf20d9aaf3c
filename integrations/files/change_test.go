package files_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents"
	"batsignal/integrations/files"
	"batsignal/integrations/job"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
)

func TestWhatCountsAsAChange(t *testing.T) {
	dir := keys(t)
	s := source(t, files.Config{Paths: []string{dir}, Exclude: []string{"*.log"}, Sentinel: dir + "/sentinel", Now: time.Now})
	sum := func() string {
		t.Helper()
		sum, err := s.Changed(t.Context())
		must(t, err)
		return sum
	}
	first := sum()
	for what, do := range map[string]func(){
		"nothing":          func() {},
		"a backup":         func() { writeOf(t, s) },
		"a touch":          func() { must(t, os.Chtimes(dir+"/ca.key", now, now)) },
		"what is left out": func() { put(t, dir+"/logs/x.log", "more noise") },
	} {
		do()
		if sum() != first {
			t.Errorf("%s is a change", what)
		}
	}
	seen := map[string]string{first: "nothing"}
	for _, c := range []struct {
		what string
		do   func()
	}{
		{"content of the same length", func() { put(t, dir+"/nss/key4.db", "kex") }},
		{"and at once again", func() { put(t, dir+"/nss/key4.db", "key!") }},
		{"rights", func() { must(t, os.Chmod(dir+"/empty", 0o644)) }},
		{"a new file", func() { put(t, dir+"/new", "") }},
		{"a new name", func() { must(t, os.Rename(dir+"/new", dir+"/newer")) }},
		{"a link", func() { must(t, os.Remove(dir+"/current")); must(t, os.Symlink("empty", dir+"/current")) }},
		{"a directory", func() { must(t, os.Mkdir(dir+"/d", 0o755)) }},
		{"a file that goes", func() { must(t, os.Remove(dir+"/ca.key")) }},
	} {
		c.do()
		is := sum()
		if was := seen[is]; was != "" {
			t.Errorf("%s is not seen: as after %s", c.what, was)
		}
		seen[is] = c.what
	}
	again := source(t, files.Config{Paths: []string{dir}, Exclude: []string{"*.log"}, Sentinel: dir + "/sentinel", Now: time.Now})
	if fresh, err := again.Changed(t.Context()); err != nil || fresh != sum() {
		t.Errorf("another process sees %s, %v", fresh, err)
	}
	must(t, os.RemoveAll(dir))
	if _, err := s.Changed(t.Context()); err == nil {
		t.Error("what is gone has no checksum")
	}
}

// What was read is read again only if it looks as if it changed: a gigabyte is not read each
// minute.
func TestWhatWasReadIsNotReadAgain(t *testing.T) {
	dir := t.TempDir()
	put(t, dir+"/big", "x")
	must(t, os.Truncate(dir+"/big", 256<<20))
	s := source(t, files.Config{Paths: []string{dir}, Now: func() time.Time { return time.Now().Add(time.Hour) }})
	begun := time.Now()
	first, err := s.Changed(t.Context())
	must(t, err)
	took := time.Since(begun)
	begun = time.Now()
	for range 10 {
		if again, err := s.Changed(t.Context()); err != nil || again != first {
			t.Fatalf("%s, %v", again, err)
		}
	}
	if ten := time.Since(begun); ten > took {
		t.Errorf("ten times took %s, and the first %s", ten, took)
	}
}

// noKind does nothing: the runs are only asked for.
type noKind struct{}

func (noKind) Plan(context.Context, job.Params) ([]string, error) { return nil, nil }
func (noKind) Do(context.Context, *job.Run) (job.Result, error)   { return job.Result{}, nil }

// world is the engine, and a clock that is moved by hand.
type world struct {
	t     *testing.T
	db    pg.DB
	at    time.Time
	dir   string
	watch []*files.Watcher
}

func newWorld(t *testing.T, processes int) *world {
	pool := pgtest.Fresh(t).Pool
	queue, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	w := &world{t: t, db: pool, at: now, dir: t.TempDir()}
	clock := func() time.Time { return w.at }
	s := &job.Service{DB: w.db, Queue: queue, Log: slog.New(slog.DiscardHandler), Incidents: &incidents.Service{DB: w.db, Queue: queue, Now: clock, Log: slog.New(slog.DiscardHandler)}, Now: clock, Me: "test", Definitions: []job.Definition{{Name: "keys", Summary: "Backs up keys.", Type: "backup", Kind: noKind{}}}}
	put(t, w.dir+"/k", "one")
	for range processes {
		w.watch = append(w.watch, &files.Watcher{DB: w.db, Now: clock, Ask: s.AskIn, Jobs: []files.Watched{{Job: "keys", Source: source(t, files.Config{Paths: []string{w.dir}})}}})
	}
	return w
}

// passes lets time pass, with a look of each process every 15 seconds.
func (w *world) passes(d time.Duration) {
	w.t.Helper()
	for end := w.at.Add(d); !w.at.After(end); w.at = w.at.Add(15 * time.Second) {
		for _, one := range w.watch {
			must(w.t, one.Look(w.t.Context()))
		}
	}
}

func (w *world) asked(want int) {
	w.t.Helper()
	rows, err := w.db.Query(w.t.Context(), "select key from job_run order by id")
	must(w.t, err)
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(w.t, err)
	if len(keys) != want {
		w.t.Errorf("asked for %d times, not %d: %q", len(keys), want, keys)
	}
}

func TestABackupIsAskedForWhenSomethingChangedAndSettled(t *testing.T) {
	w := newWorld(t, 2)
	w.passes(5 * time.Minute)
	w.asked(1)         // there was none yet
	for n := range 8 { // somebody is at it
		put(t, w.dir+"/k", fmt.Sprintf("typing %d", n))
		w.passes(15 * time.Second)
	}
	w.asked(1)
	w.passes(5 * time.Minute)
	w.asked(2)
	w.watch = newProcess(w)
	w.passes(time.Hour)
	w.asked(2)
	put(t, w.dir+"/k", "one") // as it was at first: what is kept last is not that
	w.passes(5 * time.Minute)
	w.asked(3)
}

// newProcess is a process that knows nothing of the ones before.
func newProcess(w *world) []*files.Watcher {
	old := w.watch[0]
	return []*files.Watcher{{DB: old.DB, Now: old.Now, Ask: old.Ask, Jobs: []files.Watched{{Job: "keys", Source: source(w.t, files.Config{Paths: []string{w.dir}})}}}}
}

func TestAJobThatCannotBeLookedAtKeepsNoOtherFromItsTurn(t *testing.T) {
	w := newWorld(t, 1)
	one := w.watch[0]
	one.Jobs = append([]files.Watched{{Job: "gone", Source: source(t, files.Config{Paths: []string{filepath.Join(w.dir, "none")}})}}, one.Jobs...)
	fails(t, one.Look(t.Context()), "whether gone has something new")
	must(t, one.Look(t.Context())) // it is not looked at each time
	for range 8 {
		w.at = w.at.Add(15 * time.Second)
		_ = one.Look(t.Context())
	}
	w.asked(1)
	refused := errors.New("nothing is done now")
	one.Ask = func(context.Context, pgx.Tx, job.Ask) (job.Row, error) { return job.Row{}, refused }
	put(t, w.dir+"/k", "two")
	var told error
	for range 20 {
		w.at = w.at.Add(15 * time.Second)
		if err := one.Look(t.Context()); err != nil && strings.Contains(err.Error(), "keys") {
			told = err
		}
	}
	if !errors.Is(told, refused) {
		t.Errorf("%v", told)
	}
}
