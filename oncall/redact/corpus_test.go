package redact_test

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"batsignal/oncall/redact"
)

// Thousands of lines of meetings of real projects hold no secret.
func TestOrdinaryTalkHoldsNone(t *testing.T) {
	lines := 0
	for _, root := range []string{"../../incidents/minutes/testdata/corpus", "../../../shared/meetbot"} {
		if _, err := os.Stat(root); err == nil { // the second one is not on every machine
			lines += noneIn(t, root)
		}
	}
	if lines < 1000 {
		t.Errorf("only %d lines", lines)
	}
}

func noneIn(t *testing.T, root string) (lines int) {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".txt") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); lines++ {
			if what, found := redact.Find(s.Text()); found {
				t.Errorf("%s: %q is said to hold %s", path, s.Text(), what)
			}
			if got := redact.Text(s.Text()); got != s.Text() {
				t.Errorf("%s: %q became %q", path, s.Text(), got)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return lines
}
