package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU times in /proc, fixed by Linux for all programs.
const clockTick = 10 * time.Millisecond

// resident is the memory of a process in bytes.
type resident struct {
	now  int64 // all of it, as ps shows it
	own  int64 // the part that is not pages of the program's file, which the kernel may drop
	most int64 // that there ever was
}

func memory(pid int) (m resident, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return m, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) < 2 {
			continue
		}
		kilobytes, _ := strconv.ParseInt(words[1], 10, 64) // only those below are numbers
		switch words[0] {
		case "VmRSS:":
			m.now = kilobytes << 10
		case "RssAnon:":
			m.own = kilobytes << 10
		case "VmHWM:":
			m.most = kilobytes << 10
		}
	}
	return m, nil
}

// cpu is the CPU time that a process and everything below it have used so far, with
// the children that have ended and were waited for.
func cpu(pid int) (time.Duration, error) {
	table, err := processes()
	if err != nil {
		return 0, err
	}
	if _, ok := table[pid]; !ok {
		return 0, fmt.Errorf("process %d is gone", pid)
	}
	var sum time.Duration
	for id, p := range table {
		for at := id; at != 0; at = table[at].parent {
			if at == pid {
				sum += p.used
				break
			}
		}
	}
	return sum, nil
}

// usage is one process in the kernel's table.
type usage struct {
	parent int
	used   time.Duration
}

func processes() (map[int]usage, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	table := map[int]usage{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		// The name of the program, in brackets, may hold anything.
		_, rest, _ := strings.Cut(string(text[bytes.LastIndexByte(text, ')'):]), " ")
		f := strings.Fields(rest)
		if len(f) < 15 {
			continue
		}
		var ticks int64
		for _, i := range []int{11, 12, 13, 14} { // own and waited-for, user and system
			n, _ := strconv.ParseInt(f[i], 10, 64)
			ticks += n
		}
		id, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		parent, _ := strconv.Atoi(f[1])
		table[id] = usage{parent, time.Duration(ticks) * clockTick}
	}
	return table, nil
}

// watchIdle is the share of one core that a process and everything below it use
// while nothing happens.
func watchIdle(ctx context.Context, pid int, span time.Duration) (share float64, err error) {
	before, err := cpu(pid)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := rest(ctx, span); err != nil {
		return 0, err
	}
	after, err := cpu(pid)
	return float64(after-before) / float64(time.Since(began)), err
}
