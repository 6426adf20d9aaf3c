package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/bot/irc/irctest"
	"batsignal/migrations/childtest"
	"batsignal/migrations/pglocal"
)

// TestQuickBench takes every measure with few runs. It looks at what is measured,
// never at how fast it was.
func TestQuickBench(t *testing.T) {
	childtest.Long(t)
	quick(t, slices.DeleteFunc(names(), func(name string) bool { return slices.Contains(jobMeasures, name) }),
		"binary", "start, database migrated", "start, database empty", "start, no database at all", "start with the private Postgres",
		"memory at rest", "CPU at rest", "`!confirm` to the first page", "`!confirm` to the fifth page",
		"30 people at once", "60 people at once", "memory at work", "lines of chat",
		"Slack: command to its answer", "Slack: Confirm to the first page", "Slack: Confirm to the fifth page", "Slack: acknowledgement",
		"Slack: 500 lines in waves", "Slack: a command behind a wave", "Slack: 500 lines in one instant", "Slack: memory at work",
		"minutes of 10000 lines", "minutes of 100000 lines",
		"`!oncall` for all roles", "`!oncall ROLE` on IRC", "page of coverage",
		"alert to the first page", "alert to its 202", "30 people on one alert, the last of them",
		"alerts taken, 1 key, 1 client", "alerts taken, 1 key, 8 clients", "alerts taken, 1 key, 16 clients", "alerts taken, 16 keys, 16 clients",
		"alerts taken: memory", "storm: 100 alerts to one person",
		"take-over after kill -9, a page queued", "take-over after kill -9, a page half sent", "take-over after kill -9, on IRC again",
		"code to the first sealed dial", "code to the fifth role's first sealed dial",
		"code to the first sealed dial, default pace on IRC", "code to the fifth role's first sealed dial, default pace on IRC",
		"100 sealed addresses for new keys", "one opening, with its database", "opening an envelope", "a sealed address in the database",
		"entries written to the ledger", "a ledger of 1000 entries checked",
	)
}

// jobMeasures need a Vault, which is built on purpose, or write much.
var jobMeasures = []string{"vault-unseal", "backups"}

// TestQuickBenchOfJobs is the same for what is about jobs.
func TestQuickBenchOfJobs(t *testing.T) {
	childtest.Long(t)
	quick(t, jobMeasures, "third share to \"is unsealed\" in the room", "Vault sealed to the call for shares in the room")
}

// quick takes measures and looks for their lines.
func quick(t *testing.T, only []string, wants ...string) {
	var out strings.Builder
	err := run(t.Context(), options{quick: true, md: true, only: only}, &out, t.Output())
	if errors.Is(err, irctest.ErrMissing) || errors.Is(err, pglocal.ErrNoPostgres) {
		childtest.Lacks(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range wants {
		if !strings.Contains(out.String(), "| "+want+" | **") {
			t.Errorf("the table has no line for %q", want)
		}
	}
	t.Log("\n" + out.String())
}

func TestAnUnknownMeasureIsRefused(t *testing.T) {
	err := run(t.Context(), options{only: []string{"hose"}}, t.Output(), t.Output())
	if err == nil || !strings.Contains(err.Error(), `"hose"`) || !strings.Contains(err.Error(), "house") {
		t.Fatalf("got %v", err)
	}
}

func TestDurationsAreSummarised(t *testing.T) {
	var d durations
	for i := 200; i > 0; i-- {
		d = append(d, time.Duration(i)*time.Millisecond)
	}
	if got, want := d.list(0.5, 0.99, 1), "median 101 ms, p99 198 ms, max 200 ms"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for d, want := range map[time.Duration]string{
		420 * time.Microsecond: "0.4 ms", 9900 * time.Microsecond: "9.9 ms", 250 * time.Millisecond: "250 ms", 2870 * time.Millisecond: "2.87 s",
	} {
		if got := short(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
	if got := durations(nil).list(0.5, 1); got != "never" {
		t.Errorf("what never happened took %q", got)
	}
}

func TestCPUOfATreeIncludesItsRoot(t *testing.T) {
	own := ownCPU()
	used, err := cpu(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if used < own-2*clockTick { // user and system time are rounded down
		t.Errorf("%v in the table, %v by getrusage", used, own)
	}
	if _, err := cpu(-1); err == nil {
		t.Error("a process that is not there used no CPU")
	}
}
