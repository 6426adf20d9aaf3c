package placetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/place"
	"batsignal/migrations/childtest"
)

// argument names the variable by which a test's program is told that it is to put a file and
// be killed.
const argument = "PLACETEST_KILL"

// Main runs the tests of a package, or, in the copy of it that [Killed] starts, puts a file
// into the place that open opens. The package's TestMain calls it.
func Main(m *testing.M, open func(argument string) (place.Place, error)) {
	if arg, child := os.LookupEnv(argument); child {
		fmt.Println(dies(arg, open))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const begun = "now everything was read that there is"

// dies puts a file of which the end never comes.
func dies(arg string, open func(argument string) (place.Place, error)) error {
	key, arg, _ := strings.Cut(arg, " ")
	p, err := open(arg)
	if err != nil {
		return err
	}
	never := readerFunc(func([]byte) (int, error) {
		fmt.Println(begun)
		select {} // until it is killed
	})
	_, err = p.Put(context.Background(), key, io.MultiReader(bytes.NewReader(Random(big)), never), -1)
	return fmt.Errorf("it was put: %w", err)
}

// Killed has a process killed in the middle of a Put, by SIGKILL, over a file that was there
// and over none. Then the place is swept, and must be as it was. left tells how much there is
// in it, under keys or not; argument is for the open of [Main].
func Killed(t *testing.T, p interface {
	place.Place
	place.Sweeper
}, arg string, left func() int) {
	t.Helper()
	before := []byte("what was there before")
	put(t, p, "killed/old", before, true)
	was := left()
	for _, key := range []string{"killed/old", "killed/new"} {
		kill(t, key+" "+arg)
	}
	want(t, p, "killed/old", before)
	want(t, p, "killed/new", nil)
	if is := left(); is <= was {
		t.Logf("there are %d things, and there were %d: nothing was left by the kill", is, was)
	}
	// What is young may still be going on elsewhere.
	young := left()
	if n, err := p.Sweep(within(t), time.Now().Add(-24*time.Hour)); n != 0 || err != nil || left() != young {
		t.Errorf("swept %d young ones, %v", n, err)
	}
	if _, err := p.Sweep(within(t), time.Now().Add(time.Hour)); err != nil {
		t.Error(err)
	}
	if is := left(); is != was {
		t.Errorf("there are %d things, and there were %d", is, was)
	}
	if n, err := p.Sweep(within(t), time.Now().Add(time.Hour)); n != 0 || err != nil {
		t.Errorf("swept %d again, %v", n, err)
	}
	want(t, p, "killed/old", before)
	put(t, p, "killed/new", before, false)
	want(t, p, "killed/new", before)
	remove(t, p, "killed/old", "killed/new")
	empty(t, p)
}

func kill(t testing.TB, arg string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^$")
	cmd.Env = append(os.Environ(), argument+"="+arg)
	child, err := childtest.Run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); !strings.Contains(child.Said(), begun); {
		select {
		case <-child.Exited():
			t.Fatalf("it ended by itself: %s", child.Said())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("it does not get there: %s", child.Said())
		}
	}
	child.Kill()
}
