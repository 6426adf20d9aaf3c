package files_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/files"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/integrations/throwaway"
	"batsignal/migrations/childtest"
	"batsignal/migrations/pgtest"
)

func TestMain(m *testing.M) {
	if is, err := argv.Enter(os.Args, os.Environ()); is {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(argv.NotEntered)
	}
	pgtest.Main(m)
}

var now = time.Date(2026, 3, 1, 3, 14, 0, 0, time.UTC)

// keys is a place with what people back up: keys, a link, a name that is hard to write, and
// what is no file.
func keys(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	for name, content := range map[string]string{
		"ca.key": "secret\n", "nss/cert9.db": strings.Repeat("cert", 50_000), "nss/key4.db": "key", "empty": "",
		"odd \\ na\nme": "odd", "logs/x.log": "noise", "ä ö": "umlaut", strings.Repeat("long/", 40) + "end": "deep",
	} {
		put(t, filepath.Join(dir, name), content)
	}
	must(t, os.Chmod(filepath.Join(dir, "ca.key"), 0o400))
	must(t, os.Chmod(filepath.Join(dir, "nss/key4.db"), 0o640))
	must(t, os.Symlink("/etc/passwd", filepath.Join(dir, "out")))
	must(t, os.Symlink("ca.key", filepath.Join(dir, "current")))
	must(t, unix.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "socket"), Net: "unix"})
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return dir
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, file, content string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(file), 0o755))
	must(t, os.WriteFile(file, []byte(content), 0o600))
}

func source(t testing.TB, c files.Config) *files.Source {
	t.Helper()
	if c.Now == nil {
		c.Now = func() time.Time { return now }
	}
	s, err := files.New(c)
	must(t, err)
	return s
}

// written is a backup.
type written struct {
	file   []byte
	taken  backup.Taken
	memory *jobtest.Memory
}

func writeOf(t testing.TB, s *files.Source) written {
	t.Helper()
	r, memory := jobtest.Run(t, job.About{})
	var out bytes.Buffer
	taken, err := s.Write(t.Context(), r, &out)
	must(t, err)
	return written{out.Bytes(), taken, memory}
}

func prove(t testing.TB, s *files.Source, file []byte, of backup.Taken) (backup.Proof, *jobtest.Memory, error) {
	t.Helper()
	r, memory := jobtest.Run(t, job.About{})
	proof, err := s.Prove(t.Context(), r, bytes.NewReader(file), of)
	if left, _ := os.ReadDir(r.ScratchRoot); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
	return proof, memory, err
}

func fails(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v does not say %q", err, want)
	}
}

