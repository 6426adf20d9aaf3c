package restic_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each key of a repository has its own password; those that restic lists are counted, and a key
// that is removed is not.
func TestKeysOfARepository(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "repository")
	p := open(t, config(dir))
	if _, err := p.Put(t.Context(), "a", strings.NewReader("a"), -1); err != nil {
		t.Fatal(err)
	}
	keys, err := p.Keys(t.Context())
	if err != nil || len(keys) != 1 || !strings.HasPrefix(keys[0], "restic key ") {
		t.Fatal(keys, err)
	}
	second := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(second, []byte("of somebody else\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := stock(t.Context(), dir, "key", "add", "--new-password-file", second).CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	both, err := p.Keys(t.Context())
	if err != nil || len(both) != 2 || both[0] == both[1] || strings.Contains(strings.Join(both, " "), password) {
		t.Fatal(both, err)
	}
	first := strings.Fields(keys[0])[2]
	for _, k := range both {
		if id := strings.Fields(k)[2]; id != first {
			if out, err := stock(t.Context(), dir, "key", "remove", id).CombinedOutput(); err != nil {
				t.Fatalf("%s", out)
			}
		}
	}
	if keys, err = p.Keys(t.Context()); err != nil || len(keys) != 1 {
		t.Error(keys, err)
	}
}
