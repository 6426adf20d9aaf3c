package argv

import (
	"os"
	"path/filepath"
	"strings"
)

// undollar keeps systemd from replacing variables in an argument: one that it does not know
// becomes nothing, and one by itself as many arguments as it has words.
func undollar(arg string) string { return strings.ReplaceAll(arg, "$", "$$") }

// quoted is one path in a list of systemd, in which spaces separate and "%" begins a
// specifier.
func quoted(dir string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%").Replace(dir) + `"`
}

// ownUnit is the service of systemd that we are, or "".
func ownUnit() string {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 || parts[1] != "" && parts[1] != "name=systemd" {
			continue
		}
		if unit := filepath.Base(parts[2]); strings.HasSuffix(unit, ".service") && strings.HasPrefix(parts[2], "/system.slice/") {
			return unit
		}
	}
	return ""
}
