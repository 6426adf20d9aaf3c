package disk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"batsignal/integrations/disk"
	"batsignal/integrations/place"
	"batsignal/integrations/place/placetest"
	"batsignal/migrations/childtest"
	"batsignal/oncall/fault"
)

func TestMain(m *testing.M) {
	placetest.Main(m, func(dir string) (place.Place, error) { return disk.New(dir) })
}

func open(t testing.TB, dir string) *disk.Disk {
	t.Helper()
	d, err := disk.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// things is how much there is below a directory.
func things(t testing.TB, dir string) (n int) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(string, fs.DirEntry, error) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n - 1
}

func TestADirectoryIsAPlace(t *testing.T) {
	dir := t.TempDir()
	placetest.All(t, open(t, dir))
	if n := things(t, dir); n != 0 {
		t.Errorf("%d things are left", n)
	}
}

func TestAKillLeavesNothingAfterASweep(t *testing.T) {
	dir := t.TempDir()
	placetest.Killed(t, open(t, dir), dir, func() int { return things(t, dir) })
	if n := things(t, dir); n != 0 {
		t.Errorf("%d things are left", n)
	}
}

// What is being written is not swept, however long nothing came.
func TestASweepLeavesWhatIsStillBeingWritten(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	r, w := io.Pipe()
	put := make(chan error, 1)
	go func() {
		_, err := d.Put(t.Context(), "a/b", r, -1)
		put <- err
	}()
	if _, err := io.WriteString(w, "hello"); err != nil { // it reads, so the file has begun
		t.Fatal(err)
	}
	if n, err := d.Sweep(t.Context(), time.Now().Add(time.Hour)); n != 0 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if files, err := d.List(t.Context(), ""); len(files) != 0 || err != nil {
		t.Errorf("%v, %v", files, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-put; err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "a", "b")); string(text) != "hello" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

func TestNobodyElseReadsIt(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := t.TempDir()
	if _, err := open(t, dir).Put(t.Context(), "a/b/c", strings.NewReader("x"), 1); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"a": 0o700, "a/b": 0o700, "a/b/c": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// Links that somebody put there lead nowhere outside, and what is no file is none.
func TestLinksLeadNowhere(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "x"), []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"folder": outside, "file": filepath.Join(outside, "x"), "up": "../" + filepath.Base(outside)} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := open(t, dir)
	for _, key := range []string{"folder/x", "up/x", "folder/new", "up/new"} {
		if r, err := d.Get(t.Context(), key); err == nil {
			t.Errorf("%s is read: %v", key, r)
		}
		if _, err := d.Put(t.Context(), key, strings.NewReader("ours"), -1); err == nil || strings.Contains(fault.Say(err), dir) {
			t.Errorf("%s is written: %v", key, err)
		}
		_ = d.Delete(t.Context(), key) // what counts is below
	}
	if _, err := d.Get(t.Context(), "fifo"); !errors.Is(err, place.ErrNone) {
		t.Errorf("%v", err)
	}
	if files, err := d.List(t.Context(), ""); len(files) != 0 || err != nil {
		t.Errorf("%v, %v", files, err)
	}
	// A link in the place of a file is replaced, and what it led to stays.
	if _, err := d.Put(t.Context(), "file", strings.NewReader("ours"), -1); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(outside, "x")); string(text) != "theirs" || err != nil || things(t, outside) != 1 {
		t.Errorf("%q, %v", text, err)
	}
}

func TestWhatPeopleAreTold(t *testing.T) {
	for _, dir := range []string{"", "relative", "/", "/x/.."} {
		if _, err := disk.New(dir); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", dir, err)
		}
	}
	away := open(t, filepath.Join(t.TempDir(), "away"))
	for name, err := range map[string]error{
		"check": away.Check(t.Context()), "delete": away.Delete(t.Context(), "x"),
		"put": func() error { _, err := away.Put(t.Context(), "x", strings.NewReader(""), 0); return err }(),
		"get": func() error { _, err := away.Get(t.Context(), "x"); return err }(),
	} {
		if fault.KindOf(err) != fault.Unready || !strings.Contains(fault.Say(err), "Mount") || errors.Is(err, place.ErrNone) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := open(t, t.TempDir())
	if _, err := d.Put(t.Context(), "a/b", strings.NewReader(""), 0); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "a/b/c"} {
		if _, err := d.Put(t.Context(), key, strings.NewReader(""), 0); fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s: %v", key, err)
		}
	}
	if err := d.Delete(t.Context(), "a"); err != nil { // a folder is no file
		t.Error(err)
	}
	if files, err := d.List(t.Context(), "a"); len(files) != 1 || err != nil {
		t.Errorf("%v, %v", files, err)
	}
}

// A full disk keeps what was there, and says so: at once where the size is known.
func TestAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m,mode=700"); err != nil {
		childtest.Lacks(t, fmt.Errorf("mounting needs root: %w", err))
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	d := open(t, dir)
	if _, err := d.Put(t.Context(), "a", strings.NewReader("old"), -1); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{-1, 3 << 20} {
		read := 0
		r := io.TeeReader(strings.NewReader(string(placetest.Random(3<<20))), counts{&read})
		if _, err := d.Put(t.Context(), "a", r, size); fault.KindOf(err) != fault.Limited {
			t.Errorf("%v", err)
		}
		if size > 0 && read > 0 {
			t.Errorf("%d bytes were read first", read)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "a")); string(text) != "old" || err != nil || things(t, dir) != 1 {
		t.Errorf("%q, %v, %d things", text, err, things(t, dir))
	}
}

type counts struct{ n *int }

func (c counts) Write(b []byte) (int, error) { *c.n += len(b); return len(b), nil }

// BenchmarkPut is of a gigabyte, which is written to the disk when it ends.
func BenchmarkPut(b *testing.B) {
	d, err := disk.New(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	chunk := placetest.Random(1 << 20)
	b.SetBytes(1 << 30)
	for b.Loop() {
		left := 1 << 10
		r := readerFunc(func(to []byte) (int, error) {
			if left == 0 {
				return 0, io.EOF
			}
			left--
			return copy(to, chunk), nil
		})
		if _, err := d.Put(context.Background(), "x", r, -1); err != nil {
			b.Fatal(err)
		}
	}
}

type readerFunc func(b []byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
