package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/archive"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/corpustest"
	"batsignal/incidents/minutes/replay"
	"batsignal/incidents/minutes/write"
)

// filesBelow are the files below a directory, with what is in them and which they are.
func filesBelow(t testing.TB, dir string) (texts map[string]string, inodes map[string]uint64) {
	t.Helper()
	texts, inodes = map[string]string{}, map[string]uint64{}
	if err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		st, err := d.Info()
		if err != nil {
			return err
		}
		below, err := filepath.Rel(dir, name)
		texts[below], inodes[below] = string(text), st.Sys().(*syscall.Stat_t).Ino
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return texts, inodes
}

// TestReplayOfTheCorpus runs the command for every log in every dialect, twice, with
// its options in another order: the second run changes nothing. Then it holds the files
// against what the machine and the writers make of the log by themselves.
func TestReplayOfTheCorpus(t *testing.T) {
	alone(t)
	logs := t.TempDir()
	all := corpustest.All(t)
	for _, m := range all {
		writeFile(t, logs, m.Name+".log.txt", m.Log(t), 0o600)
	}
	for _, d := range minutes.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "new", "dir")
			order := rand.New(rand.NewPCG(7, 7))
			run := func(m corpustest.Meeting) string {
				options := [][]string{
					{"--dialect", d.Name}, {"--room", m.Room}, {"--date", m.Day}, {"--url-base", m.URL}, {"--out", out},
					{"--format", "all"}, {filepath.Join(logs, m.Name+".log.txt")}, {"--zone", "UTC"},
				}
				order.Shuffle(len(options), func(i, j int) { options[i], options[j] = options[j], options[i] })
				status, stdout, stderr := cli(t, append([]string{"minutes", "replay"}, slices.Concat(options...)...)...)
				if status != exitOK || stderr != "" {
					t.Fatalf("%q: status %d\n%s", options, status, stderr)
				}
				return stdout
			}
			meetings := 0
			for _, m := range all {
				meetings += strings.Count(run(m), "\n")
			}
			before, inodes := filesBelow(t, out)
			for _, m := range all {
				if said := run(m); strings.Count(said, "; 0 files written, ") != strings.Count(said, "\n") {
					t.Errorf("the second time: %s", said)
				}
			}
			after, again := filesBelow(t, out)
			for name := range after {
				if after[name] != before[name] || again[name] != inodes[name] {
					t.Errorf("%s was written again", name)
				}
			}
			want := map[string]string{}
			count := 0
			for _, m := range all {
				count += wanted(t, want, m, d)
			}
			for name, text := range want {
				if after[name] != text {
					t.Errorf("%s is\n%s\nwant\n%s", name, after[name], text)
				}
			}
			if len(after) != len(want) || meetings != count {
				t.Errorf("%d files of %d meetings, want %d of %d", len(after), meetings, len(want), count)
			}
			t.Logf("%d files of %d meetings", len(after), meetings)
		})
	}
}

// wanted adds the files of one log.
func wanted(t testing.TB, want map[string]string, m corpustest.Meeting, d *minutes.Dialect) int {
	t.Helper()
	lines := chatlog.Parse(m.Log(t), chatlog.Options{Date: m.Date(t)})
	list := replay.Run(minutes.Setting{Dialect: d, Room: m.Room, Files: minutes.Naming{URL: m.URL}}, lines)
	var replies strings.Builder
	for i, one := range list {
		name := m.Name
		if i > 0 {
			name = fmt.Sprintf("%s.m%d", name, i+1)
		}
		for _, f := range archive.FormatsFor(d) {
			var text strings.Builder
			if err := f.Write(&text, write.Doc{Meeting: one.Meeting, Lines: one.Log.Lines}); err != nil {
				t.Fatal(err)
			}
			want[name+"."+f.Ext] = text.String()
		}
		if err := replay.WriteReplies(&replies, one.Said); err != nil {
			t.Fatal(err)
		}
	}
	want[m.Name+".replies"] = replies.String()
	return len(list)
}

const shortLog = "09:00:00 <anna> #startmeeting Weekly\n09:00:01 <bert> hi\n09:00:02 <anna> #action bert tests it\n09:00:03 <anna> #endmeeting\n"

