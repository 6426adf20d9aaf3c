package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// figure is one line of the table.
type figure struct {
	what string // "first page after !confirm"
	got  string // "p50 9 ms, p95 …"
	aim  string // "p50 ≤ 50 ms"; "" where there is none
	met  bool
	how  string // one sentence or two
}

func (f figure) verdict() string {
	switch {
	case f.aim == "":
		return ""
	case f.met:
		return "met"
	}
	return "missed"
}

func printText(w io.Writer, all []figure) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "what\tmeasured\taim\t")
	for _, f := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.what, f.got, f.aim, f.verdict())
	}
	_ = t.Flush() // to a terminal
	fmt.Fprintln(w, "\nHow it was measured:")
	for _, f := range all {
		fmt.Fprintf(w, "- %s: %s\n", f.what, f.how)
	}
}

func printMarkdown(w io.Writer, all []figure) {
	fmt.Fprintln(w, "| what | measured | aim | how |\n| --- | --- | --- | --- |")
	for _, f := range all {
		aim := f.aim
		if v := f.verdict(); v != "" {
			aim += " (" + v + ")"
		}
		fmt.Fprintf(w, "| %s | **%s** | %s | %s |\n", f.what, f.got, aim, f.how)
	}
}

// durations are repeated measurements of one thing.
type durations []time.Duration

// at is the value below which a share of them lies.
func (d durations) at(share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[int(share*float64(len(sorted)-1)+0.5)]
}

func (d durations) median() time.Duration { return d.at(0.5) }
func (d durations) most() time.Duration   { return d.at(1) }

// list writes some of them, as "p50 8.1 ms, p95 12 ms".
func (d durations) list(shares ...float64) string {
	if len(d) == 0 {
		return "never"
	}
	var parts []string
	for _, s := range shares {
		name := fmt.Sprintf("p%.0f", s*100)
		switch s {
		case 0.5:
			name = "median"
		case 1:
			name = "max"
		}
		parts = append(parts, name+" "+short(d.at(s)))
	}
	return strings.Join(parts, ", ")
}

// short writes a duration with the precision that it deserves.
func short(d time.Duration) string {
	switch ms := float64(d) / float64(time.Millisecond); {
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	default:
		return fmt.Sprintf("%.2f s", ms/1000)
	}
}

// words writes a length of time for a sentence.
func words(d time.Duration) string { return fmt.Sprintf("%.0f s", d.Seconds()) }

// megabytes are those of the aims, 10^6 bytes.
func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }
