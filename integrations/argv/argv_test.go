package argv_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"batsignal/integrations/argv"
	"batsignal/migrations/childtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func TestMain(m *testing.M) {
	if beInWalls() {
		return
	}
	if os.Getenv("ARGV_TEST_PARENT") != "" {
		beParent()
		return
	}
	goleak.VerifyTestMain(m)
}

const canary = "canary-4711-of-the-vault"

// look is a program that tells all that others can see of it, and what it reads of a file.
const look = `tr '\0' ' ' </proc/self/cmdline; tr '\0' ' ' </proc/$$/cmdline; tr '\0' ' ' </proc/$$/environ; env; set; ls -l /proc/$$/fd; echo; echo "SECRET $(cat "$1")"`

// What is secret reaches the program by a file, which nobody else can open, and nothing else
// shows it; the environment is ours to the last name.
func TestASecretIsReadByTheProgramOnly(t *testing.T) {
	t.Setenv("LEAK", "must-not-be-inherited")
	out, err := argv.Command{
		Path: "/bin/sh", Args: []string{"-c", look, "sh", "@TOKEN@"}, Env: []string{"TOKEN_FILE=@TOKEN@", "MAIL=a@example.org"},
		Secrets: map[string]secret.Text{"OTHER": secret.New("another"), "TOKEN": secret.New(canary)},
	}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndex(out.Stdout, "SECRET ")
	seen, read := out.Stdout[:at], strings.TrimPrefix(out.Stdout[at:], "SECRET ")
	if strings.TrimSpace(read) != canary {
		t.Errorf("it read %q", read)
	}
	if strings.Contains(seen, "canary") || strings.Contains(seen, "inherited") {
		t.Errorf("it is seen in:\n%s", seen)
	}
	for _, want := range []string{"TOKEN_FILE=/proc/self/fd/4", "MAIL=a@example.org", "HOME=/nonexistent", "LC_ALL=C.UTF-8", "TZ=UTC"} {
		if !strings.Contains(seen, want) {
			t.Errorf("%s is missing in:\n%s", want, seen)
		}
	}
}

// The file of a secret can be read more than once, is closed to others, and cannot be changed.
func TestAFileOfASecretIsLikeOneOnDisk(t *testing.T) {
	out, err := argv.Command{
		Path: "sh", Args: []string{"-c", `cat "$1" "$1"; stat -Lc ' %a %s' "$1"; echo x >>"$1"; echo x >"$1"; cat "$1"`, "sh", "@K@"},
		Secrets: map[string]secret.Text{"K": secret.New("k1")},
	}.Run(t.Context())
	if want := "k1k1 600 2\nk1"; err != nil || out.Stdout != want {
		t.Errorf("%q, %v; %s", out.Stdout, err, out.Stderr)
	}
}

