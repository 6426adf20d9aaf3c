package switchboard

import (
	"strings"
	"unicode/utf8"
)

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