// TestReplayTellsByNames has logs whose names tell the room and the day.
func TestReplayTellsByNames(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "ops", "2026"), 0o755); err != nil {
		t.Fatal(err)
	}
	log := writeFile(t, filepath.Join(dir, "ops", "2026"), "ops.2026-11-22-09.00.log.txt", shortLog+"10:00 <anna> #startmeeting\n", 0o600)
	out := filepath.Join(dir, "out")
	status, stdout, stderr := cli(t, "minutes", "replay", log, "-o", out, "--format", "txt,replies", "--zone", "Europe/Berlin", "--network", "libera", "--url-base", "https://example.org/ops/2026/")
	want := out + "/ops.2026-11-22-09.00: #ops: Weekly, 2026-11-22 08:00: 4 lines by 2 people, 1 item, 1 action; 2 files written, 0 as before\n" +
		out + "/ops.2026-11-22-09.00.m2: #ops Meeting, 2026-11-22 09:00, not ended: 1 line by 1 person, 0 items, 0 actions; 1 file written, 0 as before\n"
	if status != exitOK || stdout != want || stderr != "" {
		t.Errorf("status %d\n%s\nwant\n%s\n%s", status, stdout, want, stderr)
	}
	texts, _ := filesBelow(t, out)
	if !strings.Contains(texts["ops.2026-11-22-09.00.txt"], "Network: libera\n") {
		t.Errorf("the network is not in %s", texts["ops.2026-11-22-09.00.txt"])
	}
	if len(texts) != 3 || !strings.Contains(texts["ops.2026-11-22-09.00.replies"], "https://example.org/ops/2026/ops.2026-11-22-09.00.html") {
		t.Errorf("there are %q", texts)
	}
}

// TestReplayInPlace writes beside the log: the log itself stays as it is.
func TestReplayInPlace(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	text := "08:59:00 <bert> before the meeting\n" + shortLog
	log := writeFile(t, dir, "ops.2026-11-22-09.00.log.txt", text, 0o600)
	status, stdout, stderr := cli(t, "minutes", "replay", "--out", dir, log)
	if status != exitOK || !strings.Contains(stderr, "is what was read, so it is left as it is.") || !strings.HasSuffix(stdout, "; 9 files written, 0 as before\n") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	texts, _ := filesBelow(t, dir)
	if texts["ops.2026-11-22-09.00.log.txt"] != text || len(texts) != 10 {
		t.Errorf("%d files, the log is %q", len(texts), texts["ops.2026-11-22-09.00.log.txt"])
	}
	other := writeFile(t, dir, "dev.txt", text, 0o600)
	status, _, stderr = cli(t, "minutes", "replay", "--out", dir, other)
	if status != exitFailed || !strings.Contains(stderr, "would be written over the log of that name. Choose another --out or --name.") {
		t.Errorf("status %d\n%s", status, stderr)
	}
	if now, _ := filesBelow(t, dir); len(now) != 11 || now["dev.txt"] != text {
		t.Errorf("there are %d files now", len(now))
	}
}

// TestReplayOfWhatComesIn reads a log from another program.
func TestReplayOfWhatComesIn(t *testing.T) {
	alone(t)
	t.Setenv("HOME", "/proc/nothing")
	t.Setenv(envConfig, "/nowhere/batsignal.yaml") // it is not read
	dir := t.TempDir()
	var stdout, stderr strings.Builder
	status := execute([]string{"minutes", "replay", "--name", "weekly", "--out", dir, "--format", ".txt", "-"}, strings.NewReader(shortLog), &stdout, &stderr)
	if status != exitOK || !strings.HasPrefix(stdout.String(), dir+"/weekly: #weekly: Weekly, 1970-01-01 09:00: ") {
		t.Errorf("status %d\n%s", status, stdout.String())
	}
	if want := "batsignal: - does not say of which day it is, so the minutes are of 1 January 1970. Say --date 2026-11-22 to have them of that day.\n"; stderr.String() != want {
		t.Errorf("%s\nwant\n%s", stderr.String(), want)
	}
	if texts, _ := filesBelow(t, dir); len(texts) != 1 {
		t.Errorf("%q", texts)
	}
}

// TestReplayRestricted has minutes that are not for everybody.
func TestReplayRestricted(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	log := writeFile(t, t.TempDir(), "ops.2026-11-22-09.00.log.txt", strings.Replace(shortLog, "hi\n", "hi\n09:00:01 <anna> #restrictlogs\n", 1), 0o644)
	if status, _, stderr := cli(t, "minutes", "replay", "--out", dir, log); status != exitOK {
		t.Fatal(stderr)
	}
	texts, _ := filesBelow(t, dir)
	for name := range texts {
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st.Mode(), err)
		}
	}
	if len(texts) != 10 {
		t.Errorf("%d files", len(texts))
	}
}

