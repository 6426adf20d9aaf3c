package main

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"batsignal/migrations/pgtest"
)

// plays runs several plays side by side, each in a directory of its own, and checks
// that none leaves anything behind.
func plays(t *testing.T, commands ...[]string) []result {
	t.Helper()
	needPostgres(t)
	program(t)
	results := make([]result, len(commands))
	var all sync.WaitGroup
	for i, args := range commands {
		dir := pgtest.Dir(t)
		all.Go(func() {
			results[i] = shell(t, dir, args...)
			if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
				t.Errorf("%q leaves %q behind", args, left)
			}
		})
	}
	all.Wait()
	return results
}

func TestHeartbleedEndsWell(t *testing.T) {
	t.Parallel()
	results := plays(t,
		[]string{"try", "--script", "heartbleed"},
		[]string{"try", "--seed", "1"},
		[]string{"try", "--seed", "2"},
		[]string{"run"}, // without a terminal
	)
	for i, r := range results {
		if r.status != exitOK || r.stderr != "" {
			t.Errorf("play %d: %s", i+1, r)
		}
	}
	story := results[0].stdout
	for _, part := range []string{
		"> #ops <", "!batsignal TLS servers leak their memory", "The bat-signal is lit.", "(to ", "Every role is filled.",
		"resolves the incident.", "INC-1, severity 1, resolved: TLS servers leak", "(no answer)",
	} {
		if !strings.Contains(story, part) {
			t.Errorf("the story does not hold %q", part)
		}
	}
	if _, end, found := strings.Cut(story, "rung for it\n"); !found || strings.Contains(end, "nobody") {
		t.Errorf("the end: %q, want no empty role", end)
	}
	if _, holders, found := strings.Cut(story, "\nThe baton: "); !found || strings.Count(holders, ", then ") != 2 {
		t.Errorf("the baton: %q, want three holders", holders)
	}
	if results[1].stdout != story {
		t.Error("the same seed told another story")
	}
	if results[3].stdout != story {
		t.Error("run without a terminal told another story than try")
	}
	if results[2].stdout == strings.ReplaceAll(story, "seed 1", "seed 2") {
		t.Error("another seed told the same story")
	}
	if t.Failed() {
		t.Log(story)
	}
}

const smallRoster = `
people:
  - {handle: ada, zone: Europe/London, roles: [coordination, communications]}
  - {handle: bob, zone: Europe/London, roles: [coordination, package-fixing]}
  - {handle: cyd, zone: America/New_York, roles: [release-engineering, quality-assurance, coordination, communications, package-fixing]}
`

func TestAPlayWithAnotherRoster(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	small := writeFile(t, dir, "small.yaml", smallRoster, 0o644)
	typo := writeFile(t, dir, "typo.yaml", "people:\n  - {handel: ada}\n", 0o644)
	results := plays(t,
		[]string{"try", "--roster", small},
		[]string{"try", "--sleepers", "release-engineering"},
		[]string{"try", "--sleepers", "release-engineering,qa"},
		[]string{"try", "--roster", typo},
		[]string{"try", "--roster", filepath.Join(dir, "nowhere.yaml")},
		[]string{"try", "--sleepers", "cooking"},
		[]string{"try", "--script", "shellshock"},
	)
	for i, c := range []struct {
		status int
		stdout string
		stderr string
	}{
		{exitOK, "INC-1, severity 1, resolved", ""},
		{exitFailed, "release engineering  nobody", "batsignal: Nobody took release engineering within an hour. Everybody in it was asked again and again.\n"},
		{exitFailed, "quality assurance    nobody", "batsignal: Nobody took quality assurance and release engineering within an hour."},
		{exitUsage, "", "batsignal: The roster cannot be read: line 2: field handel not found"},
		{exitUsage, "", "batsignal: The roster " + filepath.Join(dir, "nowhere.yaml") + " cannot be read: "},
		{exitFailed, "", "There is no role like"},
		{exitUsage, "", "There is no script called"},
	} {
		if r := results[i]; r.status != c.status || !strings.Contains(r.stdout, c.stdout) || !strings.Contains(r.stderr, c.stderr) {
			t.Errorf("play %d: want %d, %q and %q: %s", i+1, c.status, c.stdout, c.stderr, r)
		}
	}
	for _, who := range []string{"ada", "bob", "cyd"} {
		if !strings.Contains(results[0].stdout, who) {
			t.Errorf("%s has no part in the play:\n%s", who, results[0].stdout)
		}
	}
	if strings.Contains(results[0].stdout, "maria") {
		t.Error("somebody of the example has a part in a play with another roster")
	}
}
