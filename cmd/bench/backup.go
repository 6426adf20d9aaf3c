package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/integrations/backup"
	"batsignal/integrations/disk"
	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/integrations/seal"
	"batsignal/integrations/snapshot/retention"
)

// What backups are to be.
const (
	backupSize     = 1 << 30
	leastOfAge     = 0.8 // of the speed of age, with the same copies as durable
	manySnapshots  = 1_000
	mostRetention  = 50 * time.Millisecond
	retentionTries = 200
)

// backups is how fast a backup is sealed into two places on one disk, against stock age and
// tee to the same disk, and how long the rule of retention takes over many snapshots.
func backups(ctx context.Context, b *bench) ([]figure, error) {
	h, err := newHoard(ctx, b)
	if err != nil {
		return nil, err
	}
	defer h.db.Close()
	var ours, twice, once durations
	for i := range b.runs(5, 2) { // in turn, so that a disk that is slow for a while is slow for all
		for _, one := range []struct {
			into *durations
			do   func(context.Context, string) error
		}{
			{&ours, func(ctx context.Context, dir string) error { return h.take(ctx, dir, int64(i+1)) }},
			{&twice, h.script(`age -r "$1" -r "$2" "$3" | tee "$4/a" > "$4/b" && sync "$4/a" "$4/b" "$4"`)},
			{&once, h.script(`age -r "$1" -r "$2" "$3" > "$4/a" && sync "$4/a" "$4"`)},
		} {
			took, err := h.timed(ctx, one.do)
			if err != nil {
				return nil, err
			}
			*one.into = append(*one.into, took)
		}
	}
	share := twice.median().Seconds() / ours.median().Seconds()
	retain, err := retaining()
	if err != nil {
		return nil, err
	}
	speed := func(d durations) string { return fmt.Sprintf("%.0f MB/s", float64(h.size)/1e6/d.median().Seconds()) }
	return []figure{
		{
			what: fmt.Sprintf("a backup of %.1f GB to two places", float64(h.size)/1e9),
			got:  fmt.Sprintf("%s, %.0f %% of age with tee", speed(ours), share*100), aim: fmt.Sprintf("≥ %.0f %%", leastOfAge*100), met: share >= leastOfAge,
			how: fmt.Sprintf("The median of %d backups of a file of random bytes, sealed for two keys of age into two directories of one disk, each copy and its folder flushed, with its SHA-256, notes and rows. "+
				"Beside it, in turn: age for the same keys with tee into two files of that disk, flushed likewise (%s), and age into one file, flushed (%s). The file is in the memory of the system.", len(ours), speed(twice), speed(once)),
		},
		retain,
	}, nil
}

// hoard is what is backed up, and for whom.
type hoard struct {
	dir, file string
	size      int64
	keys      []string
	db        *pgxpool.Pool
}

func newHoard(ctx context.Context, b *bench) (*hoard, error) {
	if _, err := exec.LookPath("age"); err != nil {
		return nil, errors.New("there is no age here to compare with (Debian: apt-get install age)")
	}
	h := &hoard{dir: filepath.Join(b.dir, "backups"), size: backupSize}
	if b.quick {
		h.size /= 8
	}
	h.file = filepath.Join(h.dir, "what")
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		return nil, err
	}
	for range 2 {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, err
		}
		h.keys = append(h.keys, id.Recipient().String())
	}
	f, err := os.Create(h.file)
	if err != nil {
		return nil, err
	}
	_, err = io.CopyN(f, rand.Reader, h.size)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	h.db, err = b.migrated(ctx, slog.New(slog.DiscardHandler))
	return h, err
}

// timed does something with an empty directory, which is removed afterwards.
func (h *hoard) timed(ctx context.Context, do func(context.Context, string) error) (time.Duration, error) {
	dir, err := os.MkdirTemp(h.dir, "to")
	if err != nil {
		return 0, err
	}
	if out, err := exec.CommandContext(ctx, "sync").CombinedOutput(); err != nil { // what others wrote is not ours to wait for
		return 0, fmt.Errorf("sync: %w: %s", err, out)
	}
	begun := time.Now()
	err = do(ctx, dir)
	took := time.Since(begun)
	return took, errors.Join(err, os.RemoveAll(dir))
}

