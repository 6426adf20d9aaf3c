package archive_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"batsignal/incidents/minutes/archive"
)

func openRoot(t testing.TB, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root
}

func fill(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// TestAllOrNothing has one of several files fail.
func TestAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	root := openRoot(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	stage := archive.NewStage(root)
	if err := stage.Write("a", archive.Open, fill("new")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := stage.Write("b", archive.Open, func(w io.Writer) error { return errors.Join(fill("half")(w), broken) })
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	stage.Discard()
	if got := files(t, dir); len(got) != 1 || got["a"] != "-rw-r--r--\nold" {
		t.Errorf("there is now: %v", got)
	}
}

// TestManyAtOnce writes from many goroutines, and is read meanwhile: everybody finds
// a whole file.
func TestManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	root := openRoot(t, dir)
	long := func(round int) string { return strings.Repeat(fmt.Sprintf("%d\n", round%2), 100_000) }
	done := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		for {
			text, err := os.ReadFile(filepath.Join(dir, "f0"))
			if err == nil && string(text) != long(0) && string(text) != long(1) {
				t.Errorf("a part was read: %d bytes", len(text))
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for round := range 20 {
		stage := archive.NewStage(root)
		var writers sync.WaitGroup
		for i := range 8 {
			writers.Go(func() {
				if err := stage.Write(fmt.Sprintf("f%d", i), archive.Open, fill(long(round*(i+1)))); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		outcomes, err := stage.Commit()
		if err != nil || len(outcomes) != 8 {
			t.Fatalf("%v, %v", outcomes, err)
		}
		for i, o := range outcomes {
			if want := fmt.Sprintf("f%d", i); o.Name != want || o.Same != (round > 0 && i%2 == 1) {
				t.Errorf("round %d: %+v, want %s", round, o, want)
			}
		}
	}
	close(done)
	readers.Wait()
	if got := files(t, dir); len(got) != 8 {
		t.Errorf("%d files", len(got))
	}
}

const envKilled = "BATSIGNAL_TEST_ARCHIVE"

// TestMain is also the process that is killed while it writes.
func TestMain(m *testing.M) {
	if dir := os.Getenv(envKilled); dir != "" {
		root, err := os.OpenRoot(dir)
		for round := 0; err == nil; round++ {
			stage := archive.NewStage(root)
			err = stage.Write("f", archive.Open, func(w io.Writer) error {
				for range 1000 {
					if err := fill(strings.Repeat(fmt.Sprintf("%d\n", round), 100))(w); err != nil {
						return err
					}
				}
				fmt.Println(round) // half of it is what the parent waits for
				return fill(strings.Repeat(fmt.Sprintf("%d\n", round), 100_000))(w)
			})
			if err == nil {
				_, err = stage.Commit()
			}
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestKilledWhileWriting kills a process in the middle of a file.
func TestKilledWhileWriting(t *testing.T) {
	for rounds := range 5 {
		dir := t.TempDir()
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), envKilled+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range rounds + 2 {
			if !lines.Scan() {
				t.Fatal("it ended by itself")
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		text, err := os.ReadFile(filepath.Join(dir, "f"))
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		if want := strings.Repeat(first+"\n", 200_000); string(text) != want {
			t.Errorf("%d of %d bytes are there", len(text), len(want))
		}
	}
}