// A backup is proven by us to level 4, and by hand as it says: with tar and sha256sum.
func TestABackupIsRestoredByUsAndByHand(t *testing.T) {
	dir := keys(t)
	s := source(t, files.Config{Paths: []string{dir}, Exclude: []string{"*.log"}, Sentinel: dir + "/sentinel",
		Checks: []files.Check{{Argv: []string{"grep", "-c", "secret", "{dir}" + dir + "/ca.key"}, Dir: dir[1:] + "/nss", Expect: "1"}}})
	b := writeOf(t, s)
	proof, memory, err := prove(t, s, b.file, b.taken)
	if err != nil || proof.Level != 4 || len(proof.Facts) != 4 {
		t.Fatalf("%+v, %v", proof, err)
	}
	for i := range proof.Facts {
		if proof.Facts[i] != b.taken.Facts[i] {
			t.Errorf("%v is %v", b.taken.Facts[i], proof.Facts[i])
		}
	}
	for _, want := range []string{"pipe (a pipe)", "socket (a socket)"} {
		if !strings.Contains(b.memory.Text(), want) {
			t.Errorf("%q is not told:\n%s", want, b.memory.Text())
		}
	}
	if !strings.Contains(memory.Text(), "grep passed") {
		t.Error(memory.Text())
	}
	if b.memory.Number == 0 || b.memory.Number != b.memory.Of {
		t.Errorf("%d of %d", b.memory.Number, b.memory.Of)
	}

	place := t.TempDir()
	must(t, os.WriteFile(filepath.Join(place, "backup.tar"), b.file, 0o600))
	var lines []string
	for line := range strings.Lines(s.Restoring()) {
		if command, ok := strings.CutPrefix(line, "    "); ok {
			lines = append(lines, command)
		}
	}
	cmd := exec.Command("sh", "-ec", strings.Join(lines, ""))
	cmd.Dir = place
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "whole\n" {
		t.Errorf("%s, %v", out, err)
	}
	at := filepath.Join(place, "restored", dir)
	for name, mode := range map[string]os.FileMode{"ca.key": 0o400, "nss/key4.db": 0o640, "sentinel": 0o600} {
		was, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		is, err := os.Stat(filepath.Join(at, name))
		if err != nil || is.Mode() != mode || !is.ModTime().Equal(was.ModTime()) {
			t.Errorf("%s: %v, %v", name, is, err)
		}
	}
	if to, err := os.Readlink(filepath.Join(at, "out")); err != nil || to != "/etc/passwd" {
		t.Errorf("%q, %v", to, err)
	}
	if _, err := os.Stat(filepath.Join(at, "logs/x.log")); err == nil {
		t.Error("what is excluded is there")
	}
	if bytes.Contains(b.file, []byte("root:x:")) {
		t.Error("a link was followed")
	}
}

// The same files make the same tar, except for the sentinel; and each backup has its own.
func TestTheSameFilesMakeTheSameTar(t *testing.T) {
	dir := keys(t)
	s := source(t, files.Config{Paths: []string{dir + "/nss", dir, dir + "/n*s"}, Exclude: []string{dir + "/logs"}})
	one, other := writeOf(t, s), writeOf(t, s)
	upTo := func(b written) []byte { return b.file[:bytes.Index(b.file, []byte("SENTINEL\x00"))] }
	if !bytes.Equal(upTo(one), upTo(other)) || len(upTo(one)) < 200_000 {
		t.Error("they differ")
	}
	if one.taken.Sentinel == other.taken.Sentinel || !strings.Contains(one.memory.Text(), "level 4 is not reached") {
		t.Errorf("%+v", one.taken)
	}
	proof, _, err := prove(t, s, one.file, one.taken)
	if err != nil || proof.Level != 3 || !strings.Contains(proof.Detail, "beside the files") {
		t.Errorf("%+v, %v", proof, err)
	}
}

func TestAttributesAreKept(t *testing.T) {
	dir := t.TempDir()
	put(t, dir+"/f", "x")
	if err := unix.Setxattr(dir+"/f", "user.who", []byte("ada\x00=\n"), 0); err != nil {
		t.Logf("this file system has none: %v", err)
		return
	}
	b := writeOf(t, source(t, files.Config{Paths: []string{dir}}))
	tr := tar.NewReader(bytes.NewReader(b.file))
	for {
		h, err := tr.Next()
		must(t, err)
		if h.Name == dir[1:]+"/f" {
			if h.PAXRecords["SCHILY.xattr.user.who"] != "ada\x00=\n" {
				t.Errorf("%q", h.PAXRecords)
			}
			return
		}
	}
}