// script is a line of shell with the keys, the file and the directory.
func (h *hoard) script(line string) func(context.Context, string) error {
	return func(ctx context.Context, dir string) error {
		out, err := exec.CommandContext(ctx, "sh", "-c", line, "sh", h.keys[0], h.keys[1], h.file, dir).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w: %s", line, err, out)
		}
		return nil
	}
}

const sqlRunOfBackup = `insert into job_run (job, kind, state, asked_at, asked_words, exclusive) values ('backup-bench', 'backup', 'queued', now(), 'bench', @word) returning id`

// take takes one backup into two places.
func (h *hoard) take(ctx context.Context, dir string, n int64) error {
	sealer, err := seal.NewAge(h.keys)
	if err != nil {
		return err
	}
	t := &backup.Take{DB: h.db, Now: time.Now, Source: oneFile{h.file}, Sealer: sealer}
	for _, name := range []string{"a", "b"} {
		at := filepath.Join(dir, name)
		if err := os.Mkdir(at, 0o700); err != nil {
			return err
		}
		d, err := disk.New(at)
		if err != nil {
			return err
		}
		t.Places = append(t.Places, place.Named{Name: name, OffSite: name == "b", Place: d})
	}
	about := job.About{Job: "backup-bench", AskedAt: time.Now(), Attempt: 1, Params: job.Params{}, ScratchRoot: dir}
	if err := h.db.QueryRow(ctx, sqlRunOfBackup, pgx.NamedArgs{"word": fmt.Sprint("bench", n)}).Scan(&about.ID); err != nil {
		return err
	}
	_, err = t.Do(ctx, job.NewRun(about, silent{}))
	return err
}

// oneFile is a source that is a file.
type oneFile struct{ name string }

func (s oneFile) Write(_ context.Context, _ *job.Run, w io.Writer) (backup.Taken, error) {
	f, err := os.Open(s.name)
	if err != nil {
		return backup.Taken{}, err
	}
	_, err = io.Copy(w, struct{ io.Reader }{f})
	return backup.Taken{At: time.Now()}, errors.Join(err, f.Close())
}

func (oneFile) Prove(context.Context, *job.Run, io.Reader, backup.Taken) (backup.Proof, error) {
	return backup.Proof{}, errors.ErrUnsupported
}

func (oneFile) Suffix() string { return "file" }

func (oneFile) Restoring() string { return "    mv backup.file what\n" }

// silent keeps nothing of a run.
type silent struct{}

func (silent) Log(context.Context, string) {}

func (silent) Progress(int64, int64, string) {}

func (silent) Doing(context.Context, string) {}

func (silent) Say(context.Context, string) error { return nil }

func (silent) Begin(context.Context, job.Step) (int, error) { return 1, nil }

func (silent) Ended(context.Context, int, error) error { return nil }

// retaining is how long the rule takes over many snapshots.
func retaining() (figure, error) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	var items []retention.Item
	for i := range manySnapshots {
		items = append(items, retention.Item{ID: fmt.Sprint(i), At: now.Add(-time.Duration(i) * 8 * time.Hour), Verified: i%3 != 1, Have: 1, Want: 1, Hold: i%97 == 5})
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return figure{}, err
	}
	var took durations
	for range retentionTries {
		begun := time.Now()
		d := retention.Decide(now, zone, retention.Policy{Daily: 7, Weekly: 3, Monthly: 2}, items)
		took = append(took, time.Since(begun))
		if len(d.Delete) == 0 {
			return figure{}, errors.New("the rule deletes nothing of 1,000 snapshots")
		}
	}
	return figure{
		what: "retention for 1,000 snapshots", got: took.list(0.5, 1), aim: fmt.Sprintf("≤ %d ms", mostRetention.Milliseconds()), met: took.most() <= mostRetention,
		how: fmt.Sprintf("%d decisions over 1,000 snapshots of 333 days, in a zone whose clocks change; deciding only, without reading the rows.", retentionTries),
	}, nil
}
