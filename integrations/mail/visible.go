package mail

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible makes text of a stranger safe to stand in one line of a letter: line
// breaks and odd spaces become one space; control characters, text-direction
// marks, zero-width and other invisible characters are shown as <U+202E>; broken
// UTF-8 as the replacement character. The result has no more than most characters.
func visible(text string, most int) string {
	var out strings.Builder
	space := false
	for i, width := 0, 0; i < len(text); i += width {
		var c rune
		c, width = utf8.DecodeRuneInString(text[i:])
		if unicode.IsSpace(c) {
			space = true
			continue
		}
		if space && out.Len() > 0 {
			out.WriteByte(' ')
		}
		space = false
		if unicode.IsGraphic(c) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, c) {
			out.WriteRune(c) // broken UTF-8 decodes to the replacement character, which is graphic
		} else {
			fmt.Fprintf(&out, "<U+%04X>", c)
		}
	}
	return shorten(out.String(), most)
}

// shorten cuts s to at most most characters and marks the cut.
func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:most-1]), " ") + "…"
}
