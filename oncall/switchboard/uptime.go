package switchboard

import (
	"crypto/rand"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Uptime is how long the machine has run, asleep or awake: a clock that nobody sets.
type Uptime struct {
	Boot string // of this run of the machine; another one has another
	For  time.Duration
}

// KernelUptime asks the kernel. Where it does not tell runs of the machine apart, as in a
// sandbox without its files, this run of the process counts as one: what was allowed
// before is over, rather than lasting too long.
func KernelUptime() func() Uptime {
	boot := rand.Text()
	if id, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		boot = strings.TrimSpace(string(id))
	}
	return func() Uptime {
		var t unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
			return Uptime{} // nothing is sure then, and nothing allowed
		}
		return Uptime{Boot: boot, For: time.Duration(t.Nano())}
	}
}