// TestReplayRefuses has everything that cannot be replayed: each says what to do, and
// writes nothing.
func TestReplayRefuses(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	good := writeFile(t, dir, "good.log.txt", shortLog, 0o600)
	twin := writeFile(t, t.TempDir(), "good.log", shortLog, 0o600)
	talk := writeFile(t, dir, "talk.log.txt", "09:00 <anna> hi\n09:01 <bert> hi\n", 0o600)
	empty := writeFile(t, dir, "empty.log.txt", "", 0o600)
	rubbish := writeFile(t, dir, "rubbish.log.txt", "\x7fELF\x00\x01\xff\xfe\n\x00<\x00>\n", 0o600)
	hidden := writeFile(t, dir, ".log.txt", shortLog, 0o600)
	file := writeFile(t, dir, "file", "", 0o600)
	for _, c := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{good}, exitUsage, "Where to? Say --out with a directory"},
		{[]string{"--out", "OUT"}, exitUsage, "requires at least 1 arg(s), only received 0"},
		{[]string{"--out", "OUT", "--dialect", "klingon", good}, exitUsage, `There is no dialect "klingon". There are: batsignal, debian, openstack, fedora.`},
		{[]string{"--out", "OUT", "--date", "yesterday", good}, exitUsage, `"yesterday" is no date. It should look like 2026-11-22.`},
		{[]string{"--out", "OUT", "--zone", "Mars/Olympus", good}, exitUsage, `There is no time zone "Mars/Olympus". It should look like Europe/Berlin.`},
		{[]string{"--out", "OUT", "--format", "txt,pdf", good}, exitUsage, `There is no format "pdf" in the dialect batsignal. There are: html, log.html, txt, log.txt, md, json, rst, mw, eml, replies, or all.`},
		{[]string{"--out", "OUT", "--name", "x", good, talk}, exitUsage, "--name is for one log; these are 2."},
		{[]string{"--out", "OUT", "--name", "../x", good}, exitUsage, `"../x" cannot be what files are called.`},
		{[]string{"--out", "OUT", "--name", ".x", good}, exitUsage, `".x" cannot be what files are called.`},
		{[]string{"--out", "OUT", hidden}, exitUsage, `"" cannot be what files are called.`},
		{[]string{"--out", "OUT", "-"}, exitUsage, "What comes in has no name. Give it one: --name weekly"},
		{[]string{"--out", "OUT", "--url-base", "https://example.org/x", good, talk}, exitUsage, "--url-base would give 2 logs one address."},
		{[]string{"--out", "OUT", good, twin}, exitUsage, "would have files of one name, good. Replay them into different directories."},
		{[]string{"--out", file, good}, exitFailed, "The directory " + file + " cannot be written to: "},
		{[]string{"--out", "/proc/batsignal", good}, exitFailed, "The directory /proc/batsignal cannot be written to: "},
		{[]string{"--out", "OUT", filepath.Join(dir, "missing.log")}, exitFailed, "missing.log cannot be read: no such file or directory."},
		{[]string{"--out", "OUT", dir}, exitFailed, "is a directory. Name the logs in it, such as " + dir + "/*.log.txt."},
		{[]string{"--out", "OUT", empty}, exitFailed, "is no log that can be read here: no line of it is like 09:00:00 <nick> text."},
		{[]string{"--out", "OUT", rubbish}, exitFailed, "is no log that can be read here"},
		{[]string{"--out", "OUT", talk}, exitFailed, "none of its 2 lines of chat is #startmeeting. If there was one, put a line like 09:00:00 <nick> #startmeeting TOPIC where it began."},
		{[]string{"--out", "OUT", "--name", strings.Repeat("x", 250), good}, exitFailed, "file name too long"},
	} {
		out := filepath.Join(t.TempDir(), "out")
		args := slices.Clone(c.args)
		if i := slices.Index(args, "OUT"); i >= 0 {
			args[i] = out
		}
		status, stdout, stderr := cli(t, append([]string{"minutes", "replay"}, args...)...)
		if status != c.status || stdout != "" || !strings.Contains(stderr, c.stderr) {
			t.Errorf("%q: status %d, want %d and %q:\n%s%s", c.args, status, c.status, c.stderr, stdout, stderr)
		}
		if _, err := os.Stat(out); err == nil {
			if left, _ := filesBelow(t, out); len(left) > 0 {
				t.Errorf("%q: left behind: %q", c.args, left)
			}
		}
	}
	// One that cannot be replayed does not stop the others.
	out := t.TempDir()
	status, stdout, stderr := cli(t, "minutes", "replay", "--date", "2026-11-22", "--out", out, talk, good, rubbish)
	if status != exitFailed || strings.Count(stdout, "\n") != 1 || !strings.HasSuffix(stderr, "batsignal: 2 of 3 logs could not be replayed.\n") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}

// TestTitlesDoNotActInATerminal has somebody put an escape sequence in a topic.
func TestTitlesDoNotActInATerminal(t *testing.T) {
	alone(t)
	log := writeFile(t, t.TempDir(), "x.2026-11-22.log", strings.Replace(shortLog, "Weekly", "W\x1b[2Jee\x07kly\u202e", 1), 0o600)
	_, stdout, _ := cli(t, "minutes", "replay", "--out", t.TempDir(), log)
	if strings.ContainsAny(stdout, "\x1b\x07\u202e") || !strings.Contains(stdout, "#x: Weekly") {
		t.Errorf("%q", stdout)
	}
}

// TestMinutesHelp has every command show how it is used.
func TestMinutesHelp(t *testing.T) {
	for command, want := range map[string]string{
		"replay": "batsignal minutes replay --out minutes ops.2026-11-22-03.03.log.txt", "import": "batsignal minutes import --network libera /var/www/meetbot",
		"show": "batsignal minutes show 12", "list": "--room", "write": "--out",
	} {
		if status, stdout, _ := cli(t, "minutes", command, "--help"); status != exitOK || !strings.Contains(stdout, want) {
			t.Errorf("%s: %s", command, stdout)
		}
	}
}
