package write

import (
	"strings"
	"testing"
)

func TestPeerWrap(t *testing.T) {
	long := strings.Repeat("x", 80)
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"blanks alone", "   ", ""},
		{"short", "a b", "  a b"},
		{"blanks within stay, at the end do not", "a  b  ", "  a  b"},
		{"blanks at the start stay", " a", "   a"},
		{"a tab goes to the next stop", "ab\tc", "  ab      c"},
		{"a word that is too long", "* " + long + " (b)", "  *\n    " + long + "\n    (b)"},
		{"exactly the width", strings.Repeat("y", 70) + " z", "  " + strings.Repeat("y", 70) + "\n    z"},
		{"letters count, not bytes", strings.Repeat("é", 68) + " z a", "  " + strings.Repeat("é", 68) + " z\n    a"},
		{"a wide blank is one", "a\u3000" + long, "  a\n    " + long},
	} {
		if got := peerWrap(c.text, "  ", "    "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
