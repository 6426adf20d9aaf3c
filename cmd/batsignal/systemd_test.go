package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unit reads the settings of a unit of systemd, in the form "Key=value".
func unit(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs/systemd", name))
	if err != nil {
		t.Fatal(err)
	}
	var settings []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "[") {
			settings = append(settings, line)
		}
	}
	return settings
}

// Both processes hold half of every key: nothing of their memory may get into a file, and
// nobody else of the host into them.
func TestBothUnitsAreClosed(t *testing.T) {
	alone(t)
	both := []string{
		"LimitCORE=0", "MemorySwapMax=0", "NoNewPrivileges=yes", "PrivateUsers=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=yes",
		"ProtectProc=invisible", "PrivateTmp=yes", "PrivateDevices=yes", "PrivateMounts=yes", "PrivateIPC=yes", "KeyringMode=private", "RemoveIPC=yes",
		"MemoryDenyWriteExecute=yes", "RestrictNamespaces=yes", "RestrictSUIDSGID=yes", "RestrictRealtime=yes", "LockPersonality=yes",
		"SystemCallArchitectures=native", "SystemCallFilter=@system-service",
		"ProtectClock=yes", "ProtectHostname=yes", "ProtectControlGroups=yes", "ProtectKernelLogs=yes", "ProtectKernelModules=yes", "ProtectKernelTunables=yes",
		"StateDirectoryMode=0700", "UMask=0077",
	}
	users := map[string]string{}
	for name, own := range map[string][]string{
		"batsignal.service":             {"StateDirectory=batsignal", "ExecStart=/usr/local/bin/batsignal serve", "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK"},
		"batsignal-switchboard.service": {"StateDirectory=batsignal-switchboard", "ExecStart=/usr/local/bin/batsignal switchboard", "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6", "NoExecPaths=/", "InaccessiblePaths=-/var/lib/batsignal -/etc/batsignal"},
	} {
		settings := unit(t, name)
		for _, want := range slices.Concat(both, own) {
			if !slices.Contains(settings, want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
		// What is taken away from the system calls has the ones that look into another process.
		away := settings[slices.IndexFunc(settings, func(s string) bool { return strings.HasPrefix(s, "SystemCallFilter=~") })]
		for _, call := range []string{"@debug", "@privileged", "process_vm_readv", "process_vm_writev"} { // @debug has ptrace
			if !slices.Contains(strings.Fields(strings.TrimPrefix(away, "SystemCallFilter=~")), call) {
				t.Errorf("%s allows %s", name, call)
			}
		}
		for _, s := range settings {
			switch key, value, _ := strings.Cut(s, "="); key {
			case "User":
				users[value] = name
			case "ProcSubset":
				t.Errorf("%s hides the number of the machine's run: each restart would end what two people allowed", name)
			case "Environment":
				if strings.Contains(value, envUnhardened) {
					t.Errorf("%s lets debuggers in", name)
				}
			}
		}
	}
	if len(users) != 2 || users["root"] != "" {
		t.Errorf("the two processes are not two users: %v", users)
	}
}
