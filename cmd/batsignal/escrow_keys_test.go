package main

import (
	"os"
	"path/filepath"
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
