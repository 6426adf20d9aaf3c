package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// workerName names this process as one that works runs of jobs: so that a later one on the
// same machine can tell whether it still lives.
func workerName() string { return processName() + "/" + processSpace() }

// processSpace names where numbers of processes are unlike each other: a boot of a kernel, and
// a container in it. The machine's own number is a part where it has one: a virtual machine that
// was copied while it ran has the same boot. "" is not known, and then nobody is known to be dead.
func processSpace() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	machine, err := os.ReadFile("/etc/machine-id")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return ""
	}
	return strings.TrimSpace(strings.TrimSpace(string(boot)) + " " + space + " " + strings.TrimSpace(string(machine)))
}

// isDeadWorker tells whether a process of that [workerName] certainly does not live any more.
// One of another machine or container may.
func isDeadWorker(name string) bool {
	here := processSpace()
	parts := strings.SplitN(name, "/", 4) // host, number, random, space
	if len(parts) != 4 || here == "" || parts[3] != here {
		return false
	}
	if host, _, _ := strings.Cut(processName(), "/"); parts[0] != host {
		return false
	}
	pid, err := strconv.Atoi(parts[1])
	if err != nil || pid < 1 {
		return false
	}
	if pid == os.Getpid() {
		return true // it had our number, and we do not ask it of ourselves
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
