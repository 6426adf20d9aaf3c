package argv

import (
	"strings"
	"testing"
)

func TestPlaceholders(t *testing.T) {
	at := places{"A": "/proc/self/fd/3", "B": "/proc/self/fd/4", "A@B": "never"}
	for word, want := range map[string]string{
		"@A@": "/proc/self/fd/3", "x@A@y@B@z": "x/proc/self/fd/3y/proc/self/fd/4z", "@A@@B@": "/proc/self/fd/3/proc/self/fd/4",
		"@A@B@": "/proc/self/fd/3B@", "a@b.org": "a@b.org", "@@A@@": "@A@", "@@@A@": "@/proc/self/fd/3", "@": "@", "@@": "@", "@@@": "@@",
		"@a@": "@a@", "x@y@A@": "x@y/proc/self/fd/3", "": "",
	} {
		if got := at.fill(word); got != want {
			t.Errorf("%q is %q, not %q", word, got, want)
		}
	}
}

// A value that is given as it is arrives as it is, between whatever; and nothing but the
// placeholders of a template becomes a place.
func FuzzPlaceholders(f *testing.F) {
	for _, seed := range []string{"", "@A@", "@@A@@", "a@b", "@", "@@", "x@A", "A@"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, value, other string) {
		at := places{"A": "(a)", "B": "(b)"}
		if got := at.fill(Literal(value)); got != value {
			t.Errorf("%q arrives as %q", value, got)
		}
		if got := at.fill("@A@" + Literal(value) + "@B@" + Literal(other)); got != "(a)"+value+"(b)"+other {
			t.Errorf("%q, %q: %q", value, other, got)
		}
		if !strings.Contains(value, "@") && at.fill(value) != value {
			t.Errorf("%q is changed", value)
		}
		if got := unquote(quoted(value)); got != value {
			t.Errorf("%q is quoted as %s", value, quoted(value))
		}
	})
}

// unquote reads a quoted path as systemd does.
func unquote(s string) string {
	s = strings.ReplaceAll(s[1:len(s)-1], "%%", "%")
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
