package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"batsignal/migrations/pgtest"
)

// archiveTree is what a MeetBot wrote: two rooms, some logs that hold nothing, and files
// that are no logs.
func archiveTree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for below, text := range map[string]string{
		"ops/2026/ops.2026-11-20-09.00.log.txt": shortLog,
		"ops/2026/ops.2026-11-20-09.00.html":    "<p>",
		"ops/2026/ops.2026-11-21-09.00.log.txt": shortLog + "10:00 <anna> #startmeeting Second\n10:01 <anna> #restrictlogs\n",
		"dev/2026/dev.2026-11-20-09.00.log.txt": strings.Replace(shortLog, "Weekly", "\x1b[2JHostile", 1),
		"dev/2026/dev.2026-11-22-09.00.log.txt": "09:00 <anna> no meeting\n",
		"dev/old.log.txt":                       shortLog, // of no day
		"README":                                "hello",
	} {
		file := filepath.Join(root, below)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Dir(file), filepath.Base(file), text, 0o644)
	}
	return root
}

// TestAnArchiveIsImportedOnce imports, lists, shows and writes.
func TestAnArchiveIsImportedOnce(t *testing.T) {
	alone(t)
	db := pgtest.Fresh(t)
	config := writeFile(t, t.TempDir(), "batsignal.yaml", fmt.Sprintf("database: {url: %q}\nlog: {level: warn}\n", db.BotDSN), 0o600)
	run := func(args ...string) (int, string, string) {
		return cli(t, append([]string{"minutes", "--config", config}, args...)...)
	}
	if status, stdout, _ := run("list"); status != exitOK || !strings.HasPrefix(stdout, "There are no meetings yet.") {
		t.Errorf("the list is %s", stdout)
	}
	root := archiveTree(t)

	status, stdout, stderr := run("import", "--network", "libera", root)
	if want := "4 meetings imported from 5 logs; 0 held nothing new, 2 skipped.\n"; status != exitOK || stdout != want {
		t.Errorf("status %d, %s, want %s", status, stdout, want)
	}
	for _, want := range []string{
		"skipped: There is no #startmeeting in " + root + "/dev/2026/dev.2026-11-22-09.00.log.txt.\n",
		"skipped: " + root + "/dev/old.log.txt does not say of which day it is, and neither does its name. Say --date 2026-11-22.\n",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%s\ndoes not say %s", stderr, want)
		}
	}
	// Again, from above and from within.
	for _, arg := range []string{root, filepath.Join(root, "ops"), filepath.Join(root, "ops", "2026"), filepath.Join(root, "ops/2026/ops.2026-11-21-09.00.log.txt")} {
		if status, stdout, _ := run("import", "--network", "libera", arg); status != exitOK || !strings.HasPrefix(stdout, "0 meetings imported from ") {
			t.Errorf("%s again: status %d, %s", arg, status, stdout)
		}
	}

	_, stdout, _ = run("list")
	for _, want := range []string{
		"id  started (UTC)     lines  title          path\n", "#ops: Second", "restricted, imported", "#dev: Hostile", "ops/2026/ops.2026-11-21-09.00.m2",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the list has no %q:\n%s", want, stdout)
		}
	}
	if strings.Contains(stdout, "\x1b") || strings.Count(stdout, "\n") != 5 {
		t.Errorf("the list is\n%q", stdout)
	}
	if _, stdout, _ = run("list", "--room", "dev", "--most", "5"); strings.Count(stdout, "\n") != 2 {
		t.Errorf("of one room:\n%s", stdout)
	}

	status, stdout, stderr = run("show", "ops/2026/ops.2026-11-20-09.00", "--format", "md")
	if status != exitOK || !strings.Contains(stdout, "bert tests it") {
		t.Errorf("status %d: %s%s", status, stdout, stderr)
	}
	out := t.TempDir()
	if status, stdout, stderr = run("write", "ops/2026/ops.2026-11-20-09.00", "--out", out, "--format", "md,html"); status != exitOK || stdout != "ops/2026/ops.2026-11-20-09.00: #ops: Weekly\n" {
		t.Errorf("status %d: %s%s", status, stdout, stderr)
	}
	if texts, _ := filesBelow(t, out); len(texts) != 2 || !strings.Contains(texts["ops/2026/ops.2026-11-20-09.00.md"], "bert tests it") {
		t.Errorf("there are %q", texts)
	}

	for _, c := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{"show", "999"}, exitFailed, "There is no meeting 999."},
		{[]string{"show", "ops/nothing"}, exitFailed, `There is no meeting "ops/nothing". batsignal minutes list shows`},
		{[]string{"show", "1", "--format", "all"}, exitUsage, "One file can be shown at a time."},
		{[]string{"show", "1", "--format", "pdf"}, exitUsage, `There is no format "pdf"`},
		{[]string{"write", "1"}, exitUsage, "Where to?"},
		{[]string{"write", "1", "--out", "/proc/batsignal"}, exitFailed, "The files cannot be written to /proc/batsignal: "},
		{[]string{"import", "/nowhere"}, exitUsage, "/nowhere cannot be read: no such file or directory."},
		{[]string{"import", out}, exitUsage, "There is no log below " + out + ": no file there has a name that ends in .log.txt."},
		{[]string{"import", "--network", "libera", filepath.Join(root, "dev/old.log.txt")}, exitFailed, "does not say of which day it is"},
	} {
		if status, stdout, stderr := run(c.args...); status != c.status || !strings.Contains(stderr, c.stderr) {
			t.Errorf("%q: status %d, want %d and %q:\n%s%s", c.args, status, c.status, c.stderr, stdout, stderr)
		}
	}
}

// TestImportAsksForTheNetwork has two networks in the configuration.
func TestImportAsksForTheNetwork(t *testing.T) {
	alone(t)
	db := pgtest.Fresh(t)
	root := archiveTree(t)
	network := "{id: %s, server: '127.0.0.1:1', tls: false, nick: x, home: '#ops'}"
	for n, want := range map[int]string{1: "libera", 2: ""} {
		list := fmt.Sprintf(network, "libera")
		if n == 2 {
			list += ", " + fmt.Sprintf(network, "oftc")
		}
		config := writeFile(t, t.TempDir(), "batsignal.yaml", fmt.Sprintf("database: {url: %q}\nirc: [%s]\n", db.BotDSN, list), 0o600)
		status, stdout, stderr := cli(t, "minutes", "import", "--config", config, filepath.Join(root, "ops"))
		if want == "" {
			if status != exitUsage || !strings.Contains(stderr, "Say --network with one of: libera, oftc.") {
				t.Errorf("status %d: %s%s", status, stdout, stderr)
			}
			continue
		}
		if status != exitOK {
			t.Fatalf("%s%s", stdout, stderr)
		}
		var networks string
		if err := db.Pool.QueryRow(t.Context(), `select string_agg(distinct network, ' ') from meeting`).Scan(&networks); err != nil || networks != want {
			t.Errorf("the meetings are on %q, %v", networks, err)
		}
	}
}
