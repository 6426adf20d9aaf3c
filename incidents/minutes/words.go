package minutes

import (
	"strings"
	"unicode/utf8"
)

// wrapWords cuts a text into pieces of at most most letters, between words where it
// can.
func wrapWords(text string, most int) (pieces []string) {
	letters := []rune(text)
	for len(letters) > most {
		cut := most
		for i := most; i > most/2; i-- {
			if letters[i] == ' ' {
				cut = i
				break
			}
		}
		pieces = append(pieces, string(letters[:cut]))
		letters = []rune(strings.TrimLeft(string(letters[cut:]), " "))
	}
	return append(pieces, string(letters))
}

// clip cuts a text to most bytes, at the end of a letter.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const mark = "…"
	end := most - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.TrimRight(text[:end], " ") + mark
}
