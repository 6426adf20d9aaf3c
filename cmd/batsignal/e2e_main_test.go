package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"batsignal/integrations/argv"
	"batsignal/migrations/pglocal"
	"batsignal/migrations/pgtest"
)

// The tests in files named e2e_ start the program as an operator does: the real
// binary as a process of its own, with a configuration file, against a real IRC
// network, a real mail server and a real Postgres. They look at it from outside
// only: what people are shown, what arrives, what the pages and the rows say.

// TestMain lets the tests run side by side even on a small machine: they spend
// their time waiting for servers.
func TestMain(m *testing.M) {
	if is, err := argv.Enter(os.Args, os.Environ()); is {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(argv.NotEntered)
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "12"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := pgtest.Run(m)
	if theProgram.dir != "" {
		_ = os.RemoveAll(theProgram.dir)
	}
	os.Exit(code)
}

// theProgram is built once, when the first test asks for it.
var theProgram struct {
	once sync.Once
	dir  string
	path string
	err  error
}

// program returns the path of the binary, as it would be installed.
func program(t *testing.T) string {
	t.Helper()
	theProgram.once.Do(func() { theProgram.err = buildProgram() })
	if theProgram.err != nil {
		t.Fatal(theProgram.err)
	}
	return theProgram.path
}

func buildProgram() (err error) {
	// Not testing.T's directory: it is shared by all tests. Servers walk through it.
	if theProgram.dir, err = os.MkdirTemp("", "batsignal-e2e-"); err != nil {
		return err
	}
	if err := os.Chmod(theProgram.dir, 0o755); err != nil {
		return err
	}
	theProgram.path = filepath.Join(theProgram.dir, "batsignal")
	args := []string{"build", "-buildvcs=false", "-o", theProgram.path}
	if raceBuild {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, ".")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the program could not be built: %w: %s", err, out)
	}
	return nil
}

// theState is a state directory as the program leaves it that was started once.
var theState struct {
	once sync.Once
	dir  string
	err  error
}

// prepare gives a state directory the private database of a program that was started
// before: making and migrating one anew takes longer than most tests. What does that is
// tested where no world is: `run`, `try`, and the one that is copied here.
func prepare(t *testing.T, state string) {
	t.Helper()
	program(t)
	theState.once.Do(func() { theState.dir, theState.err = makeState() })
	if theState.err != nil {
		t.Fatal(theState.err)
	}
	if out, err := exec.Command("cp", "-a", theState.dir, state).CombinedOutput(); err != nil {
		t.Fatalf("the state directory cannot be copied: %v: %s", err, out)
	}
}

func makeState() (state string, err error) {
	cmd := exec.Command(theProgram.path, "migrate", "--state-dir", "state")
	cmd.Dir, cmd.Env = theProgram.dir, cleanEnv(theProgram.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the private database cannot be made: %w: %s", err, out)
	}
	return filepath.Join(theProgram.dir, "state"), nil
}

// cleanEnv is the environment of the tests without anything that would configure
// the program; whatever it makes by itself goes into dir.
func cleanEnv(dir string) []string {
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) && !slices.Contains([]string{"CREDENTIALS_DIRECTORY", "XDG_STATE_HOME", "HOME", "TMPDIR"}, name) {
			env = append(env, entry)
		}
	}
	if bin := os.Getenv("PG_BINDIR"); bin != "" {
		env = append(env, envPrefix+"DATABASE_PG_BINDIR="+bin)
	}
	return append(env, "HOME="+dir, "TMPDIR="+dir)
}

// needPostgres skips the test where no Postgres is installed.
func needPostgres(t *testing.T) {
	t.Helper()
	_, err := pglocal.FindBinaries(os.Getenv("PG_BINDIR"))
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

// openDir makes a directory that servers under other accounts can walk through,
// which testing.T's own cannot.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "batsignal-e2e-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// result is how a command of the shell ended.
type result struct {
	status         int
	stdout, stderr string
}

// String is for messages about failures.
func (r result) String() string {
	return fmt.Sprintf("exit status %d\nstdout:\n%sstderr:\n%s", r.status, r.stdout, r.stderr)
}

// shell runs the program to its end. dir becomes its home.
func shell(t *testing.T, dir string, args ...string) result {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := exec.Command(program(t), args...)
	cmd.Dir, cmd.Env = dir, cleanEnv(dir)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