func TestArgumentsArriveAsTheyAre(t *testing.T) {
	values := []string{"", "two words", "a;b", "$(id)", "$HOME", "`id`", "*", "-rf", "a\nb", "%n", `\`, "'", `"`, "@NO@", "ä", "x@y@z", "@@", "@", "@K@"}
	args := []string{"-c", `for a; do printf '<%s>' "$a"; done`, "sh"}
	want := ""
	for _, v := range values {
		args = append(args, argv.Literal(v))
		want += "<" + v + ">"
	}
	out, err := argv.Command{Path: "sh", Args: args, Secrets: map[string]secret.Text{"K": secret.New("k")}}.Run(t.Context())
	if err != nil || out.Stdout != want {
		t.Errorf("%q, %v; not %q", out.Stdout, err, want)
	}
}

func TestWhatCannotBeRunSaysSo(t *testing.T) {
	for _, name := range []string{"no-such-program-here", "/no/such/program", "/etc", "/etc/passwd", "../bin/sh", "bin/sh", ""} {
		_, err := argv.Command{Path: name}.Run(t.Context())
		if !errors.Is(err, argv.ErrMissing) || fault.KindOf(err) != fault.Unready {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := (argv.Command{Path: "true", Dir: "/no/such/place"}).Run(t.Context()); fault.KindOf(err) != fault.Unready {
		t.Errorf("%v", err)
	}
	_, err := argv.Command{Path: "sh", Args: []string{"-c", "echo one >&2; echo two >&2; echo three >&2; printf '\\033[31mfour' >&2; exit 3"}}.Run(t.Context())
	var ended *argv.ExitError
	if !errors.As(err, &ended) || ended.Code != 3 || err.Error() != "sh ended with status 3: two; three; [31mfour" {
		t.Errorf("%v", err)
	}
	_, err = argv.Command{Path: "sh", Args: []string{"-c", "kill -9 $$"}}.Run(t.Context())
	if !errors.As(err, &ended) || ended.Code != -1 {
		t.Errorf("%v", err)
	}
}

func TestOutputIsLimited(t *testing.T) {
	out, err := argv.Command{Path: "sh", Args: []string{"-c", "yes out | head -c 30000000; yes err | head -c 30000000 >&2; echo; echo end; echo END >&2"}}.Run(t.Context())
	if err != nil || len(out.Stdout) != 1<<20 || len(out.Stderr) != 64<<10 || !out.Cut {
		t.Errorf("%d and %d bytes, cut %t, %v", len(out.Stdout), len(out.Stderr), out.Cut, err)
	}
	if !strings.HasSuffix(out.Stdout, "\nend\n") || !strings.HasSuffix(out.Stderr, "\nEND\n") {
		t.Error("the end is not what is kept")
	}
	if out, err = (argv.Command{Path: "echo", Args: []string{"short"}}).Run(t.Context()); err != nil || out.Cut || out.Stdout != "short\n" {
		t.Errorf("%+v, %v", out, err)
	}
}

// gone waits until a process is no more, or only waits to be taken away.
func gone(t *testing.T, pid int) {
	t.Helper()
	for patience := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(patience) {
			t.Fatalf("process %d is still there: %s", pid, stat)
		}
	}
}

// numbers reads the numbers of processes that a program wrote into a file, a line each.
func numbers(t *testing.T, file string, want int) (list []int) {
	t.Helper()
	for patience := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(file)
		if strings.Count(string(text), "\n") == want {
			for _, word := range strings.Fields(string(text)) {
				n, err := strconv.Atoi(word)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, n)
			}
			return list
		}
		if time.Now().After(patience) {
			t.Fatalf("%s: %q", file, text)
		}
	}
}

// stubborn ignores that it is told to end, and has a child that does so too.
const stubborn = `trap '' TERM; echo $$ >>"$1"; sh -c 'trap "" TERM; echo $$ >>"$1"; while :; do sleep 1; done' sh "$1" & while :; do sleep 1; done`

func TestTheEndReachesEveryChild(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pids")
	why := errors.New("somebody cancelled it")
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := argv.Command{Path: "sh", Args: []string{"-c", stubborn, "sh", file}, Grace: 100 * time.Millisecond}.Run(ctx)
		ended <- err
	}()
	list := numbers(t, file, 2)
	cancel(why)
	if err := <-ended; !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	for _, pid := range list {
		gone(t, pid)
	}
}

// A program that ends well when it is told to, is given the time; what it was to do is not done.
func TestAProgramMayTidyUp(t *testing.T) {
	file := filepath.Join(t.TempDir(), "said")
	ctx, cancel := context.WithCancel(t.Context())
	go func() { numbers(t, file, 1); cancel() }()
	out, err := argv.Command{Path: "sh", Args: []string{"-c", `trap 'echo tidied; exit 0' TERM; echo 1 >"$1"; while :; do sleep 0.01; done`, "sh", file}, Grace: time.Minute}.Run(ctx)
	if !errors.Is(err, context.Canceled) || out.Stdout != "tidied\n" {
		t.Errorf("%q, %v", out.Stdout, err)
	}
	if _, err := (argv.Command{Path: "touch", Args: []string{file + "2"}}).Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(file + "2"); err == nil {
		t.Error("it was begun after the end")
	}
}

// A program that ends and leaves somebody behind who holds its output does not hold us up.
func TestNobodyIsLeftBehind(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pids")
	_, err := argv.Command{Path: "sh", Args: []string{"-c", `sleep 1000 & echo $! >"$1"`, "sh", file}, Grace: time.Hour}.Run(t.Context())
	if err != nil {
		t.Error(err)
	}
	for _, pid := range numbers(t, file, 1) {
		gone(t, pid)
	}
}

