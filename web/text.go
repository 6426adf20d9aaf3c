package web

import (
	"fmt"
	"strings"
	"unicode"
)

// visible makes somebody's text harmless to look at: what has no shape of its own
// and could hide or reorder other text is shown by its number. html/template takes
// care of markup; this takes care of the eye.
//
// The joiners that Persian and emoji need stay, beside a letter that is not Latin.
func visible(text string) string {
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	before := ' '
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		case isJoiner(r) && before > unicode.MaxLatin1 && !hidden(before):
			b.WriteRune(r)
		case hidden(r):
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}

// hidden tells whether a letter has no shape: controls, marks of direction, blanks
// without width, and letters that are blank.
func hidden(r rune) bool {
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x3164, 0xffa0, 0x2028, 0x2029:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf) || r >= 0xe0000 && r <= 0xe0fff
}

func isJoiner(r rune) bool { return r == 0x200c || r == 0x200d }
