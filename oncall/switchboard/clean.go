package switchboard

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean takes out of a text what cannot be seen but changes what is: control characters,
// marks that turn the direction of writing, characters without width. Space becomes one
// blank.
func clean(text string) string {
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

// quoted puts a text of somebody's between quotation marks that it cannot close.
func quoted(text string) string {
	return `"` + strings.Map(func(r rune) rune {
		switch r {
		case '"', '“', '”', '„', '«', '»', '″', '＂':
			return '\''
		}
		return r
	}, text) + `"`
}

// cut shortens a text to so many bytes, at the border of a letter; the end tells that it did.
func cut(text string, most int) string {
	const dots = "…"
	if len(text) <= most {
		return text
	}
	end := max(most-len(dots), 0)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.TrimSpace(text[:end]) + dots
}
