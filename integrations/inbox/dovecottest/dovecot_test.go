package dovecottest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"batsignal/integrations/inbox/dovecottest"
)

func TestNothingOfItRunsAsRoot(t *testing.T) {
	s := dovecottest.Start(t)
	s.Append(t, []byte("Subject: hello\r\n\r\nhello\r\n"))
	if flags := s.Letters(t); len(flags) != 1 || flags[0] != "" {
		t.Errorf("%q", flags)
	}
	all, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil || len(all) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("no /proc here to look at")
		}
		t.Skip("no /proc here to look at")
	}
	ours := map[string]bool{}
	for range 2 { // the first, and then its children
		for _, name := range all {
			command, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline"))
			text, _ := os.ReadFile(name) // it may have ended
			status := map[string]string{}
			for row := range strings.Lines(string(text)) {
				key, value, _ := strings.Cut(row, ":")
				status[key] = strings.TrimSpace(value)
			}
			first := strings.Contains(string(command), "-F\x00-c\x00"+s.Dir())
			if !first && !ours[status["PPid"]] {
				continue
			}
			ours[status["Pid"]] = true
			for _, id := range strings.Fields(status["Uid"]) {
				if id == "0" && os.Geteuid() == 0 {
					t.Fatalf("%q runs as root", command)
				}
			}
		}
	}
	if len(ours) < 2 {
		t.Errorf("%d processes are its", len(ours))
	}
}
