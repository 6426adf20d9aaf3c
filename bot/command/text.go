package command

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean takes everything out of a text that one cannot see but that changes what
// one sees: control characters, colour and style codes of IRC and terminals,
// marks that turn the direction of writing, characters without width. What
// separates (line ends, tabs) becomes a space, broken UTF-8 becomes U+FFFD, and
// space at both ends goes.
//
// It costs the joiners of Persian and of composed emoji. That is a lesser evil
// than two names that look alike.
func Clean(s string) string { return strings.TrimSpace(strip(s)) }

// CleanLines is Clean for each line of a text, whose indentation stays.
func CleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strip(lines[i])
	}
	return strings.Join(lines, "\n")
}

// strip is Clean without trimming, for lines whose indentation means something.
func strip(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case r == '\t', r == '\n', r == '\v', r == '\f', r == '\r', r == 0x85, r == 0x2028, r == 0x2029:
			b.WriteByte(' ')
		case r == 0x03:
			i += colourLen(s[i:], 2, isDigit)
		case r == 0x04:
			i += colourLen(s[i:], 6, isHex)
		case r == 0x1b:
			i += escapeLen(s[i:])
		case invisible(r):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isPlain tells whether s is all printable ASCII, as most lines are.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// invisible tells whether a character shows nothing of its own. The Arabic
// number signs are of the same category but can be seen.
func invisible(r rune) bool {
	switch {
	case unicode.Is(unicode.Cc, r):
		return true
	case unicode.Is(unicode.Cf, r):
		return !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
	case r == 0x034f, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x3164, r == 0xffa0:
		return true // letters and marks that are blank
	case r == 0x2065, r >= 0xfff0 && r <= 0xfff8, r >= 0xe0000 && r <= 0xe0fff:
		return true // reserved to be ignored, and the variation selectors
	}
	return unicode.Is(unicode.Variation_Selector, r)
}

// colourLen is the length of an IRC colour after its code: up to n digits, then
// perhaps a comma and up to n more.
func colourLen(s string, n int, digit func(byte) bool) int {
	fore := run(s, n, digit)
	if fore == 0 || fore == len(s) || s[fore] != ',' {
		return fore
	}
	if back := run(s[fore+1:], n, digit); back > 0 {
		return fore + 1 + back
	}
	return fore
}

// escapeLen is the length of a terminal's control sequence after ESC, 0 if it
// is none.
func escapeLen(s string) int {
	if s == "" || s[0] != '[' {
		return 0
	}
	n := 1 + run(s[1:], len(s), func(b byte) bool { return b >= 0x20 && b <= 0x3f })
	if n < len(s) && s[n] >= 0x40 && s[n] <= 0x7e {
		n++
	}
	return n
}

func run(s string, most int, ok func(byte) bool) int {
	n := 0
	for n < len(s) && n < most && ok(s[n]) {
		n++
	}
	return n
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }
func isHex(b byte) bool   { return isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'f' }

// quote shows what somebody typed inside a sentence of ours, shortened.
func quote(s string) string {
	const most = 24
	if r := []rune(Clean(s)); len(r) > most {
		return "“" + string(r[:most]) + "…”"
	}
	return "“" + Clean(s) + "”"
}
