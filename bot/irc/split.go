package irc

import (
	"strings"
	"unicode/utf8"
)

// split makes lines of at most limit bytes of a text, at the ends of its own lines,
// else between words, else between letters. Control characters are dropped and
// empty lines too. Joined with spaces the lines give the words of the text again.
func split(text string, limit int) []string {
	limit = max(limit, utf8.UTFMax)
	var lines []string
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		rest := strings.TrimRight(clean(part), " ")
		for len(rest) > limit {
			cut := border(rest, limit)
			if head := strings.TrimRight(rest[:cut], " "); head != "" {
				lines = append(lines, head)
			}
			rest = strings.TrimLeft(rest[cut:], " ")
		}
		if strings.Trim(rest, " ") != "" {
			lines = append(lines, rest)
		}
	}
	return lines
}

// border finds where to cut s, which is longer than limit: after the last space
// that leaves a word before it, else before the letter that does not fit.
func border(s string, limit int) int {
	if at := strings.LastIndexByte(s[:limit+1], ' '); at > 0 && strings.Trim(s[:at], " ") != "" {
		return at
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return cut
}

// clean drops what is not text: control characters, IRC's colours and styles,
// the marks that turn the direction of writing, and broken UTF-8. A tab becomes
// a space.
func clean(s string) string {
	if plain(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case r == '\t':
			b.WriteByte(' ')
		case r == '\x03':
			i += colour(s[i:])
		case r < ' ', r == 0x7f, 0x80 <= r && r < 0xa0, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain tells quickly that there is nothing to clean, as in nearly every line.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// colour measures the numbers after the sign for a colour: "4", "04,12".
func colour(s string) int {
	digits := func(s string) int {
		n := 0
		for n < 2 && n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		return n
	}
	n := digits(s)
	if n > 0 && n < len(s) && s[n] == ',' {
		if m := digits(s[n+1:]); m > 0 {
			n += 1 + m
		}
	}
	return n
}
