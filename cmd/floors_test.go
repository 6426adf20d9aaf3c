// Package cmd holds the tests of the house as a whole: who may import whom, and
// who may look at a secret. The programs are in the folders below.
package cmd

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "batsignal"

// floors are the top-level folders, the lowest first. A package imports its own
// folder and lower floors, nothing else.
var floors = []string{"migrations", "oncall", "incidents", "integrations", "bot", "web", "cmd"}

// onlyOn names libraries that belong to one place, so that the rest of the house
// does not come to depend on them. The key is an import path or the beginning of one.
var onlyOn = map[string][]string{
	"github.com/spf13/":                    {"cmd"},
	"github.com/go-viper/":                 {"cmd"},
	"go.yaml.in/":                          {"cmd", "oncall/rosterfile", "oncall/component", "oncall/tree", "incidents/runbook/book"},
	"github.com/robfig/cron":               {"integrations/job/cron"},
	"github.com/pkg/sftp":                  {"integrations/sftp"},
	"golang.org/x/crypto/ssh":              {"integrations/sftp", "integrations/seal"},
	"github.com/lmittmann/tint":            {"cmd"},
	"github.com/lrstanley/girc":            {"bot/irc"},
	"github.com/PagerDuty/":                {"integrations/pagerduty"},
	"github.com/emersion/go-imap":          {"integrations/inbox"},
	"github.com/slack-go/":                 {"bot/slack"},
	"github.com/go-chi/":                   {"web"},
	"github.com/coreos/go-oidc/":           {"web"},
	"golang.org/x/oauth2":                  {"web"},
	"github.com/go-webauthn/":              {"web"},
	"html/template":                        {"web", "integrations/mail"},
	"filippo.io/age":                       {"oncall/custody", "oncall/share", "integrations/seal"},
	"golang.org/x/mod":                     {"oncall/ledger"},
	"crypto/hpke":                          {"oncall/escrow"},
	"golang.org/x/crypto/chacha20poly1305": {"oncall/escrow"},
	"github.com/pressly/goose":             {"migrations"},
	"github.com/wneessen/go-mail":          {"integrations/mail"},
	"github.com/prometheus/":               {"web", "cmd"},
	"testing":                              {}, // tests, and packages that exist for them
	"github.com/aws/":                      {"integrations/s3"},
	"github.com/chromedp/":                 {},
	"github.com/arran4/golang-ical":        {}, // a second reader of our calendars
	"github.com/descope/":                  {}, // passkeys of a device that is not there
	"github.com/oauth2-proxy/":             {},
	"github.com/emersion/go-smtp":          {},
	"github.com/gorilla/":                  {}, // the fake's side of a websocket
	"github.com/google/go-cmp":             {},
	"pgregory.net/rapid":                   {},
	"go.uber.org/goleak":                   {},
}

// forTests tells whether only tests may import a package: real servers with
// people who say and expect, a database for each test, fakes with a memory. Its
// name says so.
func forTests(folder string) bool {
	name := path.Base(folder)
	return strings.HasSuffix(name, "test") || strings.HasSuffix(name, "fake") || name == "sqlcheck" ||
		folder == "cmd/bench" // measures on the same servers; never shipped
}

func TestEveryImportGoesDownward(t *testing.T) {
	for _, f := range goFiles(t) {
		from := floorOf(f.folder)
		if from < 0 {
			t.Errorf("%s: %q is no floor; the floors are %s", f.path, top(f.folder), strings.Join(floors, ", "))
			continue
		}
		for _, imported := range f.imports {
			folder, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				continue
			}
			if to := floorOf(folder); to > from {
				t.Errorf("%s imports %s: %s is floor %d, %s is floor %d, and imports go down", f.path, folder, top(f.folder), from, top(folder), to)
			}
			if forTests(folder) && !f.test && !forTests(f.folder) {
				t.Errorf("%s imports %s, which is for tests only", f.path, folder)
			}
		}
	}
}

func TestLibrariesStayWhereTheyBelong(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test || forTests(f.folder) {
			continue
		}
		for _, imported := range f.imports {
			for library, places := range onlyOn {
				if imported != library && !(strings.Contains(library, "/") && strings.HasPrefix(imported, library)) {
					continue
				}
				if !slices.ContainsFunc(places, func(p string) bool { return within(f.folder, p) }) {
					t.Errorf("%s imports %s, which belongs to: %s", f.path, imported, strings.Join(append(slices.Clone(places), "tests"), ", "))
				}
			}
		}
	}
}

// The compiler refuses circles, but only among the files that it builds for one
// system. This looks at all of them.
func TestNoImportCircles(t *testing.T) {
	imports := map[string]map[string]bool{}
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		for _, imported := range f.imports {
			if folder, ours := strings.CutPrefix(imported, module+"/"); ours {
				if imports[f.folder] == nil {
					imports[f.folder] = map[string]bool{}
				}
				imports[f.folder][folder] = true
			}
		}
	}
	done := map[string]bool{}
	var visit func(folder string, way []string)
	visit = func(folder string, way []string) {
		if at := slices.Index(way, folder); at >= 0 {
			t.Errorf("a circle: %s", strings.Join(append(way[at:], folder), " imports "))
			return
		}
		if done[folder] {
			return
		}
		for _, next := range slices.Sorted(maps.Keys(imports[folder])) {
			visit(next, append(slices.Clone(way), folder))
		}
		done[folder] = true
	}
	for _, folder := range slices.Sorted(maps.Keys(imports)) {
		visit(folder, nil)
	}
}

// Below cmd nobody reads the environment, the command line, or waits for init.
func TestOnlyCmdReadsTheEnvironment(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test || top(f.folder) == "cmd" || forTests(f.folder) {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", f.path))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			code, _, _ := strings.Cut(line, "//")
			for _, call := range []string{"os.Getenv(", "os.LookupEnv(", "os.Environ(", "os.ExpandEnv(", "os.Args", "flag.Parse("} {
				if strings.Contains(code, call) {
					t.Errorf("%s:%d uses %s) but only cmd reads the environment and the command line", f.path, i+1, call)
				}
			}
			if strings.HasPrefix(code, "func init()") {
				t.Errorf("%s:%d has an init(): nothing here runs before main", f.path, i+1)
			}
		}
	}
}

type goFile struct {
	path, folder string // from the module's root, with slashes
	test         bool
	imports      []string
}

// goFiles parses the imports of every Go file of the module.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := fs.WalkDir(os.DirFS(".."), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || isModule(name)):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", name), nil, parser.ImportsOnly)
		if err != nil {
			return fmt.Errorf("parse %s: %w", name, err)
		}
		f := goFile{path: name, folder: path.Dir(name), test: strings.HasSuffix(name, "_test.go")}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, imported)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no Go file found: this test looks in the wrong place")
	}
	return files
}

// isModule tells whether a folder is a module of its own, such as tools.
func isModule(name string) bool {
	_, err := os.Stat(filepath.Join("..", name, "go.mod"))
	return err == nil
}

func top(folder string) string {
	first, _, _ := strings.Cut(folder, "/")
	return first
}

func floorOf(folder string) int { return slices.Index(floors, top(folder)) }

func within(folder, place string) bool {
	return folder == place || strings.HasPrefix(folder, place+"/")
}
