package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"batsignal/bot/irc/irctest"
)

// nobodySawAnAddress looks for addresses and passwords in everything that this
// installation has shown to anybody.
func (a *arc) nobodySawAnAddress() {
	a.t.Helper()
	for _, password := range a.passwords {
		a.canaries = append(a.canaries, password)
	}
	a.failInEveryWay()

	for path, text := range a.everyPage() {
		a.search("the page "+path, text)
	}
	talk := a.transcript()
	a.t.Logf("IRC, as each of them was shown it:\n%s", talk)
	a.search("what people were shown on IRC", talk)
	a.search("the log of Postgres", read(a.state("postgres", "postgres.log")))
	for pid, text := range processTable(a.bot.cmd.Process.Pid) {
		a.search("the process table, "+pid, text)
	}
	a.search("the log", a.bot.output())
	if !strings.Contains(a.bot.output(), `"level":"DEBUG"`) {
		a.t.Error("the log holds no debug lines, so the search proves little")
	}
	if !strings.Contains(talk, "Paging omar") {
		a.t.Error("what was said on IRC was not kept, so the search proves little")
	}
}

// failInEveryWay makes errors, whose words might hold what they are about.
func (a *arc) failInEveryWay() {
	a.t.Helper()
	for _, command := range [][]string{
		{"doctor"},
		{"config", "show"},
		{"do", "--as", "nobody", "status"},
		{"do", "--as", "li", "contact list"},
		{"do", "--as", "li", "--json", "contact mail not-an-address"},
		{"do", "--as", "li", "contact mail " + a.canaries[0] + " twice"},
		{"do", "--as", "li", "whoami"},
		{"do", "incident show 99"},
	} {
		r := a.cli(command...)
		a.search(strings.Join(command, " "), r.stdout+r.stderr)
	}
}

func (a *arc) everyPage() map[string]string {
	pages := map[string]string{}
	for _, path := range []string{
		"/", "/incidents", "/incidents/1", "/incidents/99", "/signal", "/people", "/commands", "/ack/wrong",
		"/metrics", "/healthz", "/readyz", "/nowhere",
	} {
		status, body := a.get(path)
		pages[path] = fmt.Sprintf("%d %s", status, body)
	}
	return pages
}

func (a *arc) search(where, text string) {
	a.t.Helper()
	for _, canary := range a.canaries {
		at := strings.Index(text, canary)
		if at < 0 && strings.Contains(canary, "://") { // without its scheme and host
			canary = canary[strings.LastIndexByte(canary, '/')+1:]
			at = strings.Index(text, canary)
		}
		if at >= 0 {
			a.t.Errorf("%s holds %s: %s", where, canary, text[max(0, at-200):min(len(text), at+200)])
		}
	}
}

// everythingShown takes every line that a person was shown and nobody expected.
func everythingShown(p *irctest.Person) []irctest.Line {
	const end = "the end of the transcript"
	p.Raw("PRIVMSG " + p.Nickname() + " :" + end)
	var lines []irctest.Line
	for {
		l := p.ExpectRaw(end, func(irctest.Line) bool { return true })
		if l.Nick == p.Nickname() && l.Text() == end {
			return lines
		}
		lines = append(lines, l)
	}
}

// transcript is what everybody was shown, person by person in the order of the
// server's clock, without the server's own chatter.
func (a *arc) transcript() string {
	a.t.Helper()
	var b strings.Builder
	for nick, p := range a.people {
		a.shown[nick] = append(a.shown[nick], everythingShown(p)...)
	}
	for _, nick := range slices.Sorted(maps.Keys(a.shown)) {
		fmt.Fprintf(&b, "--- %s\n", nick)
		lines := a.shown[nick]
		slices.SortStableFunc(lines, func(x, y irctest.Line) int { return strings.Compare(x.Tags["time"], y.Tags["time"]) })
		for _, l := range lines {
			if strings.Contains(l.Prefix, "!") && l.Nick != "NickServ" {
				_, clock, _ := strings.Cut(l.Tags["time"], "T")
				fmt.Fprintf(&b, "%s %s %s %s\n", strings.TrimSuffix(clock, "Z"), l.Nick, l.Command, strings.Join(l.Params, " | "))
			}
		}
	}
	return b.String()
}

// processTable is what ps shows of a process and of those that it started: the
// arguments and, to their owner, the environment.
func processTable(root int) map[string]string {
	table := map[string]string{}
	dirs, _ := filepath.Glob("/proc/[0-9]*") // its only error is a malformed pattern
	for _, dir := range dirs {
		stat := read(filepath.Join(dir, "stat"))
		fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
		if len(fields) < 2 {
			continue // it has ended meanwhile
		}
		if filepath.Base(dir) != strconv.Itoa(root) && fields[1] != strconv.Itoa(root) {
			continue
		}
		text := read(filepath.Join(dir, "cmdline")) + "\n" + read(filepath.Join(dir, "environ"))
		target, _ := os.Readlink(filepath.Join(dir, "exe"))
		table[filepath.Base(dir)+" "+filepath.Base(target)] = text
	}
	return table
}
