package cmd

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	linked = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	quoted = regexp.MustCompile("`([^`\n]+)`")
	folder = regexp.MustCompile(`^(` + strings.Join(floors, "|") + `|docs|scripts|tools|\.ci)/[A-Za-z0-9_./-]*$`)
	aTest  = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z][A-Za-z0-9]*\b`)
	head   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	drops  = regexp.MustCompile(`[^a-z0-9 _-]`)
)

// TestWhatTheTextsNameIsThere follows every link of the documents to a file or a
// heading, and looks for every file and every test that they mention.
func TestWhatTheTextsNameIsThere(t *testing.T) {
	tests := map[string]bool{}
	for _, f := range goFiles(t) {
		if text := read(t, f.path); f.test {
			for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(text, -1) {
				tests[m[1]] = true
			}
		}
	}
	for _, name := range documents(t) {
		text := read(t, name)
		for _, m := range linked.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, heading, _ := strings.Cut(m[1], "#")
			to := name
			if file != "" {
				to = path.Join(path.Dir(name), file)
			}
			if !there(to) {
				t.Errorf("%s links to %s, which is not there", name, to)
			} else if heading != "" && !anchors(read(t, to))[heading] {
				t.Errorf("%s links to a heading %q of %s, which has none", name, heading, to)
			}
		}
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			if folder.MatchString(m[1]) && !there(m[1]) {
				t.Errorf("%s speaks of %s, which is not there", name, m[1])
			}
			for _, called := range aTest.FindAllString(m[1], -1) {
				if !tests[called] {
					t.Errorf("%s speaks of a test %s, which is not there", name, called)
				}
			}
		}
	}
}

// documents lists every Markdown file of the project.
func documents(t *testing.T) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(".."), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if err == nil && path.Ext(name) == ".md" {
			names = append(names, name)
		}
		return err
	})
	if err != nil || len(names) == 0 {
		t.Fatalf("no document found (%v): this test looks in the wrong place", err)
	}
	return names
}

// anchors are the names by which the headings of a document can be linked to.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range head.FindAllStringSubmatch(text, -1) {
		found[strings.ReplaceAll(drops.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return found
}

func there(name string) bool {
	_, err := os.Stat(filepath.Join("..", name))
	return err == nil
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
