package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"batsignal/migrations/pgtest"
)

// TestListsOfComponents imports from a file and from an address, and looks after what
// came of it.
func TestListsOfComponents(t *testing.T) {
	alone(t)
	db := pgtest.Fresh(t)
	dir := t.TempDir()
	owners := writeFile(t, dir, "owners.yaml", "openssl: [maria]\nbash: [jan, maria]\n", 0o644)
	config := writeFile(t, dir, "batsignal.yaml", fmt.Sprintf(`database: {url: %q}
log: {level: warn}
components:
  allow_networks: [127.0.0.0/8]
  sources: [{name: nightly, file: %q, every: 12h}]
`, db.BotDSN, owners), 0o600)
	run := func(args ...string) (int, string, string) {
		return cli(t, append([]string{"components", "--config", config}, args...)...)
	}
	say := func(want string, args ...string) {
		t.Helper()
		if status, stdout, stderr := run(args...); status != exitOK || !strings.Contains(stdout, want) {
			t.Errorf("%v: status %d, %s%s, want %s", args, status, stdout, stderr, want)
		}
	}
	refuse := func(status int, want string, args ...string) {
		t.Helper()
		if got, stdout, stderr := run(args...); got != status || !strings.Contains(stderr, want) {
			t.Errorf("%v: status %d, %s%s, want %s", args, got, stdout, stderr, want)
		}
	}
	say("2 components with 3 owners: 3 added, 0 changed, 0 removed, 0 as before. 2 names mean nobody here: jan and maria.", "import", owners, "--source", "team")
	say("3 as before", "import", owners, "--source", "team")

	list := `{"openssl": ["li"]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(list)) }))
	t.Cleanup(server.Close)
	say("1 component with 1 owner: 1 added", "import", server.URL+"/owners.json", "--source", "fedora")
	say("nightly  0 components  never read, again ", "sources")
	say("fedora   1 component   read ", "sources")

	refuse(exitUsage, "--source NAME", "import", owners)
	refuse(exitUsage, "cannot be read", "import", dir+"/none.csv", "--source", "team")
	refuse(exitUsage, "Line 2: write component,owner", "import", writeFile(t, dir, "bad.csv", "openssl,maria\nbash\n", 0o644), "--source", "team")
	refuse(exitFailed, "network that lists are not fetched from", "import", "https://[::1]/owners.json", "--source", "fedora")
	say("What fedora alone said is forgotten.", "forget", "fedora")
	refuse(exitFailed, "There is no list called fedora.", "forget", "fedora")
}

func TestListsThatCannotWork(t *testing.T) {
	alone(t)
	_, err := loadText(t, `
components:
  rooms: [{network: libera, room: ""}]
  sources:
  - {name: Big Name, file: owners.csv}
  - {name: a, url: "ftp://example.org/x"}
  - {name: a, file: /x, url: "https://example.org/x"}
  - {name: b, url: "https://u:p@example.org/x", every: 1s}
`)
	if err == nil {
		t.Fatal("it is taken")
	}
	for _, want := range []string{
		"components.rooms[0].network", "components.rooms[0].room", "components.sources[0].name", "components.sources[0].file",
		"components.sources[1].url", "components.sources[2].name", "components.sources[2].file", "components.sources[3].url", "components.sources[3].every",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not complained of in:\n%v", want, err)
		}
	}
}
