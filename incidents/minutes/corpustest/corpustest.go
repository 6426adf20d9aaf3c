// Package corpustest owns the meetings that tests hold the machine against: logs, and what
// the peers made of them. Those that may be copied are in the project; the others are
// used where they are found beside it.
package corpustest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Meeting is one log of the corpus.
type Meeting struct {
	Name      string
	Room      string `json:"channel"`
	Day       string `json:"date"`
	URL       string `json:"url_base"` // address without extension; a bare name if it was not published
	Published bool

	dir string
}

// Log is the text of the log.
func (m Meeting) Log(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, "logs", m.Name+".log.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Date is the day of the log's first line.
func (m Meeting) Date(t testing.TB) time.Time {
	t.Helper()
	day, err := time.Parse(time.DateOnly, m.Day)
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// Golden is what a dialect's bot wrote, or said for "replies". ok is false where there
// is nothing to be held against: no such file, or one that is known to be wrong.
func (m Meeting) Golden(dialect, ext string) (text string, ok bool) {
	name := dialect + "/" + m.Name + "." + ext
	bad, _ := os.ReadFile(filepath.Join(m.dir, "known-bad.txt"))
	for line := range strings.Lines(string(bad)) {
		if strings.TrimSpace(line) == name {
			return "", false
		}
	}
	golden, err := os.ReadFile(filepath.Join(m.dir, "golden", name))
	return string(golden), err == nil
}

// All are all meetings that are here: those of the project always, and those beside
// it where there are any. Their absence is said loudly.
func All(t testing.TB) []Meeting {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	minutes := filepath.Dir(filepath.Dir(here))
	list := read(t, filepath.Join(minutes, "testdata", "corpus"))
	if len(list) < 16 {
		t.Fatalf("the project's own corpus has %d meetings, want 16", len(list))
	}
	beside := filepath.Join(minutes, "..", "..", "..", "shared", "meetbot")
	if _, err := os.Stat(filepath.Join(beside, "MANIFEST.json")); err != nil {
		t.Logf("NOT RUN: the published meetings are not beside the project (%s), so only the project's own %d are held against the peers", beside, len(list))
		return list
	}
	return read(t, beside)
}

func read(t testing.TB, dir string) (list []Meeting) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "MANIFEST.json"))
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		list[i].dir = dir
	}
	return list
}
