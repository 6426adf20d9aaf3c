package argv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"batsignal/oncall/fault"
)

// wallsWord has a program of ours be what stands between us and a program in walls.
const wallsWord = "in-walls"

// OurWalls are the [Command.Walls] of a program that calls [Enter] first of all. It is named
// such that the program is found though another one was installed in its place.
func OurWalls() []string { return []string{"/proc/self/exe", wallsWord} }

// NotEntered is the status with which a program must end that [Enter] returns an error to:
// none that the program it was to become uses for what it found.
const NotEntered = 125

// ErrNotEntered is a program that did not come to run, since what leads into its walls failed:
// it says nothing about what it was given.
var ErrNotEntered = errors.New("the walls of a program could not be entered")

// ErrNoWalls is a machine that has no walls for us, today and tomorrow.
var ErrNoWalls = errors.New("there are no walls on this machine")

// errNotWalled is what a program says first that cannot enter its walls.
var errNotWalled = errors.New("walls")

// Enter is called first by a program that gives [OurWalls], with what it was started with.
// If it was not started for that, it does nothing. Else it has the loopback of its new network
// up, and becomes the program that the arguments name, with that environment: it returns only if it cannot.
func Enter(args, env []string) (is bool, err error) {
	const words = 5 // ourselves, what we are, who started us, their network, and the program
	if len(args) < words || args[1] != wallsWord {
		return false, nil
	}
	// The kernel is told to end us when our parent dies; that holds for one thread, which is
	// the one that goes on as the program.
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return true, fmt.Errorf("%w: the end of who started this cannot be followed: %w", errNotWalled, err)
	}
	if args[2] != strconv.Itoa(os.Getppid()) {
		return true, fmt.Errorf("%w: who started this is gone", errNotWalled)
	}
	// A kernel that makes no namespace where it was asked to may say nothing of it.
	if here, err := network(); err != nil || here == args[3] {
		return true, errors.Join(fmt.Errorf("%w: the network is that of who started this", errNotWalled), err)
	}
	if err := loopbackUp(); err != nil {
		return true, fmt.Errorf("%w: the loopback of the new network cannot be had up: %w", errNotWalled, err)
	}
	// What was needed for that is not the program's.
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return true, fmt.Errorf("%w: %w", errNotWalled, err)
	}
	return true, fmt.Errorf("%w: %s: %w", errNotWalled, args[4], syscall.Exec(args[4], args[4:], env)) // #nosec G204 -- the words of who started us
}

// loopbackUp brings up "lo", which a new network has, but down.
func loopbackUp() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(s) }() // it only asked
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(s, unix.SIOCGIFFLAGS, lo); err != nil {
		return err
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo)
}

// network names the one that we are in.
func network() (string, error) { return os.Readlink("/proc/self/ns/net") }

// inWalls puts the words of a program behind those of its walls.
func inWalls(walls, words []string) ([]string, error) {
	ours, err := network()
	return slices.Concat(walls, []string{strconv.Itoa(os.Getpid()), ours}, words), err
}

// unentered tells whether a program with walls ended before it was one: its shim failed, or a
// program in Go, as the shim is, was given no thread. Only the beginning counts of what it said,
// which nothing that it read later can write.
func unentered(code int, said string) bool {
	switch code {
	case NotEntered:
		return strings.HasPrefix(said, errNotWalled.Error()+": ")
	case 2: // of Go's runtime
		return strings.HasPrefix(said, "runtime: failed to create new OS thread") || strings.HasPrefix(said, "runtime/cgo: pthread_create failed")
	}
	return false
}

// alone has a child begin in a network of its own. Who is not root makes itself a namespace of
// users for that, in which it is nobody else, and keeps nothing that it may there.
func alone() *syscall.SysProcAttr {
	if os.Geteuid() == 0 {
		return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	}
	self := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: id, HostID: id, Size: 1}}
	}
	return &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWUSER, UidMappings: self(os.Geteuid()), GidMappings: self(os.Getegid()),
		AmbientCaps: []uintptr{unix.CAP_NET_ADMIN},
	}
}

// TryWalls tells whether programs can be walled in on this machine: nil, or why not. Only
// [ErrNoWalls] and [ErrMissing] say that they never can; anything else may pass.
func TryWalls(ctx context.Context, walls []string) error {
	_, err := Command{Path: "true", Walls: walls}.Run(ctx)
	switch {
	case err == nil || ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, ErrMissing):
		return err
	case none(err):
		return fault.Wrap(fault.Unready, fmt.Errorf("%w: %w", ErrNoWalls, err), "this machine lets the account of the bot make no network of its own")
	}
	return fault.Wrap(fault.Unready, err, "whether a network of its own can be made could not be found out (%s)", err)
}

// none tells an error that says that there are no walls from one that may pass: too many
// processes, no memory, as many namespaces as there may be.
func none(err error) bool {
	for _, one := range []error{syscall.EPERM, syscall.EACCES, syscall.EINVAL, syscall.ENOSYS} {
		if errors.Is(err, one) {
			return true
		}
	}
	// Some kernels let one make a namespace, and then nothing in it: our own shim says so.
	if said := err.Error(); errors.Is(err, ErrNotEntered) && (strings.HasSuffix(said, syscall.EPERM.Error()) || strings.HasSuffix(said, syscall.EACCES.Error())) {
		return true
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EUSERS) { // also where the administrator lets there be none
		for _, limit := range []string{"max_user_namespaces", "max_net_namespaces"} {
			if most, err := os.ReadFile(filepath.Join("/proc/sys/user", limit)); err == nil && strings.TrimSpace(string(most)) == "0" {
				return true
			}
		}
	}
	return false
}
