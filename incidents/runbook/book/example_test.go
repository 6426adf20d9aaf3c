package book

import (
	"os"
	"strings"
	"testing"
)

// The example of the documentation is one that works.
func TestTheWrittenExampleWorks(t *testing.T) {
	text, err := os.ReadFile("../../../docs/runbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```yaml\n")
	example, _, found := strings.Cut(example, "```")
	b, problems := Check([]byte(example), Known{Jobs: []string{}, Roles: []string{"coordination"}})
	if !found || len(problems) > 0 || len(b.Steps) != 4 {
		t.Errorf("%v", problems)
	}
}
