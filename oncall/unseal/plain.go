package unseal

import (
	"strings"
	"unicode"
)

// Plain takes out of a text what cannot be seen but changes what is: control characters,
// marks that turn the direction of writing, characters without width. Space becomes one
// blank.
func Plain(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	var b strings.Builder
	blank := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r) || r == 0x2028 || r == 0x2029:
			blank = true
		case hidden(r):
		default:
			if blank && b.Len() > 0 {
				b.WriteByte(' ')
			}
			blank = false
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden tells whether a character shows nothing of its own.
func hidden(r rune) bool {
	switch {
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		return true
	case r == 0x2800: // braille of no dots
		return true
	}
	return false
}
