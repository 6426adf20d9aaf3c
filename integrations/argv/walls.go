package argv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"batsignal/oncall/fault"
)

// wallsWord has a program of ours be what stands between us and a program in walls.
const wallsWord = "in-walls"

// OurWalls are the [Command.Walls] of a program that calls [Enter] first of all. It is named
// such that the program is found though another one was installed in its place.
func OurWalls() []string { return []string{"/proc/self/exe", wallsWord} }

// errNotWalled is what a program says that cannot enter its walls.
var errNotWalled = errors.New("walls")

// Enter is called first by a program that gives [OurWalls], with what it was started with.
// If it was not started for that, it does nothing. Else it has the loopback of its new network
// up, and becomes the program that the arguments name, with that environment: it returns only if it cannot.
func Enter(args, env []string) (is bool, err error) {
	const words = 4 // ourselves, what we are, who started us, and the program
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
	if err := loopbackUp(); err != nil {
		return true, fmt.Errorf("%w: the loopback of the new network cannot be had up: %w", errNotWalled, err)
	}
	// What was needed for that is not the program's.
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return true, fmt.Errorf("%w: %w", errNotWalled, err)
	}
	return true, fmt.Errorf("%w: %s: %w", errNotWalled, args[3], syscall.Exec(args[3], args[3:], env)) // #nosec G204 -- the words of who started us
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

// inWalls puts the words of a program behind those of its walls.
func inWalls(walls, words []string) []string {
	return slices.Concat(walls, []string{strconv.Itoa(os.Getpid())}, words)
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

// TryWalls tells whether programs can be walled in on this machine: nil, or why not.
func TryWalls(ctx context.Context, walls []string) error {
	_, err := Command{Path: "true", Walls: walls}.Run(ctx)
	switch {
	case err == nil || ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, ErrMissing):
		return err
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.EUSERS):
		return fault.Wrap(fault.Unready, err, "this machine lets the account of the bot make no network of its own")
	}
	return fault.Wrap(fault.Unready, err, "a network of its own was made, and cannot be used")
}
