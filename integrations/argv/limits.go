package argv

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"batsignal/oncall/fault"
)

// Limits are how much a program may take, each of its processes by itself; 0 is no limit.
// With any of them it also leaves no core dump.
type Limits struct {
	CPU      time.Duration // of computing, in whole seconds
	Memory   int64         // bytes of address space; programs in Go and Java take a lot of it
	Files    int           // open at once
	FileSize int64         // bytes of each file that it writes
}

// Sandbox asks for a sandbox of systemd, where it runs this machine and lets us: all is read
// only but what is named, and there is a directory for temporary files of its own. Where
// there is none, it runs without; [Command.How] tells.
type Sandbox struct {
	Writable []string // absolute paths, beside Dir
	Offline  bool     // no network
	Tasks    int      // processes and threads at once, of all that it starts; 0 is no limit
}

// box is how a program is started.
type box struct {
	words []string
	dir   string
	env   []string
	files []*os.File           // which it inherits
	attr  *syscall.SysProcAttr // nil is the usual
	stop  func()               // tells it to end; nil is by a signal
}

// sandboxed tells whether there is a sandbox: systemd takes orders of root only, and over
// the bus where somebody waits for what becomes of them.
func sandboxed() bool {
	for _, part := range []string{"/run/systemd/system", "/run/dbus/system_bus_socket"} {
		if _, err := os.Stat(part); err != nil {
			return false
		}
	}
	return os.Geteuid() == 0
}

// How says in a few words how it would run here, for the log of a run.
func (c Command) How() string {
	how := "without a sandbox"
	if c.Sandbox != nil {
		if sandboxed() {
			how = "in a sandbox of systemd"
		} else {
			how = "without a sandbox, since systemd does not run this machine or we are not root"
		}
	}
	if len(c.Walls) > 0 {
		how += ", in a network of its own"
	}
	if c.Limits != (Limits{}) {
		how += ", with limits"
	}
	return how
}

// wrap puts around a program what limits it. Both wrappers set the limits before the program
// begins: it never runs without.
func (c Command) wrap(ctx context.Context, program string, given handed) (box, error) {
	if c.Sandbox != nil && sandboxed() {
		return c.inSandbox(ctx, program, given.root())
	}
	at := given.child()
	b := box{words: append([]string{program}, at.all(c.Args)...), dir: c.Dir, env: c.environment(at), files: given.files}
	if c.Limits != (Limits{}) {
		prlimit, err := Find("prlimit")
		if err != nil {
			return box{}, err
		}
		words := []string{prlimit, "--core=0"}
		for _, l := range c.Limits.list() {
			words = append(words, fmt.Sprintf("--%s=%d", l.option, l.most))
		}
		b.words = append(append(words, "--"), b.words...)
	}
	if len(c.Walls) > 0 {
		words, err := inWalls(c.Walls, b.words)
		if err != nil {
			return box{}, err
		}
		b.words, b.attr = words, alone()
	}
	return b, nil
}

type limit struct {
	option  string // of prlimit
	setting string // of systemd
	kind    int
	most    int64
}

// list are the limits that there are. None is above what we have ourselves, which only root
// could raise.
func (l Limits) list() (list []limit) {
	for _, one := range []limit{
		{"cpu", "LimitCPU", unix.RLIMIT_CPU, int64(math.Ceil(l.CPU.Seconds()))},
		{"as", "LimitAS", unix.RLIMIT_AS, l.Memory},
		{"nofile", "LimitNOFILE", unix.RLIMIT_NOFILE, int64(l.Files)},
		{"fsize", "LimitFSIZE", unix.RLIMIT_FSIZE, l.FileSize},
	} {
		if one.most <= 0 {
			continue
		}
		var now unix.Rlimit
		if err := unix.Getrlimit(one.kind, &now); err == nil && now.Max < uint64(one.most) {
			one.most = int64(now.Max)
		}
		list = append(list, one)
	}
	return list
}

// inSandbox has systemd run a program as a service of its own, which ends with its last
// process, with us, and with the deadline of ctx.
func (c Command) inSandbox(ctx context.Context, program string, at places) (box, error) {
	systemdRun, err := Find("systemd-run")
	if err != nil {
		return box{}, err
	}
	systemctl, err := Find("systemctl")
	if err != nil {
		return box{}, err
	}
	unit := "batsignal-run-" + rand.Text() + ".service"
	// A oneshot, since to systemd other services that TERM or PIPE ended have ended well.
	words := []string{systemdRun, "--quiet", "--pipe", "--wait", "--collect", "--service-type=oneshot", "--unit=" + unit, "--working-directory=" + c.Dir}
	set := func(name, value string) { words = append(words, "--property="+name+"="+value) }
	for _, yes := range []string{"NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs",
		"ProtectControlGroups", "ProtectClock", "ProtectHostname", "RestrictSUIDSGID", "RestrictRealtime", "LockPersonality"} {
		set(yes, "yes")
	}
	set("ProtectSystem", "strict")
	set("ProtectHome", "read-only")
	set("ReadOnlyPaths", "-/run") // which strict leaves out, at least in version 252
	set("KillMode", "control-group")
	set("TimeoutStopSec", fmt.Sprintf("%dms", c.Grace.Milliseconds()))
	set("UMask", "0077")
	set("IgnoreSIGPIPE", "no")
	set("LimitCORE", "0")
	for _, l := range c.Limits.list() {
		set(l.setting, fmt.Sprint(l.most))
	}
	writable := c.Sandbox.Writable
	if c.Dir != "/" {
		writable = append([]string{c.Dir}, writable...)
	}
	for _, dir := range writable {
		if strings.ContainsAny(dir, ":\n") || !filepath.IsAbs(dir) {
			return box{}, fault.New(fault.Invalid, "%q cannot be opened for writing in a sandbox: it must be an absolute path without a colon.", dir)
		}
		set("BindPaths", quoted(dir)) // also what is below /tmp, in whose place is another one
		set("ReadWritePaths", quoted(dir))
	}
	if c.Sandbox.Tasks > 0 {
		set("TasksMax", fmt.Sprint(c.Sandbox.Tasks))
	}
	if c.Sandbox.Offline || len(c.Walls) > 0 {
		set("PrivateNetwork", "yes")
	}
	if end, ok := ctx.Deadline(); ok { // also where we die before
		set("TimeoutStartSec", fmt.Sprintf("%dms", max(time.Until(end), time.Second).Milliseconds()))
	}
	if ours := ownUnit(); ours != "" {
		set("BindsTo", ours)
		set("After", ours)
	}
	for _, e := range c.environment(at) {
		words = append(words, "--setenv="+e)
	}
	words = append(words, "--", program)
	for _, a := range at.all(c.Args) {
		words = append(words, undollar(a))
	}
	stop := func() {
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), usualGrace)
		defer cancel()
		cmd := exec.CommandContext(asking, systemctl, "--no-block", "stop", unit) // #nosec G204 -- our own words
		cmd.Env = []string{"PATH=" + path}
		_ = cmd.Run() // if it is gone already, that is fine
	}
	return box{words: words, dir: "/", env: []string{"PATH=" + path, "LC_ALL=C.UTF-8"}, stop: stop}, nil
}