// A database that is written to all the time is copied in one piece, and asked after it was
// restored.
func TestADatabaseIsCopiedInOnePiece(t *testing.T) {
	sqlite, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Log("NOT RUN: there is no sqlite3")
		return
	}
	dir := t.TempDir()
	db := dir + "/x.db"
	live := exec.Command(sqlite, db, "pragma journal_mode=wal; create table t(n); insert into t values (42);", ".shell touch "+dir+"/open", ".shell cat "+dir+"/fifo")
	must(t, unix.Mkfifo(dir+"/fifo", 0o600))
	must(t, live.Start())
	for _, err := os.Stat(dir + "/open"); err != nil; _, err = os.Stat(dir + "/open") {
		time.Sleep(5 * time.Millisecond)
	}
	s := source(t, files.Config{Paths: []string{dir}, Sentinel: dir + "/s", Copies: []files.Copy{{Of: db, With: []string{"sqlite3", db, ".backup {to}"}}},
		Checks: []files.Check{{Argv: []string{"sqlite3", "{dir}" + db, "pragma integrity_check; select 'n is ' || n from t"}, Expect: "n is 42"}}})
	b := writeOf(t, s)
	if _, err := os.Stat(db + "-wal"); err != nil {
		t.Errorf("the database was not in use: %v", err)
	}
	if bytes.Contains(b.file, []byte("x.db-wal")) {
		t.Error("what lies beside it is in the backup")
	}
	if proof, _, err := prove(t, s, b.file, b.taken); err != nil || proof.Level != 4 {
		t.Errorf("%+v, %v", proof, err)
	}
	must(t, os.WriteFile(dir+"/fifo", nil, 0))
	must(t, live.Wait())
}

