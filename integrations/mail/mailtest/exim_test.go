package mailtest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestTheRealServerDoesNotRunAsRoot(t *testing.T) {
	e := StartExim(t)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.child.Process.Pid))
	if err != nil {
		t.Skipf("no /proc here to look at: %v", err)
	}
	for line := range strings.Lines(string(status)) {
		// Uid: real, effective, saved, file system
		if ids, ok := strings.CutPrefix(line, "Uid:"); ok {
			for _, id := range strings.Fields(ids) {
				if id == "0" {
					t.Fatalf("exim4 has root among its user ids:%s", ids)
				}
			}
			return
		}
	}
	t.Fatalf("no user ids in\n%s", status)
}
