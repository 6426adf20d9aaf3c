// Command bench measures the figures of docs/performance.md on this machine.
//
// It builds the program as it is shipped and starts it among real servers: a private
// Postgres that flushes every commit, InspIRCd with Atheme's services, a receiver of
// webhooks; and a fake Slack, since the real one cannot be brought here. All of it is
// on the loopback. It prints a table that says how each figure was taken. A missed aim is shown as missed and is no failure: a busy
// machine is not a bug, and no test depends on speed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// options are what the command line decides.
type options struct {
	quick bool     // few runs, to see that everything works
	only  []string // names of measures; empty is all
	md    bool     // the table of docs/performance.md
}

// measure is one part of the bench. Its figures belong together because they are
// taken from the same running programs.
type measure struct {
	name string
	take func(ctx context.Context, b *bench) ([]figure, error)
}

func measures() []measure {
	return []measure{
		{"size", size},
		{"start", starts},
		{"house", house},
		{"chat", chat},
		{"slack", slack},
		{"minutes", minutes},
		{"meeting", meetings},
		{"oncall", oncalls},
		{"alerts-latency", alertsLatency},
		{"alerts-fanout", alertsFanout},
		{"alerts-intake", alertsIntake},
		{"alerts-storm", alertsStorm},
		{"takeover", takeovers},
		{"escrow-confirm", escrowConfirm},
		{"escrow-rewrap", escrowRewrap},
		{"escrow-opening", escrowOpening},
		{"escrow-ledger", escrowLedger},
		{"vault-unseal", vaultUnseal},
		{"backups", backups},
	}
}

func main() {
	var o options
	only := flag.String("only", "", "take only these measures: "+strings.Join(names(), ", "))
	flag.BoolVar(&o.quick, "quick", false, "few runs, to see that everything works; the figures mean little")
	flag.BoolVar(&o.md, "md", false, "print the table as Markdown, for docs/performance.md")
	flag.Parse()
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run takes the measures that were asked for and prints their figures. What it does
// is told to progress meanwhile.
func run(ctx context.Context, o options, out, progress io.Writer) (err error) {
	for _, name := range o.only {
		if !slices.Contains(names(), name) {
			return fmt.Errorf("there is no measure %q; there are: %s", name, strings.Join(names(), ", "))
		}
	}
	b, err := newBench(ctx, o.quick, progress)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()

	var all []figure
	for _, m := range measures() {
		if len(o.only) > 0 && !slices.Contains(o.only, m.name) {
			continue
		}
		b.say("measuring: %s", m.name)
		figures, err := m.take(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		all = append(all, figures...)
	}
	if o.md {
		printMarkdown(out, all)
		return nil
	}
	printText(out, all)
	return nil
}

func names() []string {
	var list []string
	for _, m := range measures() {
		list = append(list, m.name)
	}
	return list
}