// Whatever becomes of a backup, it is not proven; and what kept us from trying says nothing.
func TestWhatIsBrokenIsNotProven(t *testing.T) {
	dir := keys(t)
	s := source(t, files.Config{Paths: []string{dir}, Sentinel: dir + "/sentinel"})
	b := writeOf(t, s)
	flipped := bytes.Clone(b.file)
	flipped[bytes.Index(flipped, []byte("certcert"))+100_000] ^= 1
	older := writeOf(t, s)
	for name, c := range map[string]struct {
		file []byte
		of   backup.Taken
	}{
		"cut off": {b.file[:len(b.file)/2], b.taken}, "nothing": {nil, b.taken}, "one bit": {flipped, b.taken}, "another one": {older.file, b.taken},
		"no sentinel in it": {b.file, backup.Taken{Sentinel: strings.Repeat("0", 64)}}, "no manifest": {cutTar(t, b.file), b.taken}, "noise": {bytes.Repeat([]byte("noise"), 1000), b.taken},
	} {
		var not backup.NotProven
		if _, _, err := prove(t, s, c.file, c.of); err == nil || errors.As(err, &not) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, check := range map[string]files.Check{
		"did not say": {Argv: []string{"echo", "no"}, Expect: "yes"}, "ended with status 1": {Argv: []string{"false"}}, "not restored": {Argv: []string{"true"}, Dir: "etc"},
		"leads out": {Argv: []string{"true"}, Dir: dir[1:] + "/away"},
	} {
		if want == "leads out" {
			must(t, os.Symlink("/etc", dir+"/away"))
			b = writeOf(t, s)
		}
		_, _, err := prove(t, source(t, files.Config{Paths: []string{dir}, Sentinel: dir + "/sentinel", Checks: []files.Check{check}}), b.file, b.taken)
		fails(t, err, want)
	}
	var not backup.NotProven
	_, _, err := prove(t, source(t, files.Config{Paths: []string{dir}, Checks: []files.Check{{Argv: []string{"no-such-program"}}}}), b.file, backup.Taken{})
	if !errors.As(err, &not) {
		t.Errorf("%v", err)
	}
	for _, said := range []string{"echo database or disk is full: No space left on device >&2; exit 1", "kill -KILL $$"} {
		_, _, err := prove(t, source(t, files.Config{Paths: []string{dir}, Checks: []files.Check{{Argv: []string{"sh", "-c", said}}}}), b.file, backup.Taken{})
		if !errors.As(err, &not) || !strings.Contains(err.Error(), "too little room") {
			t.Errorf("%v", err)
		}
	}
	// A check reaches nobody.
	walls := throwaway.Walls{Mode: throwaway.Required, Ours: argv.OurWalls()}
	if err := argv.TryWalls(t.Context(), walls.Ours); err != nil {
		childtest.Lacks(t, err)
	}
	ours, err := os.Readlink("/proc/self/ns/net")
	must(t, err)
	_, m, err := prove(t, source(t, files.Config{Paths: []string{dir}, Walls: walls, Checks: []files.Check{{Argv: []string{"sh", "-c", "test $(readlink /proc/self/ns/net) != " + ours}}}}), b.file, backup.Taken{})
	if err != nil || !strings.Contains(m.Text(), "in a network of its own") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, _ := jobtest.Run(t, job.About{})
	_, err = s.Prove(ctx, r, readerFunc(func([]byte) (int, error) { cancel(); return 0, io.ErrUnexpectedEOF }), b.taken)
	if !errors.As(err, &not) {
		t.Errorf("%v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// cutTar copies a tar without its manifest.
func cutTar(t *testing.T, file []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	tr, tw := tar.NewReader(bytes.NewReader(file)), tar.NewWriter(&out)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		if h.Name != "MANIFEST.sha256" {
			must(t, tw.WriteHeader(h))
			_, err := io.Copy(tw, tr)
			must(t, err)
		}
	}
	must(t, tw.Close())
	return out.Bytes()
}

// A tar that was made to do harm does none: nothing is written outside, nothing is made but
// files, directories and links.
func TestAHostileTarDoesNoHarm(t *testing.T) {
	victim := filepath.Join(t.TempDir(), "victim")
	put(t, victim+"/f", "mine")
	s := source(t, files.Config{Paths: []string{victim}, Bytes: 1 << 20, Files: 10})
	link := func(name, to string) *tar.Header {
		return &tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to}
	}
	file := func(name string) *tar.Header {
		return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: 4, Mode: 0o6777}
	}
	for name, headers := range map[string][]*tar.Header{
		"up":           {file("../../victim/f")},
		"absolute":     {file(victim + "/f")},
		"through":      {link("a", victim), file("a/f")},
		"over":         {link("f", victim+"/f"), file("f")},
		"in two steps": {link("a", "b"), link("b", ".."), file("a/b/f")},
		"hard link":    {{Typeflag: tar.TypeLink, Name: "f", Linkname: victim + "/f"}},
		"device":       {{Typeflag: tar.TypeChar, Name: "null", Devmajor: 1, Devminor: 3}},
		"pipe":         {{Typeflag: tar.TypeFifo, Name: "pipe"}},
		"directory":    {link("d", victim), {Typeflag: tar.TypeDir, Name: "d/new", Mode: 0o777}},
		"huge":         {{Typeflag: tar.TypeReg, Name: "huge", Size: 1 << 40}},
		"myself":       {file(".")},
	} {
		var out bytes.Buffer
		tw := tar.NewWriter(&out)
		for _, h := range headers {
			must(t, tw.WriteHeader(h))
			if h.Size == 4 {
				_, err := tw.Write([]byte("evil"))
				must(t, err)
			}
		}
		if _, _, err := prove(t, s, out.Bytes(), backup.Taken{}); err == nil {
			t.Errorf("%s: it is proven", name)
		}
		content, err := os.ReadFile(victim + "/f")
		list, _ := os.ReadDir(victim)
		if err != nil || string(content) != "mine" || len(list) != 1 {
			t.Errorf("%s: %q, %v, %v", name, content, list, err)
		}
	}
}

// moving changes a file each time that some of the backup is written, as often as it may.
type moving struct {
	bytes.Buffer
	file  string
	times int
	how   func(file string)
	mu    sync.Mutex
}

func (m *moving) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if bytes.Contains(b, []byte("moving")) && m.times > 0 {
		m.times--
		m.how(m.file)
	}
	return m.Buffer.Write(b)
}

