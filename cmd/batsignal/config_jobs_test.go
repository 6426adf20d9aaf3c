package main

import (
	"strings"
	"testing"

	"batsignal/integrations/throwaway"
	"batsignal/oncall/fault"
)

// procedureText is a procedure with more settings.
func procedureText(more string) string {
	return "jobs:\n  procedures:\n    - name: flush\n      summary: It empties a cache.\n      argv: [/bin/true]\n" + more
}

// What a procedure may take and reach is looked at before anything runs, by its line.
func TestBoundsOfProceduresAreChecked(t *testing.T) {
	for more, want := range map[string]string{
		"      limits: {memory_mb: -1}":            "jobs.procedures[0].limits.memory_mb: must be 1 or more, or 0 for no limit (FILE:6)",
		"      limits:\n        open_files: 3":     "jobs.procedures[0].limits.open_files: must be 16 or more, or 0 for no limit (FILE:7)",
		"      limits: {cpu: 10ms}":                "jobs.procedures[0].limits.cpu: must be",
		"      limits: {tasks: 8}":                 "jobs.procedures[0].limits.tasks: can be counted only in a sandbox: set sandbox: true (FILE:6)",
		"      limits: {memory: 3}":                "jobs.procedures[0].limits.memory: unknown key",
		"      writable: [/var/cache]":             "jobs.procedures[0].writable: means nothing without a sandbox: set sandbox: true (FILE:6)",
		"      sandbox: true\n      writable: [x]": `jobs.procedures[0].writable: "x" must be a whole path`,
		"      offline: perhaps":                   "jobs.procedures[0].offline: must be true or false (FILE:6)",
		"  walls: high":                            "jobs.walls: must be one of: auto, required, off (FILE:6)",
	} {
		file := writeFile(t, t.TempDir(), "batsignal.yaml", procedureText(more), 0o600)
		_, err := loadConfig(file, nil)
		if err == nil || !strings.Contains(strings.ReplaceAll(fault.Say(err), file, "FILE"), want) {
			t.Errorf("%s: %v", more, err)
		}
	}
}

func TestBoundsOfProceduresReachTheProgram(t *testing.T) {
	file := writeFile(t, t.TempDir(), "batsignal.yaml", procedureText("      limits: {cpu: 5m, memory_mb: 2048, open_files: 256, file_mb: 100, tasks: 32}\n      sandbox: true\n      writable: [/var/cache]\n      offline: true"), 0o600)
	l, err := loadConfig(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	conf := l.Jobs.Procedures[0]
	if got := conf.Limits.limits(); got.CPU.Minutes() != 5 || got.Memory != 2<<30 || got.Files != 256 || got.FileSize != 100<<20 {
		t.Errorf("%+v", got)
	}
	if box := conf.sandbox(); box == nil || box.Tasks != 32 || len(box.Writable) != 1 {
		t.Errorf("%+v", box)
	}
	if (procedureConfig{}).sandbox() != nil {
		t.Error("a sandbox that nobody asked for")
	}
	jobs, err := procedureJobs(l.Config)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := jobs[0].Kind.Plan(t.Context(), nil)
	if fault.KindOf(err) != fault.Unready && (err != nil || !strings.Contains(plan[1], "in a network of its own, with limits")) {
		t.Errorf("%q, %v", plan, err)
	}
}

// The doctor says whether there are walls, only where something is restored in them.
func TestDoctorLooksAtWalls(t *testing.T) {
	for _, c := range []struct {
		walls string
		b     backupConfig
		says  string
	}{
		{"", backupConfig{Files: filesConfig{Paths: []string{"/etc"}}}, ""},
		{"off", backupConfig{Postgres: postgresConfig{Own: true}}, "note     walls of restore tests: servers on which restores are tested have the network of this machine. It was not walled in: the configuration has it so (jobs.walls). See docs/backups.md.\n"},
		{"", backupConfig{Postgres: postgresConfig{Own: true}}, "     walls of restore tests"},
	} {
		var out strings.Builder
		d := doctor{app: &app{stdout: &out}, c: Config{Jobs: jobsConfig{Walls: c.walls, Backups: []backupConfig{c.b}}}}
		d.walls(t.Context())
		if !strings.Contains(out.String(), c.says) || c.says == "" && out.Len() > 0 || d.sick {
			t.Errorf("%s: %s", c.walls, out.String())
		}
	}
	if w := wallsOf(Config{}); w.Mode != throwaway.Auto || len(w.Ours) == 0 {
		t.Errorf("%+v", w)
	}
}
