package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/tree"
)

// TestTheTreeFromTheShell exports, plans and applies, and is stopped where it must be.
func TestTheTreeFromTheShell(t *testing.T) {
	alone(t)
	db := pgtest.Fresh(t)
	dir := t.TempDir()
	config := writeFile(t, dir, "batsignal.yaml", fmt.Sprintf("database: {url: %q}\nlog: {level: warn}\n", db.BotDSN), 0o600)
	ctx := context.Background()
	for _, handle := range []string{"maria", "jan"} {
		if _, err := oncall.AddPerson(ctx, db.Pool, time.Now(), oncall.Person{Handle: handle, Zone: "UTC", Sleeps: 1380}); err != nil {
			t.Fatal(err)
		}
	}
	run := func(want int, args ...string) string {
		t.Helper()
		status, stdout, stderr := cli(t, append(args, "--config", config)...)
		if status != want {
			t.Fatalf("%v: status %d, want %d\n%s%s", args, status, want, stdout, stderr)
		}
		return stdout + stderr
	}
	file := dir + "/oncall.yaml"
	run(exitOK, "export", "-o", file)
	if text := run(exitOK, "plan", file); !strings.HasSuffix(text, "Nothing is different.\n") {
		t.Errorf("got %s", text)
	}
	if text := run(exitOK, "export", "--section", "roles"); !strings.Contains(text, "\nroles:\n") || strings.Contains(text, "\npeople:") {
		t.Errorf("got %s", text)
	}
	run(exitUsage, "export", "--section", "rolls")
	run(exitUsage, "plan", dir+"/none.yaml")
	run(exitUsage, "plan", writeFile(t, dir, "wrong.yaml", "batsignal: 1\nrolls: []\n", 0o644))
	if text := run(exitUsage, "plan", writeFile(t, dir, "nobody.yaml", "batsignal: 1\npolicies: [{name: x, steps: [{notify: person marai}]}]\n", 0o644)); !strings.Contains(text, "Did you mean maria?") {
		t.Errorf("got %s", text)
	}

	wanted := writeFile(t, dir, "wanted.yaml", `batsignal: 1
schedules: [{name: weekly, role: coordination, layers: [{name: first, starts: 2026-03-02, every: week, members: [maria, jan]}]}]
`, 0o644)
	if text := run(exitDifferent, "plan", wanted); !strings.Contains(text, "+ schedule weekly") || !strings.Contains(text, "1 difference: 1 to add") {
		t.Errorf("got %s", text)
	}
	var plan tree.Plan
	if err := json.Unmarshal([]byte(run(exitDifferent, "plan", wanted, "--json")), &plan); err != nil || len(plan.Changes) != 1 || plan.Fingerprint == "" {
		t.Errorf("%v %+v", err, plan)
	}
	if text := run(exitUsage, "apply", wanted); !strings.Contains(text, "apply --yes") {
		t.Errorf("got %s", text)
	}
	if text := run(exitOK, "apply", "--yes", wanted); !strings.Contains(text, "Applied. 1 difference: 1 to add") {
		t.Errorf("got %s", text)
	}
	run(exitOK, "plan", wanted)

	// On a terminal it asks.
	gone := writeFile(t, dir, "gone.yaml", "batsignal: 1\nschedules: []\n", 0o644)
	for _, c := range []struct {
		answer string
		status int
		words  string
	}{{"n\n", exitFailed, "Nothing was changed."}, {"y\n", exitOK, "Applied."}} {
		master, slave := openTerminal(t)
		fmt.Fprint(master, c.answer)
		var out, errs strings.Builder
		if status := execute([]string{"apply", gone, "--config", config}, slave, &out, &errs); status != c.status || !strings.Contains(out.String(), c.words) {
			t.Errorf("%q: status %d\n%s%s", c.answer, status, &out, &errs)
		}
		_, _ = master.Close(), slave.Close()
	}
	run(exitDifferent, "plan", wanted)
}

func TestRolesThatTheConfigurationGivesStay(t *testing.T) {
	alone(t)
	db := pgtest.Fresh(t)
	dir := t.TempDir()
	config := writeFile(t, dir, "batsignal.yaml", fmt.Sprintf("database: {url: %q}\nlog: {level: warn}\nroles: [{name: ops, title: operations, leads: true, patience: 1m, patience_sev1: 1m}]\n", db.BotDSN), 0o600)
	wanted := writeFile(t, dir, "wanted.yaml", "batsignal: 1\nroles: [{name: press}]\n", 0o644)
	if status, stdout, _ := cli(t, "plan", wanted, "--config", config); status != exitUsage || !strings.Contains(stdout, "written in the configuration") {
		t.Errorf("status %d: %s", status, stdout)
	}
}

func TestExportsOfOthersAreConverted(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	export := "../../integrations/rosterimport/testdata/pagerduty.json"
	people := writeFile(t, dir, "people.yaml", "li@example.org: li\nLi Wei: liwei\n", 0o644)
	status, stdout, stderr := cli(t, "convert", "pagerduty", export, "--role", "ops", "--people", people)
	if status != exitOK || !strings.Contains(stdout, "members: [liwei, maria]") || !strings.Contains(stderr, "2 schedules and 1 policy carried over") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	onto := writeFile(t, dir, "onto.yaml", "batsignal: 1\nschedules: [{name: kept}]\n", 0o644)
	if status, _, stderr = cli(t, "convert", "pagerduty", export, "--onto", onto, "-o", dir+"/both.yaml"); status != exitOK {
		t.Errorf("status %d\n%s", status, stderr)
	}
	if text, err := os.ReadFile(dir + "/both.yaml"); err != nil || !strings.Contains(string(text), "- name: kept\n") || !strings.Contains(string(text), "- name: weekend\n") {
		t.Errorf("%v\n%s", err, text)
	}
	if status, stdout, _ := cli(t, "convert", "goalert-query"); status != exitOK || !strings.Contains(stdout, "query BatsignalExport {") {
		t.Errorf("status %d\n%s", status, stdout)
	}
	if status, _, stderr := cli(t, "convert", "grafana", people); status != exitUsage || !strings.Contains(stderr, "docs/imports.md") {
		t.Errorf("status %d\n%s", status, stderr)
	}
}