func TestAFileThatChangesIsReadAgainOrTold(t *testing.T) {
	grow := func(file string) {
		f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
		must(t, err)
		_, err = f.WriteString("more")
		must(t, errors.Join(err, f.Close()))
	}
	shrink := func(file string) { must(t, os.Truncate(file, 10)) }
	for name, c := range map[string]struct {
		how   func(string)
		times int
	}{"grows": {grow, 2}, "shrinks": {shrink, 1}, "always": {grow, 100}} {
		dir := t.TempDir()
		put(t, dir+"/a", "first")
		put(t, dir+"/m", strings.Repeat("moving ", 30_000))
		put(t, dir+"/z", "last")
		s := source(t, files.Config{Paths: []string{dir}, Sentinel: dir + "/s"})
		r, memory := jobtest.Run(t, job.About{})
		out := &moving{file: dir + "/m", times: c.times, how: c.how}
		taken, err := s.Write(t.Context(), r, out)
		if name == "always" {
			fails(t, err, dir+"/m changed each of 3 times")
			continue
		}
		must(t, err)
		if !strings.Contains(memory.Text(), "changed while it was read") {
			t.Errorf("%s: it is not told", name)
		}
		if proof, _, err := prove(t, s, out.Bytes(), taken); err != nil || proof.Level != 4 {
			t.Errorf("%s: %+v, %v", name, proof, err)
		}
		place := t.TempDir() // stock tar takes the last one as well
		cmd := exec.Command("sh", "-c", "tar -x && sha256sum -c --quiet MANIFEST.sha256")
		cmd.Dir, cmd.Stdin = place, bytes.NewReader(out.Bytes())
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %s, %v", name, said, err)
		}
	}
}

func TestWhatCannotBeBackedUpIsRefused(t *testing.T) {
	dir := keys(t)
	for want, c := range map[string]files.Config{
		"needs paths":        {},
		"is no path":         {Paths: []string{"etc"}},
		"whole machine":      {Paths: []string{"/"}},
		"is no pattern":      {Paths: []string{"/etc/[a"}},
		"lies in none":       {Paths: []string{dir}, Sentinel: "/etc/sentinel"},
		"is excluded":        {Paths: []string{dir}, Sentinel: dir + "/s", Exclude: []string{"s"}},
		"writes to {to}":     {Paths: []string{dir}, Copies: []files.Copy{{Of: dir + "/x", With: []string{"cp"}}}},
		"in none of the":     {Paths: []string{dir}, Copies: []files.Copy{{Of: "/etc/x", With: []string{"cp", "{to}"}}}},
		"A check is a":       {Paths: []string{dir}, Checks: []files.Check{{Argv: []string{"ls"}, Dir: "../x"}}},
		"has no \"..\" and ": {Paths: []string{dir + "/../x"}},
	} {
		_, err := files.New(c)
		fails(t, err, want)
	}
	for want, c := range map[string]files.Config{
		"is not there":       {Paths: []string{dir, dir + "/none"}},
		"No file is like":    {Paths: []string{dir + "/*.none"}},
		"is a symbolic link": {Paths: []string{dir + "/current"}},
		"not one file":       {Paths: []string{dir}, Exclude: []string{"*"}},
		"the limit is 3":     {Paths: []string{dir}, Files: 3},
		"more than 1000":     {Paths: []string{dir}, Bytes: 1000},
		"cannot be written":  {Paths: []string{dir}, Sentinel: dir + "/no/such/s"},
		"could not be":       {Paths: []string{dir}, Copies: []files.Copy{{Of: dir + "/ca.key", With: []string{"cp", "/no/such", "{to}"}}}},
		"wrote no copy":      {Paths: []string{dir}, Copies: []files.Copy{{Of: dir + "/ca.key", With: []string{"true", "{to}"}}}},
		"is not installed":   {Paths: []string{dir}, Copies: []files.Copy{{Of: dir + "/ca.key", With: []string{"no-such-program", "{to}"}}}},
		"not among the":      {Paths: []string{dir + "/nss"}, Copies: []files.Copy{{Of: dir + "/nss/none", With: []string{"cp", dir + "/ca.key", "{to}"}}}},
	} {
		r, _ := jobtest.Run(t, job.About{})
		_, err := source(t, c).Write(t.Context(), r, io.Discard)
		fails(t, err, want)
	}
}
