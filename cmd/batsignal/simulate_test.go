package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
)

// TestSimulateFromTheShell plays the people of the database, the same ones out of a file,
// and made-up ones.
func TestSimulateFromTheShell(t *testing.T) {
	alone(t)
	db := pgtest.Fresh(t)
	dir := t.TempDir()
	config := writeFile(t, dir, "batsignal.yaml", fmt.Sprintf("database: {url: %q}\nlog: {level: warn}\nroster: {join: open}\n", db.BotDSN), 0o600)
	ctx := context.Background()
	run := func(want int, args ...string) string {
		t.Helper()
		status, stdout, stderr := cli(t, args...)
		if status != want {
			t.Fatalf("%v: status %d, want %d\n%s%s", args, status, want, stdout, stderr)
		}
		return stdout + stderr
	}
	file := dir + "/oncall.yaml"
	run(exitOK, "export", "-o", file, "--config", config) // makes the roles
	desk := &oncall.Desk{DB: db.Pool, Now: time.Now, OpenDoor: true}
	for _, handle := range []string{"maria", "jan"} {
		id, err := oncall.AddPerson(ctx, db.Pool, time.Now(), oncall.Person{Handle: handle, Zone: "Asia/Tokyo", Wakes: 480, Sleeps: 1380})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := desk.Join(ctx, oncall.Actor{PersonID: id, Handle: handle, Network: oncall.Web}, "package-fixing", oncall.Hours{}); err != nil {
			t.Fatal(err)
		}
	}
	run(exitOK, "export", "-o", file, "--config", config)

	short := []string{"simulate", "--from", "2026-02-01", "--days", "7", "--runs", "1"}
	with := func(more ...string) []string { return append(append([]string{}, short...), more...) }
	stored := run(exitOK, with("--role", "pf", "--config", config)...)
	if !strings.Contains(stored, "168 incidents of severity 1, 1 in each hour from 2026-02-01 00:00 to 2026-02-08 00:00 UTC, seed 1.\n") ||
		!strings.Contains(stored, "filled by maria ") {
		t.Errorf("got %s", stored)
	}
	if written := run(exitOK, with("--role", "pf", "--file", file)...); written != stored {
		t.Errorf("by the file it is\n%sand by the database\n%s", written, stored)
	}
	if all := run(exitOK, with("--file", file)...); !strings.Contains(all, "coordination was not filled within 2 hours in 168 incidents") {
		t.Errorf("got %s", all)
	}
	if other := run(exitOK, with("--role", "pf", "--file", file, "--seed", "2")...); other == stored {
		t.Error("another seed is the same play")
	}

	draft := writeFile(t, dir, "draft.yaml", "batsignal: 1\npolicies: [{name: draft, steps: [{notify: person jan, wait: 1m}]}]\n", 0o644)
	if text := run(exitOK, with("--role", "pf", "--file", file, "--policies", draft)...); !strings.Contains(text, "package-fixing  draft ") || !strings.Contains(text, "filled by jan ") || strings.Contains(text, "maria") {
		t.Errorf("got %s", text)
	}
	var figures struct {
		Incidents int `json:"incidents"`
		All       struct {
			Median float64 `json:"median"`
		} `json:"all_roles"`
		Roles    []struct{ Role, Policy string } `json:"roles"`
		Compared []struct{ Way string }          `json:"compared"`
	}
	text := run(exitOK, with("--model-roster", "--json", "--compare", "--policies", draft, "--policy", "builtin")...)
	if err := json.Unmarshal([]byte(text), &figures); err != nil || figures.Incidents != 168 || figures.All.Median < 60 || len(figures.Roles) != 5 || len(figures.Compared) != 2 {
		t.Errorf("%v: %+v in %s", err, figures, text)
	}

	for _, c := range []struct{ args, says string }{
		{"--model-roster --policy night", "There is no policy called \"night\". There are builtin; "},
		{"--model-roster --policies " + draft, "The policy draft rings the person jan"},
		{"--model-roster --waking 8-9", "Write waking hours like 07:00-23:00"},
		{"--model-roster --role cooking", "There is no role like \"cooking\""},
		{"--model-roster --policy cooking=builtin", "There is no role like \"cooking\""},
		{"--model-roster --answer-awake 65", "a probability from 0 to 1"},
		{"--file " + draft, "needs the sections people and roles"},
	} {
		status, _, stderr := cli(t, with(strings.Fields(c.args)...)...)
		if status == exitOK || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: status %d, %s", c.args, status, stderr)
		}
	}
	run(exitUsage, "simulate", "--from", "1 February", "--model-roster")
	run(exitUsage, "simulate", "--days", "0", "--model-roster")
	run(exitUsage, "simulate", "--model-roster", "--file", file)
	run(exitUsage, "simulate", "--model-roster", "--year", "2026", "--days", "5")
}
