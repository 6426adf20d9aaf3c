package unseal

import (
	"slices"
	"strings"
)

// HoldsCode tells whether a code stands in a text as a word of its own, in any letters, and
// with whatever cannot be seen between them.
func HoldsCode(text, code string) bool {
	return wordAt(letters(Plain(text)), []rune(code), 0) >= 0
}

// WithoutCode puts a word in the place of a code wherever [HoldsCode] finds it. A text without
// the code stays as it is.
func WithoutCode(text, code, word string) string {
	if !HoldsCode(text, code) {
		return text
	}
	text = Plain(text)
	all, upper := []rune(text), letters(text)
	var b strings.Builder
	from := 0
	for at := wordAt(upper, []rune(code), from); at >= 0; at = wordAt(upper, []rune(code), from) {
		b.WriteString(string(all[from:at]))
		b.WriteString(word)
		from = at + len([]rune(code))
	}
	return b.String() + string(all[from:])
}

// letters are those of a text in capitals: as many as the text has.
func letters(text string) []rune { return []rune(strings.ToUpper(text)) }

// wordAt finds a code as a word of its own, from somewhere on; -1 is nowhere.
func wordAt(text, code []rune, from int) int {
	for at := from; at+len(code) <= len(text); at++ {
		end := at + len(code)
		if slices.Equal(text[at:end], code) && (at == 0 || !alnum(text[at-1])) && (end == len(text) || !alnum(text[end])) {
			return at
		}
	}
	return -1
}

func alnum(r rune) bool { return r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' }
