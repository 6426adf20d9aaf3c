package main

import (
	"strconv"
	"strings"
	"time"
)

func (p procedureConfig) check(found *problems, at string) {
	if p.Summary == "" {
		found.add(at+"summary", "must say in one sentence what it does")
	}
	if len(p.Argv) == 0 {
		found.add(at+"argv", "must be a program and its arguments")
	} else {
		wholePath(found, at+"argv", p.Argv[0])
	}
	for i, q := range p.Params {
		in := entry(at+"params", i)
		if !jobName.MatchString(q.Name) {
			found.add(in+"name", "must be small letters, digits and dashes, such as zone")
		}
		oneOf(found, in+"type", q.Type, "id", "host", "number", "duration", "choice", "text")
		if (q.Type == "choice") != (len(q.Choices) > 0) {
			found.add(in+"choices", "belong to a choice, which needs them")
		}
	}
	p.checkBounds(found, at)
	if p.Missed != "" {
		oneOf(found, at+"missed", p.Missed, "once", "skip")
	}
	if p.Approvals < 0 || p.Approvals > 9 {
		found.add(at+"approvals", "must be between 0 and 9")
	}
	checkRule(found, at+"at", p.At)
}

// checkBounds looks at what a procedure may take, and reach.
func (p procedureConfig) checkBounds(found *problems, at string) {
	const most = 1 << 30 // above it something else was meant
	for _, one := range []struct {
		key   string
		is    int
		least int
	}{
		{"memory_mb", p.Limits.MemoryMB, 1}, {"file_mb", p.Limits.FileMB, 1},
		{"open_files", p.Limits.OpenFiles, 16}, // with fewer no program starts
		{"tasks", p.Limits.Tasks, 1},
	} {
		if one.is != 0 && (one.is < one.least || one.is > most) {
			found.add(at+"limits."+one.key, "must be %d or more, or 0 for no limit", one.least)
		}
	}
	if p.Limits.CPU != 0 {
		between(found, at+"limits.cpu", p.Limits.CPU, time.Second, 30*24*time.Hour)
	}
	if p.Limits.Tasks != 0 && !p.Sandbox {
		found.add(at+"limits.tasks", "can be counted only in a sandbox: set sandbox: true")
	}
	for _, dir := range p.Writable {
		wholePath(found, at+"writable", dir)
		if strings.ContainsAny(dir, ":\n") {
			found.add(at+"writable", "%s must be a path without a colon", strconv.Quote(dir))
		}
	}
	if len(p.Writable) > 0 && !p.Sandbox {
		found.add(at+"writable", "means nothing without a sandbox: set sandbox: true")
	}
}
