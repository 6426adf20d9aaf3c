package wholefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// is fails unless a folder has these files and no others, with their contents.
func is(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != len(want) {
		t.Errorf("%v, %v", files, err)
	}
	for name, text := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFileIsReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "head")
	for _, text := range []string{"a long one", "two"} {
		must(t, Replace(path, []byte(text), 0o600))
	}
	is(t, dir, map[string]string{"head": "two"})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := Replace(filepath.Join(path, "head"), nil, 0o600); err == nil {
		t.Error("written where there is no folder")
	}
}

// What is there stays, and whoever wants to make it is told.
func TestAFileIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	must(t, Create(path, []byte("one"), 0o600))
	if err := Create(path, []byte("two"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	is(t, dir, map[string]string{"key": "one"})
}

// Others than we may make the file while it is being written, as an operator who copies it in.
func TestAFileThatSomebodyElseMadeMeanwhileStays(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	err := Fill(path, 0o600, func(w io.Writer) error {
		_, err := io.WriteString(w, "ours")
		return errors.Join(err, os.WriteFile(path, []byte("theirs"), 0o600))
	})
	if !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	is(t, dir, map[string]string{"key": "theirs"})
}

// What root writes is read by the process whose folder it is.
func TestWhatRootWritesBelongsToWhomItsFolderDoes(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("only root can give files away, and this is not run as root")
		}
		t.Skip("only root can give files away, and this is not run as root: it was not tested")
	}
	dir := t.TempDir()
	must(t, os.Chown(dir, 65110, 65111))
	must(t, Replace(filepath.Join(dir, "a"), []byte("a"), 0o600))
	must(t, Create(filepath.Join(dir, "b"), []byte("b"), 0o600))
	must(t, Append(filepath.Join(dir, "c"), []byte("c"), 0o600))
	for _, name := range []string{"a", "b", "c"} {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if of, ok := info.Sys().(*syscall.Stat_t); !ok || of.Uid != 65110 || of.Gid != 65111 {
			t.Errorf("%s: %+v", name, of)
		}
	}
}

// Of many who make the same file at once one does, whole; the others are told.
func TestManyMakeAFileAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	var all sync.WaitGroup
	made := make(chan string, 16)
	for i := range cap(made) {
		all.Go(func() {
			text := strings.Repeat(fmt.Sprint(i%10), 10_000)
			switch err := Create(path, []byte(text), 0o600); {
			case err == nil:
				made <- text
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	all.Wait()
	close(made)
	if len(made) != 1 {
		t.Errorf("%d made it", len(made))
	}
	is(t, dir, map[string]string{"key": <-made})
}

// Those who replace a file at once come one after the other, and whoever reads meanwhile
// reads one of them whole.
func TestManyReplaceAFileAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "head")
	must(t, Replace(path, []byte(strings.Repeat("x", 1000)), 0o600))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 5 {
				if err := Replace(path, []byte(strings.Repeat(fmt.Sprint(i), 1000)), 0o600); err != nil {
					t.Error(err)
				}
				if got, err := os.ReadFile(path); err != nil || string(got) != strings.Repeat(string(got[:1]), 1000) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			}
		})
	}
	all.Wait()
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
}

// Filling breaks off: nothing of it is there, and it can be begun again.
func TestAHalfDoesNotStay(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "export")
	broken := errors.New("the database is gone")
	if err := Fill(path, 0o600, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half of ")
		return broken
	}); !errors.Is(err, broken) {
		t.Error(err)
	}
	is(t, dir, nil)
	must(t, Fill(path, 0o600, func(w io.Writer) error {
		_, err := io.WriteString(w, "all")
		return err
	}))
	is(t, dir, map[string]string{"export": "all"})
}

// Whoever is killed while they write leaves what nobody reads, and the next one is not in
// its way: nor is its mode, or that it cannot be opened.
func TestAKillBreaksNoLaterRun(t *testing.T) {
	if path := os.Getenv("WHOLEFILE_KILLED"); path != "" {
		_ = Fill(path, 0o644, func(w io.Writer) error {
			_, _ = io.WriteString(w, "half of a key that is longer than the whole one")
			fmt.Println("half")
			select {}
		})
	}
	for name, next := range map[string]func(path string, content []byte, mode fs.FileMode) error{"replace": Replace, "create": Create} {
		for _, mode := range []fs.FileMode{0o644, 0} {
			dir := t.TempDir()
			path := filepath.Join(dir, "key")
			child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
			child.Env = append(os.Environ(), "WHOLEFILE_KILLED="+path)
			out, err := child.StdoutPipe()
			must(t, err)
			must(t, child.Start())
			if _, err := io.ReadFull(out, make([]byte, 5)); err != nil {
				t.Fatal(err)
			}
			must(t, child.Process.Kill())
			_ = child.Wait() // killed
			left := "half of a key that is longer than the whole one"
			is(t, dir, map[string]string{"key.new": left})
			must(t, os.Chmod(path+".new", mode))

			if err := next(path, []byte("whole"), 0o600); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			is(t, dir, map[string]string{"key": "whole"})
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
		}
	}
}

// Nobody has a file written somewhere else by what they put beside it.
func TestWhatStandsBesideIsNotFollowed(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "key"), filepath.Join(dir, "other")
	must(t, os.WriteFile(other, []byte("theirs"), 0o600))
	must(t, os.Symlink(other, path+".new"))
	if err := Replace(path, []byte("ours"), 0o600); err == nil {
		t.Error("it was written")
	}
	is(t, dir, map[string]string{"other": "theirs", "key.new": "theirs"})
}

// fullDisk takes half of what is written, as a disk that is full in its middle.
type fullDisk struct{ *os.File }

func (f fullDisk) Write(p []byte) (int, error) {
	n, _ := f.File.Write(p[:len(p)/2])
	return n, syscall.ENOSPC
}

// A disk that was full for a while leaves no half line.
func TestAFullDiskSpoilsNoLines(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "deleted")
	must(t, Append(path, []byte("one\n"), 0o600))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	must(t, err)
	info, err := f.Stat()
	must(t, err)
	if err := add(fullDisk{f}, info.Size(), []byte("two\n")); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	must(t, f.Close())
	must(t, Append(path, []byte("two\n"), 0o600))
	is(t, dir, map[string]string{"deleted": "one\ntwo\n"})
}

func TestWhatOthersMayReadIsNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	must(t, Create(path, []byte("a key"), 0o600))
	if got, err := ReadPrivate(path, 5); err != nil || string(got) != "a key" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := ReadPrivate(path, 4); err == nil || !strings.Contains(err.Error(), "more than 4 bytes") {
		t.Error(err)
	}
	if _, err := ReadPrivate(path+"2", 4); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620} {
		must(t, os.Chmod(path, mode))
		var shared SharedError
		if _, err := ReadPrivate(path, 5); !errors.As(err, &shared) || shared.Path != path || shared.Mode != mode {
			t.Errorf("%o: %v", mode, err)
		}
	}
}
