package archive_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/archive"
	"batsignal/incidents/minutes/write"
)

// held is a meeting with some lines.
func held(s minutes.Setting, texts ...string) write.Doc {
	if s.Dialect == nil {
		s.Dialect = minutes.Batsignal()
	}
	if s.Room == "" {
		s.Room = "#ops"
	}
	at := time.Date(2026, 11, 22, 3, 3, 0, 0, time.UTC)
	var doc write.Doc
	var log minutes.Log
	for i, text := range append([]string{"#startmeeting"}, texts...) {
		e := minutes.Event{At: at.Add(time.Duration(i) * time.Second), Who: minutes.Who{Nick: "anna"}, Text: text}
		if doc.Meeting == nil {
			doc.Meeting, _ = minutes.Start(s, e)
			log.Hear(doc.Meeting, e)
			continue
		}
		log.Hear(doc.Meeting, e)
		doc.Hear(e)
	}
	doc.Lines = log.Lines
	return doc
}

func put(t testing.TB, d archive.Dir, doc write.Doc) {
	t.Helper()
	if err := d.Put(context.Background(), doc); err != nil {
		t.Fatal(err)
	}
}

// files are all files below a directory with their permissions and contents.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		st, err := d.Info()
		if err != nil {
			return err
		}
		text := ""
		if st.Mode().IsRegular() {
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			text = string(b)
		}
		below, err := filepath.Rel(dir, name)
		all[below] = st.Mode().String() + "\n" + text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFilesAreWhereThePatternSays looks at names, permissions and what is in the files,
// under a umask that would hide them.
func TestFilesAreWhereThePatternSays(t *testing.T) {
	before := syscall.Umask(0o077)
	t.Cleanup(func() { syscall.Umask(before) })
	dir := filepath.Join(t.TempDir(), "not", "there")
	for _, d := range minutes.Dialects() {
		doc := held(minutes.Setting{Dialect: d, Room: "#" + d.Name}, "#topic Backups", "#endmeeting")
		put(t, archive.Dir{Path: dir}, doc)
		got := files(t, dir)
		for _, f := range archive.FormatsFor(d) {
			var want strings.Builder
			want.WriteString("-rw-r--r--\n")
			if err := f.Write(&want, doc); err != nil {
				t.Fatal(err)
			}
			name := d.Name + "/2026/" + d.Name + ".2026-11-22-03.03." + f.Ext
			if got[name] != want.String() {
				t.Errorf("%s is\n%s\nwant\n%s", name, got[name], want.String())
			}
		}
		for _, below := range []string{d.Name, d.Name + "/2026"} {
			if st, err := os.Stat(filepath.Join(dir, below)); err != nil || st.Mode().Perm() != 0o755 {
				t.Errorf("%s: %v, %v", below, st.Mode(), err)
			}
		}
	}
}

