package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
)

// Somebody on the same host reads a directory that was put back with other modes: its keys
// are not used as if nothing had happened.
func TestKeysThatOthersMayReadAreNotUsed(t *testing.T) {
	home := keyHome{t.TempDir(), custody.SideSwitchboard}
	if _, err := home.host("ledger.example.org"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"unwrap-1.key", "ledger.key"} {
		path := filepath.Join(home.dir, name)
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if _, err := home.host("ledger.example.org"); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := home.host("ledger.example.org"); err != nil {
		t.Error(err)
	}
}

// The state directory is not there, and whoever runs the command cannot make it: they are
// told which one, and what to do.
func TestADirectoryThatCannotBeMadeIsNamed(t *testing.T) {
	inTheWay := writeFile(t, t.TempDir(), "state", "", 0o600)
	home := botKeys(Config{StateDir: inTheWay})
	for what, try := range map[string]func() error{
		"keys":        func() error { _, err := home.host(""); return err },
		"certificate": func() error { _, err := home.identity(); return err },
		"pin":         func() error { return home.keepPin(custody.Pin{}) },
	} {
		err := try()
		if says := fault.Say(err); fault.KindOf(err) != fault.Unready || !strings.Contains(says, inTheWay+", for the keys of the bot, cannot be made: not a directory.") || !strings.Contains(says, "install -d -m 700 -o USER "+inTheWay) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
