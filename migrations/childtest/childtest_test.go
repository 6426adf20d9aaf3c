package childtest_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"batsignal/migrations/childtest"
)

func TestAChildIsHeardAndEnds(t *testing.T) {
	c, err := childtest.Run(exec.Command("sh", "-c", "echo one; echo two >&2"))
	if err != nil {
		t.Fatal(err)
	}
	<-c.Exited()
	if said := c.Said(); !strings.Contains(said, "one\n") || !strings.Contains(said, "two\n") {
		t.Errorf("%q", said)
	}
	c.Kill() // it is gone already

	if c, err = childtest.Run(exec.Command("sleep", "1000")); err != nil {
		t.Fatal(err)
	}
	c.Kill()
	<-c.Exited()
	if _, err := childtest.Run(exec.Command("/no/such/program")); err == nil {
		t.Error("a program that is not there was started")
	}
	var never *childtest.Child
	never.Kill()
	if said := never.Said(); said != "" {
		t.Errorf("%q", said)
	}
}

func TestWhatTakesLongIsMadeOnce(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	pins, made := filepath.Join(t.TempDir(), "pins"), 0
	get := func(content string, fails error) (string, error) {
		if err := os.WriteFile(pins, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return childtest.Once("thing", pins, func(place string) error {
			made++
			if _, err := os.Stat(place); err == nil {
				t.Errorf("%s is there already", place)
			}
			return errors.Join(os.WriteFile(place, []byte(content), 0o600), fails)
		})
	}
	broken := errors.New("broken off")
	if _, err := get("a", broken); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	for i, content := range []string{"a", "a", "b", "a"} {
		place, err := get(content, nil)
		if text, _ := os.ReadFile(place); err != nil || string(text) != content {
			t.Errorf("%d: %q, %v", i, text, err)
		}
	}
	if made != 3 { // the broken one, a and b
		t.Errorf("made %d times", made)
	}
}
