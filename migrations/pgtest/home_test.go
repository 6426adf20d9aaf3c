package pgtest

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestSweepRemovesWhatDeadTestsLeft(t *testing.T) {
	base := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{
		"r-dead": 0, "r-alive": 48 * time.Hour, "t-current": 48 * time.Hour, "t-recent": time.Hour, "t-forgotten": 48 * time.Hour,
	} {
		dir := filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	alive, err := lockFile(filepath.Join(base, "r-alive", "alive"), syscall.LOCK_EX)
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()

	sweep(base, "t-current")

	entries, err := os.ReadDir(base)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{"r-alive", "t-current", "t-recent"}; !slices.Equal(left, want) {
		t.Errorf("left %v, want %v", left, want)
	}
}

func TestSafeDirRefusesSomebodyElses(t *testing.T) {
	parent := t.TempDir()
	link := filepath.Join(parent, "link")
	if err := os.Symlink(parent, link); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(parent, "open")
	if err := os.Mkdir(open, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{link, open} {
		if err := safeDir(dir); err == nil {
			t.Errorf("%s was taken", filepath.Base(dir))
		}
	}
	if err := safeDir(filepath.Join(parent, "new")); err != nil {
		t.Error(err)
	}
}
