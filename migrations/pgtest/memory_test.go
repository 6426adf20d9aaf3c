package pgtest

import (
	"os"
	"path/filepath"
	"testing"
)

func TestDatabasesAreInMemoryOnlyWhereThereIsEnough(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	if got := runsDir(); got != os.TempDir() {
		t.Errorf("TMPDIR is ignored: %s", got)
	}
	if roomy("/proc") || roomy(filepath.Join(t.TempDir(), "nowhere")) {
		t.Error("what is no memory is taken for it")
	}
	meminfo := filepath.Join(t.TempDir(), "meminfo")
	if err := os.WriteFile(meminfo, []byte("MemTotal:       25165824 kB\nMemFree:          12345 kB\nMemAvailable:    2048 kB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := available(meminfo); got != 2<<20 {
		t.Errorf("%d bytes are available", got)
	}
	if got := available("/dev/null"); got != 0 {
		t.Errorf("%d bytes are available of nothing", got)
	}
}
