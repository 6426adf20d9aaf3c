package argv_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/argv"
	"batsignal/migrations/childtest"
	"batsignal/oncall/secret"
)

// boot makes a real systemd the first process of a world of its own, in which all of the
// machine is read only, and nothing of it runs. $1 is the directory of the test.
const boot = `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/test /run/systemd/system
mount --bind "$1" /run/test
for dir in /tmp /var /root; do mount -t tmpfs tmpfs $dir; done
mkdir -p /var/tmp
mount -o remount,bind,ro /
for unit in systemd-tmpfiles-setup systemd-tmpfiles-setup-dev systemd-udevd systemd-udev-trigger systemd-journald systemd-journal-flush systemd-update-utmp; do
  ln -s /dev/null /run/systemd/system/$unit.service
done
printf '[Unit]\nDescription=a bare machine\nWants=dbus.socket\nAfter=dbus.socket\n' >/run/systemd/system/bare.target
container=test exec /lib/systemd/systemd --system --unit=bare.target --log-level=err --show-status=no`

// TestTheSandboxIsReal runs the tests below inside of a machine that a real systemd runs.
func TestTheSandboxIsReal(t *testing.T) {
	if os.Geteuid() != 0 {
		childtest.Lacks(t, errors.New("only root can start a systemd of its own"))
	}
	if _, err := os.Stat("/lib/systemd/systemd"); err != nil {
		childtest.Lacks(t, err)
	}
	dir := t.TempDir()
	copyTo(t, os.Args[0], filepath.Join(dir, "inside"))
	world := exec.Command("unshare", "--pid", "--mount", "--cgroup", "--uts", "--ipc", "--net", "--fork", "--kill-child", "sh", "-c", boot, "sh", dir)
	world.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	machine, err := childtest.Run(world)
	if err != nil {
		childtest.Lacks(t, err)
	}
	machine.KillAfter(t, "systemd")
	var init string
	for patience := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		children, _ := os.ReadFile("/proc/" + pid(world) + "/task/" + pid(world) + "/children")
		if init = strings.TrimSpace(string(children)); init != "" {
			up := inside(t.Context(), init, "sh", "-c", "systemctl is-active --quiet bare.target && test -S /run/dbus/system_bus_socket")
			if up.Run() == nil {
				break
			}
		}
		select {
		case <-machine.Exited():
			childtest.Lacks(t, errors.New("no systemd can be started here: "+machine.Said()))
		default:
		}
		if time.Now().After(patience) {
			childtest.Lacks(t, errors.New("systemd did not come up here"))
		}
	}
	cmd := inside(t.Context(), init, "/run/test/inside", "-test.run=^TestInside", "-test.v", "-test.count=1")
	cmd.Env = append(cmd.Env, "ARGV_TEST_INSIDE=1")
	said, err := cmd.CombinedOutput()
	t.Logf("%s", said)
	if err != nil || !strings.Contains(string(said), "--- PASS: TestInside") {
		t.Error(err)
	}
}

func pid(cmd *exec.Cmd) string { return strconv.Itoa(cmd.Process.Pid) }

func inside(ctx context.Context, init string, words ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"--target", init, "--pid", "--mount", "--cgroup", "--uts", "--ipc", "--net", "--"}, words...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR=/tmp"}
	return cmd
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// within tells whether we are there; elsewhere its tests have nothing to say.
func within() bool { return os.Getenv("ARGV_TEST_INSIDE") != "" }

func TestInsideOnlyWhatIsNamedCanBeWritten(t *testing.T) {
	if !within() {
		return
	}
	dir := t.TempDir()
	var lines strings.Builder
	c := argv.Command{Path: "sh", Args: []string{"-c", `touch /var/outside /run/outside; touch "$1/named" "$PWD/here"; ls -A /tmp; cat "$2"; echo "$3"; printf '<%s>' "$4" "$5"; ulimit -Hn; env | grep -c .; echo told >&2`,
		"sh", "/var/tmp", "@K@", "$HOME", "a $PATH ${PATH} $$ %n b", ""}, Dir: dir,
		Secrets: map[string]secret.Text{"K": secret.New(canary)}, Sandbox: &argv.Sandbox{Writable: []string{"/var/tmp"}, Offline: true},
		Limits: argv.Limits{Files: 77}, Stderr: &lines}
	if c.How() != "in a sandbox of systemd, with limits" {
		t.Error(c.How())
	}
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.Stdout, canary+"$HOME\n<a $PATH ${PATH} $$ %n b><>77\n") {
		t.Errorf("%q", out.Stdout)
	}
	for file, there := range map[string]bool{"/var/outside": false, "/run/outside": false, "/var/tmp/named": true, dir + "/here": true} {
		if _, err := os.Stat(file); (err == nil) != there {
			t.Errorf("%s: %v %s", file, err, out.Stderr)
		}
	}
	if !strings.Contains(out.Stderr, "Read-only") || !strings.Contains(lines.String(), "told") {
		t.Errorf("%q", out.Stderr)
	}
}

func TestInsideStatusAndEnd(t *testing.T) {
	if !within() {
		return
	}
	box := &argv.Sandbox{}
	var ended *argv.ExitError
	_, err := argv.Command{Path: "sh", Args: []string{"-c", "echo why >&2; exit 7"}, Sandbox: box}.Run(t.Context())
	if !errors.As(err, &ended) || ended.Code != 7 || ended.Stderr != "why" {
		t.Errorf("%v", err)
	}
	for _, signal := range []string{"TERM", "PIPE", "KILL"} {
		if _, err := (argv.Command{Path: "sh", Args: []string{"-c", "kill -" + signal + " $$"}, Sandbox: box}).Run(t.Context()); !errors.As(err, &ended) {
			t.Errorf("%s: %v", signal, err)
		}
	}
	file := filepath.Join(t.TempDir(), "pids")
	ctx, cancel := context.WithCancel(t.Context())
	go func() { numbers(t, file, 2); cancel() }()
	// The grandchild is a session of its own, which only a sandbox can end.
	_, err = argv.Command{Path: "sh", Args: []string{"-c", strings.Replace(stubborn, "sh -c", "setsid sh -c", 1), "sh", file}, Dir: filepath.Dir(file),
		Sandbox: box, Grace: 100 * time.Millisecond}.Run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	for _, n := range numbers(t, file, 2) {
		if _, err := os.Stat("/proc/" + strconv.Itoa(n)); err == nil {
			t.Errorf("%d is still there when Run is back", n)
		}
	}
}