// beParent is us as a process of its own, to be killed.
func beParent() {
	_, err := argv.Command{Path: "sh", Args: []string{"-c", `echo $$ >"$1"; exec sleep 1000`, "sh", os.Getenv("ARGV_TEST_PARENT")}}.Run(context.Background())
	fmt.Println(err)
}

func TestAProgramDoesNotOutliveUs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pids")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ARGV_TEST_PARENT="+file)
	parent, err := childtest.Run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	list := numbers(t, file, 1)
	parent.Kill()
	gone(t, list[0])
}

func TestLimitsHoldFromTheBeginning(t *testing.T) {
	out, err := argv.Command{Path: "sh", Args: []string{"-c", "ulimit -Sc; ulimit -Hn; ulimit -Hf; ulimit -Hv; ulimit -Ht"},
		Limits: argv.Limits{CPU: 1500 * time.Millisecond, Memory: 1 << 30, Files: 64, FileSize: 1 << 20}}.Run(t.Context())
	if want := "0\n64\n2048\n1048576\n2\n"; err != nil || out.Stdout != want {
		t.Errorf("%q, %v", out.Stdout, err)
	}
	var ended *argv.ExitError
	_, err = argv.Command{Path: "sh", Args: []string{"-c", "while :; do :; done"}, Limits: argv.Limits{CPU: time.Second}}.Run(t.Context())
	if !errors.As(err, &ended) || ended.Code != -1 {
		t.Errorf("%v", err)
	}
	file := filepath.Join(t.TempDir(), "big")
	if _, err = (argv.Command{Path: "head", Args: []string{"-c", "9000", "/dev/zero"}, Limits: argv.Limits{FileSize: 4096}, Stdout: create(t, file)}).Run(t.Context()); err == nil {
		t.Error("it wrote more than it may")
	}
	if info, err := os.Stat(file); err != nil || info.Size() != 4096 {
		t.Errorf("%v, %v", info, err)
	}
	// With a secret as well: the wrapper hands it on.
	out, err = argv.Command{Path: "cat", Args: []string{"@K@"}, Secrets: map[string]secret.Text{"K": secret.New(canary)}, Limits: argv.Limits{Files: 100}}.Run(t.Context())
	if err != nil || out.Stdout != canary {
		t.Errorf("%q, %v", out.Stdout, err)
	}
	if _, err := (argv.Command{Path: "true", Limits: argv.Limits{Files: 1 << 40}}).Run(t.Context()); err != nil {
		t.Errorf("more than we have ourselves: %v", err)
	}
}

func create(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestLinesAreTold(t *testing.T) {
	var told []string
	lines := &argv.Lines{Tell: func(line string) { told = append(told, line) }}
	var errs []string
	long := strings.Repeat("x", 5000)
	_, err := argv.Command{Path: "sh", Args: []string{"-c", `printf 'one\n\ntw'; sleep 0.05; printf 'o\r\n10%%\r20%%\r30%%\n\033[1mbold\033[0m\t\342\200\256x\377\n%s\nlast' "$1"; echo err >&2`, "sh", long}, Stdout: lines, Stderr: &argv.Lines{Tell: func(line string) { errs = append(errs, line) }}}.Run(t.Context())
	lines.Flush()
	lines.Flush()
	if err != nil {
		t.Fatal(err)
	}
	if text, want := strings.Join(told, "|"), "one||two|30%|[1mbold[0m x?|"+strings.Repeat("x", 2000)+"|last"; text != want || strings.Join(errs, "|") != "err" {
		t.Errorf("%q, %q", text, errs)
	}
}

func TestInputReachesIt(t *testing.T) {
	out, err := argv.Command{Path: "tr", Args: []string{"a-z", "A-Z"}, Stdin: strings.NewReader("loud")}.Run(t.Context())
	if err != nil || out.Stdout != "LOUD" {
		t.Errorf("%q, %v", out.Stdout, err)
	}
	// One that does not read it is no error, and does not block.
	if _, err := (argv.Command{Path: "true", Stdin: strings.NewReader(strings.Repeat("x", 1<<20))}).Run(t.Context()); err != nil && !errors.Is(err, syscall.EPIPE) {
		t.Error(err)
	}
}
