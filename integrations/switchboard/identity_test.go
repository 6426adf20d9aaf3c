package switchboard

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func identity(t *testing.T) Identity {
	t.Helper()
	i, err := LoadOrMake(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestAnIdentityIsMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	pins := make([]Pin, 8)
	var all sync.WaitGroup
	for n := range pins { // two processes may start at once
		all.Go(func() {
			i, err := LoadOrMake(dir)
			if err != nil {
				t.Error(err)
			}
			pins[n] = i.Pin()
		})
	}
	all.Wait()
	for _, p := range pins {
		if p != pins[0] {
			t.Fatalf("one state directory has the pins %s and %s", pins[0], p)
		}
	}
	if again, err := ParsePin(" " + strings.ToUpper(string(pins[0])) + "\n"); err != nil || again != pins[0] {
		t.Errorf("the pin was read back as %q: %v", again, err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, keyFile): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("drafts were left in the state directory: %v", left)
	}
	if other := identity(t); other.Pin() == pins[0] {
		t.Error("two state directories have the same key")
	}
}

func TestAKeyThatCannotBeUsedIsToldWithAWayOut(t *testing.T) {
	t.Parallel()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(p256)
	if err != nil {
		t.Fatal(err)
	}
	other := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	for name, c := range map[string]struct {
		text, says string
		mode       os.FileMode
	}{
		"empty":       {text: "", mode: 0o600, says: "is no key"},
		"garbage":     {text: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", mode: 0o600, says: "is no Ed25519 key"},
		"another one": {text: other, mode: 0o600, says: "is no Ed25519 key"},
		"readable":    {text: other, mode: 0o640, says: "chmod 600"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, keyFile)
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := LoadOrMake(dir)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if text, _ := os.ReadFile(path); string(text) != c.text {
			t.Errorf("%s: the key was overwritten", name)
		}
	}
}

func TestWhatIsNoPin(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "sha256:", "sha256:12", strings.Repeat("a", 64), "sha1:" + strings.Repeat("a", 64), "sha256:" + strings.Repeat("g", 64), "AGE-SECRET-KEY-1VERYSECRETINDEED"} {
		_, err := ParsePin(text)
		if err == nil || !strings.Contains(err.Error(), PinCommand) || strings.Contains(strings.ToLower(err.Error()), "verysecret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
