package files

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// manifest is the SHA-256 of each file, in hex, by its name in the tar. It is written as
// sha256sum reads it.
type manifest map[string]string

var escapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)

func (m manifest) text() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m)) {
		escaped := escapes.Replace(name)
		if escaped != name {
			b.WriteByte('\\')
		}
		fmt.Fprintf(&b, "%s  %s\n", m[name], escaped)
	}
	return b.String()
}

// parse reads a manifest.
func parse(text string) (manifest, error) {
	m := manifest{}
	for line := range strings.Lines(text) {
		line, whole := strings.CutSuffix(line, "\n")
		line, escaped := strings.CutPrefix(line, `\`)
		sum, name, found := strings.Cut(line, "  ")
		if raw, err := hex.DecodeString(sum); !whole || !found || err != nil || len(raw) != 32 || sum != strings.ToLower(sum) || name == "" {
			return nil, fmt.Errorf("line %d of the manifest is none", len(m)+1)
		}
		if escaped {
			var err error
			if name, err = unescape(name); err != nil {
				return nil, err
			}
		}
		if _, twice := m[name]; twice {
			return nil, fmt.Errorf("the manifest has %q twice", name)
		}
		m[name] = sum
	}
	return m, nil
}

func unescape(name string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] != '\\' {
			b.WriteByte(name[i])
			continue
		}
		i++
		if i == len(name) {
			return "", fmt.Errorf("the name %q of the manifest is cut off", name)
		}
		at := strings.IndexByte(`\nr`, name[i])
		if at < 0 {
			return "", fmt.Errorf("the name %q of the manifest is written wrongly", name)
		}
		b.WriteByte("\\\n\r"[at])
	}
	return b.String(), nil
}
