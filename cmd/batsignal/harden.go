package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// envUnhardened leaves out what harden does, for a test that looks into the memory of the
// bot, and for debuggers.
const envUnhardened = "BATSIGNAL_UNHARDENED"

// harden keeps what this process holds from ending up in a file or in somebody else's
// hands: no core dumps, and no other process of the same user may trace it or read its
// memory. Child processes that are another program, as Postgres, get back what they had.
func harden() error {
	if os.Getenv(envUnhardened) == "1" {
		return nil
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("core dumps cannot be turned off: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("this process cannot be closed to debuggers: %w", err)
	}
	return nil
}
