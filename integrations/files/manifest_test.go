package files

import "testing"

// What is written is read back, whatever the names; what is not ours is refused or is read as
// something that is written the same way.
func FuzzManifest(f *testing.F) {
	sum := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for _, name := range []string{"a", "a\nb", `a\b`, "a\rb", " ", "ä", "\\n"} {
		f.Add(name, manifest{name: sum}.text())
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		if name != "" {
			m, err := parse(manifest{name: sum}.text())
			if err != nil || len(m) != 1 || m[name] != sum {
				t.Errorf("%q is read as %q, %v", name, m, err)
			}
		}
		if m, err := parse(text); err == nil {
			if again, err := parse(m.text()); err != nil || len(again) != len(m) {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