// TestRestrictedFilesAreClosed writes a meeting that is restricted later.
func TestRestrictedFilesAreClosed(t *testing.T) {
	dir := t.TempDir()
	d := archive.Dir{Path: dir, Formats: []string{"txt", "log.txt", "none"}}
	put(t, d, held(minutes.Setting{}, "#info secret", "#save"))
	put(t, d, held(minutes.Setting{}, "#info secret", "#restrictlogs", "#endmeeting"))
	got := files(t, dir)
	if len(got) != 2 {
		t.Errorf("there are %d files", len(got))
	}
	for name, text := range got {
		if !strings.HasPrefix(text, "-rw-------\n") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// TestASecondPutChangesNothing looks for files that are new.
func TestASecondPutChangesNothing(t *testing.T) {
	dir := t.TempDir()
	d := archive.Dir{Path: dir}
	doc := held(minutes.Setting{}, "#info one", "#endmeeting")
	put(t, d, doc)
	inodes := func() map[string]uint64 {
		list := map[string]uint64{}
		for name := range files(t, dir) {
			st, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			list[name] = st.Sys().(*syscall.Stat_t).Ino
		}
		return list
	}
	before := inodes()
	put(t, d, doc)
	for name, ino := range inodes() {
		if ino != before[name] {
			t.Errorf("%s is another file", name)
		}
	}
	// What somebody changed, cut off or lengthened is put right.
	html := filepath.Join(dir, "ops/2026/ops.2026-11-22-03.03.html")
	right := files(t, dir)
	for _, spoil := range []func() error{
		func() error { return os.WriteFile(html, []byte("<p>"), 0o644) },
		func() error { return os.Truncate(html, 10) },
		func() error { return os.Chmod(html, 0o600) },
		func() error {
			text, err := os.ReadFile(html)
			if err != nil {
				return err
			}
			return os.WriteFile(html, append(text, '\n'), 0o644)
		},
		func() error { return os.Remove(html) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		put(t, d, doc)
		for name, text := range files(t, dir) {
			if text != right[name] {
				t.Errorf("%s is not as it was", name)
			}
		}
	}
}

// TestLinksLeadNowhere has somebody put links in the way.
func TestLinksLeadNowhere(t *testing.T) {
	doc := held(minutes.Setting{}, "#endmeeting")
	outside := t.TempDir()
	victim := filepath.Join(outside, "victim")
	if err := os.WriteFile(victim, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, plant := range map[string]func(dir string) error{
		"the room":         func(dir string) error { return os.Symlink(outside, filepath.Join(dir, "ops")) },
		"the room, by ..":  func(dir string) error { return os.Symlink("../"+filepath.Base(outside), filepath.Join(dir, "ops")) },
		"the room, broken": func(dir string) error { return os.Symlink("nowhere", filepath.Join(dir, "ops")) },
		"the year": func(dir string) error {
			return join(os.Mkdir(filepath.Join(dir, "ops"), 0o755), os.Symlink(outside, filepath.Join(dir, "ops", "2026")))
		},
		"the year, a file": func(dir string) error {
			return join(os.Mkdir(filepath.Join(dir, "ops"), 0o755), os.WriteFile(filepath.Join(dir, "ops", "2026"), nil, 0o644))
		},
		"a file, a directory": func(dir string) error {
			return os.MkdirAll(filepath.Join(dir, "ops", "2026", "ops.2026-11-22-03.03.txt"), 0o755)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := plant(dir); err != nil {
				t.Fatal(err)
			}
			if err := (archive.Dir{Path: dir}).Put(context.Background(), doc); err == nil {
				t.Error("it was written")
			}
			untouched(t, outside, victim)
			for name, text := range files(t, dir) {
				if !strings.HasPrefix(text, "L") && text != "-rw-r--r--\n" {
					t.Errorf("%s was left behind", name)
				}
			}
		})
	}
	t.Run("a file", func(t *testing.T) {
		dir := t.TempDir()
		html := filepath.Join(dir, "ops/2026/ops.2026-11-22-03.03.html")
		if err := join(os.MkdirAll(filepath.Dir(html), 0o755), os.Symlink(victim, html)); err != nil {
			t.Fatal(err)
		}
		put(t, archive.Dir{Path: dir}, doc)
		untouched(t, outside, victim)
		if st, err := os.Lstat(html); err != nil || !st.Mode().IsRegular() {
			t.Errorf("the link is %v, %v", st.Mode(), err)
		}
	})
	t.Run("a pipe", func(t *testing.T) { // nobody reads it: whoever opened it would wait for ever
		dir := t.TempDir()
		html := filepath.Join(dir, "ops/2026/ops.2026-11-22-03.03.html")
		if err := join(os.MkdirAll(filepath.Dir(html), 0o755), syscall.Mkfifo(html, 0o644)); err != nil {
			t.Fatal(err)
		}
		put(t, archive.Dir{Path: dir}, doc)
		if st, err := os.Lstat(html); err != nil || !st.Mode().IsRegular() {
			t.Errorf("the pipe is %v, %v", st.Mode(), err)
		}
	})
}

func join(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func untouched(t *testing.T, outside, victim string) {
	t.Helper()
	list, err := os.ReadDir(outside)
	if text, bad := os.ReadFile(victim); err != nil || bad != nil || len(list) != 1 || string(text) != "mine" {
		t.Errorf("what is outside was touched: %v %q %v %v", list, text, err, bad)
	}
}

// TestHostileNamesStayInside writes meetings that are called after places elsewhere.
func TestHostileNamesStayInside(t *testing.T) {
	around := t.TempDir()
	dir := filepath.Join(around, "minutes")
	for _, d := range minutes.Dialects() {
		for _, s := range []minutes.Setting{
			{Room: "#../../etc/passwd"}, {Room: "#.."}, {Room: "#."}, {Room: "#/"}, {Room: "#a\x00b"}, {Room: "#%%Y%s"}, {Room: "# "},
			{Room: "#ops", Network: "../..", Files: minutes.Naming{Pattern: "%(network)s/%(network)s/%(meetingname)s"}},
			{Room: "#ops", Files: minutes.Naming{Pattern: "../../%(channel)s"}},
			{Room: "#ops", Files: minutes.Naming{Pattern: "/etc/%(channel)s"}},
			{Room: "#ops", Files: minutes.Naming{Pattern: "x", Suffix: "-2"}},
		} {
			s.Dialect = d
			for _, name := range []string{"../../../etc", "..", "a/b", "\x00", "%%%"} {
				put(t, archive.Dir{Path: dir, Formats: []string{"txt"}}, held(s, "#meetingname "+name, "#endmeeting"))
			}
		}
	}
	list, err := os.ReadDir(around)
	if err != nil || len(list) != 1 || list[0].Name() != "minutes" {
		t.Errorf("beside the directory there are now %v, %v", list, err)
	}
	for name := range files(t, dir) {
		if !strings.HasSuffix(name, ".txt") || !filepath.IsLocal(name) {
			t.Errorf("there is a file %q", name)
		}
	}
}

// TestWhatCannotBeWrittenLeavesNothing has a name that no file can have.
func TestWhatCannotBeWrittenLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	doc := held(minutes.Setting{Files: minutes.Naming{Pattern: "ops/" + strings.Repeat("x", 248)}}, "#endmeeting") // with .html it is too long
	if err := (archive.Dir{Path: dir}).Put(context.Background(), doc); err == nil {
		t.Error("it was written")
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if err := (archive.Dir{Path: dir}).Put(done, held(minutes.Setting{}, "#endmeeting")); err == nil {
		t.Error("it was written after the end")
	}
}
