package scheduletest

import (
	"os"
	"strings"
	"testing"
)

// Zones lists every zone of the machine's tz database, old names included. Go itself
// has no list. Without one the test is skipped, and fails where CI runs it.
func Zones(t testing.TB) []string {
	t.Helper()
	const list = "/usr/share/zoneinfo/tzdata.zi"
	text, err := os.ReadFile(list)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI needs the list of zones (apt-get install tzdata): %v", err)
		}
		t.Skipf("SKIPPED, no zone was tested: %v (apt-get install tzdata)", err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		switch words := strings.Fields(line); {
		case len(words) > 1 && words[0] == "Z":
			names = append(names, words[1])
		case len(words) > 2 && words[0] == "L":
			names = append(names, words[2])
		}
	}
	if len(names) < 400 {
		t.Fatalf("%s has %d zones only", list, len(names))
	}
	return names
}
