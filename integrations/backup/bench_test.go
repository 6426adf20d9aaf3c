package backup_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"batsignal/integrations/backup"
	"batsignal/integrations/backup/backuptest"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/integrations/place"
	"batsignal/migrations/childtest"
	"batsignal/migrations/pgtest"
)

// BenchmarkGigabyte is 1 GB to two places on one disk, sealed for two people; and the same
// sealed by stock age and copied twice, and once, to the same disk.
func BenchmarkGigabyte(b *testing.B) {
	const size = 1 << 30
	keys := []key{newKey(b), newKey(b)}
	source := file{name: filepath.Join(b.TempDir(), "what"), Fake: &backuptest.Fake{}}
	f, err := os.Create(source.name)
	must(b, err)
	block := make([]byte, 1<<20)
	for i := range block {
		block[i] = byte(i * i >> 3)
	}
	for range size / len(block) {
		_, err = f.Write(block)
		must(b, err)
	}
	must(b, f.Sync())
	must(b, f.Close())
	b.Run("two places", func(b *testing.B) {
		b.SetBytes(size)
		for i := range b.N {
			take := &backup.Take{DB: pgtest.Tx(b), Source: source, Sealer: sealFor(b, keys...), Now: jobNow}
			for n := range 2 {
				take.Places = append(take.Places, place.Named{Name: fmt.Sprint("p", n), OffSite: n == 0, Place: newSpot(b, &life{}).Disk})
			}
			r, m := jobtest.Run(b, job.About{ID: int64(i + 1), Job: "nightly"})
			var run int64
			must(b, take.DB.QueryRow(context.Background(), `insert into job_run (job, kind, state, asked_at, asked_words, exclusive) values ('nightly', 'backup', 'queued', now(), 'me', 'x') returning id`).Scan(&run))
			r.ID = run
			if _, err := take.Do(context.Background(), r); err != nil {
				b.Fatal(err, m.Text())
			}
		}
	})
	stock, err := exec.LookPath("age")
	if err != nil {
		childtest.Lacks(b, err)
	}
	for name, script := range map[string]string{
		"age and cp, twice": `"$0" -r "$1" -r "$2" "$3" | tee "$4/a" > "$4/b" && sync "$4/a" "$4/b"`,
		"age and cp, once":  `"$0" -r "$1" -r "$2" "$3" | cp /dev/stdin "$4/a" && sync "$4/a"`,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			for range b.N {
				cmd := exec.Command("sh", "-c", script, stock, keys[0].public, keys[1].public, source.name, b.TempDir()) //nolint:gosec // a test's own
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatal(err, string(out))
				}
			}
		})
	}
}

// file is a source that copies a file.
type file struct {
	name string
	*backuptest.Fake
}

func (s file) Write(_ context.Context, _ *job.Run, w io.Writer) (backup.Taken, error) {
	f, err := os.Open(s.name)
	if err != nil {
		return backup.Taken{}, err
	}
	defer f.Close()
	_, err = io.CopyBuffer(w, struct{ io.Reader }{f}, make([]byte, 256<<10))
	return backup.Taken{}, err
}
