package write_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"batsignal/incidents/minutes/corpustest"
	"batsignal/incidents/minutes/write"
)

var update = flag.Bool("update", false, "rewrite the golden files with what is written now")

// TestOurGoldens holds our minutes against files to be read: the story and two meetings
// of the corpus in every format, others as text.
func TestOurGoldens(t *testing.T) {
	for _, f := range write.OurFormats() {
		name := "evening." + f.Ext
		t.Run(name, func(t *testing.T) { ourGolden(t, name, drawn(t, evenings(), f.Ext)) })
	}
	whole := []string{"s01", "s13"}
	text := []string{"s04", "s09", "s11", "s16"}
	for _, m := range corpustest.All(t) {
		short, _, _ := strings.Cut(m.Name, "-")
		for _, f := range write.OurFormats() {
			if !slices.Contains(whole, short) && (f.Ext != "txt" || !slices.Contains(text, short)) {
				continue
			}
			name := m.Name + "." + f.Ext
			t.Run(name, func(t *testing.T) { ourGolden(t, name, drawn(t, oursOf(t, m)[0], f.Ext)) })
		}
	}
}

func ourGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "our", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (-update writes it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("written otherwise than before (-want +got); if that is right, run with -update:\n%s", diff)
	}
}
