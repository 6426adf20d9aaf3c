package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const mostReplay = 64 << 20

// minutes is how long the program takes to make minutes again from a log, and how
// much memory: the whole process, from its start to its end.
func minutes(ctx context.Context, b *bench) (all []figure, err error) {
	dir := filepath.Join(b.dir, "minutes")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for _, c := range []struct {
		lines int
		aim   time.Duration
	}{{10_000, 40 * time.Millisecond}, {100_000, 400 * time.Millisecond}} {
		log := filepath.Join(dir, fmt.Sprintf("ops.2026-11-22-%d.log.txt", c.lines))
		text := meetingLog(c.lines)
		if err := os.WriteFile(log, []byte(text), 0o644); err != nil {
			return nil, err
		}
		var took, cpu durations
		var peaks []int64
		for range b.runs(5, 1) {
			r, err := b.replay(ctx, log)
			if err != nil {
				return nil, err
			}
			took, cpu, peaks = append(took, r.wall), append(cpu, r.cpu), append(peaks, r.peak)
		}
		slices.Sort(peaks)
		peak := peaks[len(peaks)/2]
		all = append(all, figure{
			what: fmt.Sprintf("minutes of %d lines", c.lines),
			got:  fmt.Sprintf("median %s, %.0f MiB", short(took.median()), float64(peak)/(1<<20)),
			aim:  fmt.Sprintf("≤ %s, ≤ 64 MiB", short(c.aim)),
			met:  took.median() <= c.aim && peak <= mostReplay,
			how: fmt.Sprintf("`batsignal minutes replay` of a made-up log (%s, 40 nicks, 2.7 %% of the lines are commands and links) to .txt, .html and .log.html, "+
				"each flushed to disk; wall time of the whole process and its peak RSS by wait4, %d runs (fastest %s, slowest %s; CPU %s)",
				megabytes(int64(len(text))), len(took), short(took.at(0)), short(took.most()), short(cpu.median())),
		})
	}
	return all, nil
}

// spent is what one process took.
type spent struct {
	wall, cpu time.Duration
	peak      int64 // of memory, in bytes
}

// replay runs the program once, to a directory that is not there yet.
func (b *bench) replay(ctx context.Context, log string) (s spent, err error) {
	out := filepath.Join(filepath.Dir(log), "out")
	if err := os.RemoveAll(out); err != nil {
		return s, err
	}
	cmd := exec.CommandContext(ctx, b.binary, "minutes", "replay", "--room", "#ops", "--format", "txt,html,log.html", "--out", out, log)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(log)}
	began := time.Now()
	said, err := cmd.CombinedOutput()
	s.wall = time.Since(began)
	if err != nil {
		return s, fmt.Errorf("minutes replay: %w\n%s", err, said)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage) // on Linux
	s.cpu, s.peak = cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), usage.Maxrss<<10
	if files, err := os.ReadDir(out); err != nil || len(files) != 3 {
		return s, fmt.Errorf("minutes replay wrote %d files: %w\n%s", len(files), err, said)
	}
	return s, nil
}

// meetingLog is a meeting of many lines of about 105 bytes, by 40 nicks: in every
// thousand, 27 are commands and links.
func meetingLog(lines int) string {
	words := strings.Fields("the patch for our build server waits until a mirror has copied it so we look again later today")
	var out strings.Builder
	out.Grow(lines * 110)
	at := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	say := func(nick int, text string) {
		at = at.Add(time.Second)
		out.WriteString(at.Format(time.TimeOnly) + " <nick" + strconv.Itoa(10+nick%40) + "> " + text + "\n")
	}
	say(0, "#startmeeting Weekly")
	for i := range lines - 2 {
		var talk []string
		for n := range 18 {
			talk = append(talk, words[(i*7+n*(1+i%5))%len(words)])
		}
		text := strings.Join(talk, " ")
		switch i % 1000 {
		case 0, 250, 500, 750:
			say(0, "#topic "+text[:40])
		case 10, 210, 410, 610, 810:
			say(i, "#info "+text)
		case 20, 320, 520, 720, 920:
			say(i, "#action nick"+strconv.Itoa(10+i/10%40)+" "+text)
		case 30, 430, 630, 830:
			say(0, "#agreed "+text)
		case 40, 540:
			say(i, "#idea "+text)
		case 50, 150, 350, 450, 650, 750 + 5, 950:
			say(i, "https://example.org/"+strconv.Itoa(i)+" "+text)
		default:
			say(i, text)
		}
	}
	say(0, "#endmeeting")
	return out.String()
}
