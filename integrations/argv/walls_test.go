package argv_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"batsignal/integrations/argv"
	"batsignal/migrations/childtest"
	"batsignal/oncall/secret"
)

// beInWalls is us as what the tests of walls start.
func beInWalls() bool {
	if is, err := argv.Enter(os.Args, os.Environ()); is {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(argv.NotEntered)
	}
	words := strings.Fields(os.Getenv("ARGV_TEST_WALLS"))
	switch {
	case len(os.Args) == 5 && os.Args[1] == "walled":
		walled(os.Args[2], os.Args[3], os.Args[4])
	case len(words) > 0:
		beWaller(words)
	default:
		return false
	}
	return true
}

// walled is a program in walls: it tells whom it reaches, and what it may. Its file is a secret
// that it was given.
func walled(host, socket, file string) {
	reaches := func(network, address string) bool {
		c, err := net.DialTimeout(network, address, 5*time.Second)
		if err != nil {
			return false
		}
		return c.Close() == nil
	}
	own := "none"
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		own = fmt.Sprint(reaches("tcp", l.Addr().String()))
	}
	var names []string
	all, _ := net.Interfaces()
	for _, i := range all {
		if i.Flags&net.FlagUp != 0 {
			names = append(names, i.Name)
		}
	}
	text, _ := os.ReadFile(file)
	status, _ := os.ReadFile("/proc/self/status")
	may := "?"
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "CapEff:"); ok {
			may = strings.TrimSpace(rest)
		}
	}
	fmt.Printf("own %s host %v socket %v up %v secret %s uid %d may %s\n", own, reaches("tcp", host), reaches("unix", socket), names, text, os.Getuid(), may)
}

// Nobody is reached from within walls but oneself, and sockets in the file system.
func TestWhatIsInWallsReachesNobody(t *testing.T) {
	if err := argv.TryWalls(t.Context(), argv.OurWalls()); err != nil {
		childtest.Lacks(t, err)
	}
	// Who may run us is not only root, and may not enter our own directories.
	dir, err := os.MkdirTemp("", "walls")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	self := filepath.Join(dir, "inside")
	copyTo(t, os.Args[0], self)
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(self, 0o755)); err != nil {
		t.Fatal(err)
	}
	listen := func(network, address string) string {
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l.Addr().String()
	}
	host, socket := listen("tcp", "127.0.0.1:0"), listen("unix", filepath.Join(dir, "s"))
	if err := os.Chmod(socket, 0o777); err != nil {
		t.Fatal(err)
	}
	c := argv.Command{Path: self, Args: []string{"walled", host, socket, "@K@"}, Secrets: map[string]secret.Text{"K": secret.New("known")}, Limits: argv.Limits{Files: 200}}
	out, err := c.Run(t.Context())
	if err != nil || !strings.HasPrefix(out.Stdout, "own true host true socket true up [lo") {
		t.Fatalf("without walls: %q, %v", out.Stdout, err)
	}
	c.Walls = argv.OurWalls()
	const want = "own true host false socket true up [lo] secret known "
	if out, err = c.Run(t.Context()); err != nil || !strings.HasPrefix(out.Stdout, want) {
		t.Errorf("%q, %v", out.Stdout, err)
	}
	if !strings.Contains(c.How(), "in a network of its own") {
		t.Error(c.How())
	}
	if os.Geteuid() != 0 {
		return
	}
	// The same of an account that is nobody: it gets there by a namespace of users.
	nobody := exec.Command(self)
	nobody.Env = []string{"ARGV_TEST_WALLS=" + strings.Join([]string{self, "walled", host, socket}, " ")}
	nobody.Dir = "/"
	nobody.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	text, err := nobody.CombinedOutput()
	switch said := string(text); {
	case strings.Contains(said, "this machine lets"):
		childtest.Lacks(t, errors.New(said))
	case err != nil || !strings.HasPrefix(said, want) || !strings.Contains(said, "uid 65534 may 0000000000000000\n"):
		t.Errorf("%q, %v", said, err)
	}
}

// beWaller is us as an account that is nobody.
func beWaller(words []string) {
	out, err := argv.Command{Path: words[0], Args: append(words[1:], "@K@"), Secrets: map[string]secret.Text{"K": secret.New("known")}, Walls: argv.OurWalls()}.Run(context.Background())
	fmt.Print(out.Stdout, out.Stderr)
	if err != nil {
		fmt.Println(argv.TryWalls(context.Background(), argv.OurWalls()), err)
	}
}

func TestWallsThatCannotBeEntered(t *testing.T) {
	if is, err := argv.Enter([]string{"batsignal", "run"}, nil); is || err != nil {
		t.Errorf("%v, %v", is, err)
	}
	// One that does not know the word is no shim; what it says is told.
	if err := argv.TryWalls(t.Context(), []string{"/bin/false"}); err == nil {
		t.Error("there are walls of nothing")
	}
	if err := argv.TryWalls(t.Context(), []string{"/no/such/program"}); err == nil {
		t.Error("there are walls of nothing")
	}
	// Nor does it wait for a parent that is gone.
	out, err := exec.Command(os.Args[0], "in-walls", "1", "net:[1]", "/bin/true").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "who started this is gone") {
		t.Errorf("%s, %v", out, err)
	}
	// Nor does it go on in the network of who started it.
	ours, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "in-walls", strconv.Itoa(os.Getpid()), ours, "/bin/true")
	out, _ = cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != argv.NotEntered || !strings.Contains(string(out), "the network is that of who started this") {
		t.Errorf("%s, %v", out, cmd.ProcessState)
	}
}

// What fails on the way into walls is no word of the program, and one that fails later is.
func TestAShimThatFailsIsNoWordOfTheProgram(t *testing.T) {
	if err := argv.TryWalls(t.Context(), argv.OurWalls()); err != nil {
		childtest.Lacks(t, err)
	}
	shim := func(says string) []string { return []string{"/bin/sh", "-c", says} }
	for says, not := range map[string]bool{
		"echo walls: no memory >&2; exit 125":                                                       true,
		"echo 'runtime: failed to create new OS thread (have 2 already; errno=11)' >&2; exit 2":     true,
		"echo it is damaged >&2; exit 125":                                                          false,
		"echo 'table walls: no memory' >&2; exit 125":                                               false,
		"echo 'it is damaged'; echo 'at table runtime: failed to create new OS thread' >&2; exit 2": false,
		"echo walls: no memory >&2; exit 1":                                                         false,
	} {
		_, err := argv.Command{Path: "true", Walls: shim(says)}.Run(t.Context())
		var ended *argv.ExitError
		if errors.Is(err, argv.ErrNotEntered) != not || errors.As(err, &ended) == not {
			t.Errorf("%s: %v", says, err)
		}
	}
	// What may pass does not say that there are no walls.
	for says, none := range map[string]bool{
		"echo walls: it cannot be had up: operation not permitted >&2; exit 125": true,
		"echo walls: it cannot be had up: cannot allocate memory >&2; exit 125":  false,
		"exit 1": false,
	} {
		if err := argv.TryWalls(t.Context(), shim(says)); err == nil || errors.Is(err, argv.ErrNoWalls) != none {
			t.Errorf("%s: %v", says, err)
		}
	}
}
