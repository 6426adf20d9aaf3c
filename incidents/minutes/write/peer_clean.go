package write

import (
	"strings"
	"unicode/utf8"

	"batsignal/incidents/minutes/chatlog"
)

// peerClean is a text as peers' minutes may hold it. Letters that do something instead
// of being read become U+FFFD, as bytes that are no letters do: what moves a terminal's
// cursor, ends a line or turns the direction of what follows. The end of a line within a
// text becomes a blank, so nobody forges a line. It is the one place for that: [newPage]
// and the writers of logs pass through it whatever a person wrote.
func peerClean(text string) string {
	if isClean(text) {
		return text
	}
	return withoutActs(strings.ReplaceAll(text, "\n", " "), false)
}

// peerCleanLine is the same for a line of the log, where the marks of bold, colour and
// the like stay: published logs hold them, and no browser or terminal obeys them. The end
// of a line within it is written so that it is read as one again.
func peerCleanLine(text string) string {
	if isClean(text) {
		return text
	}
	return withoutActs(strings.ReplaceAll(text, "\n", chatlog.Break), true)
}

func withoutActs(text string, marks bool) string {
	return strings.Map(func(r rune) rune {
		if acts(r) && !(marks && isMark(r)) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// isClean is quick, for almost every line is clean ASCII.
func isClean(text string) bool {
	ascii := true
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		} else if c >= utf8.RuneSelf {
			ascii = false
		}
	}
	return ascii || utf8.ValidString(text) && !strings.ContainsFunc(text, acts)
}

// acts tells whether a letter is obeyed by what shows a text.
func acts(r rune) bool {
	switch {
	case r < ' ':
		return r != '\t'
	case r >= 0x7f && r <= 0x9f:
		return true
	case r == 0x2028 || r == 0x2029: // ends of lines, to those who read ReST
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // direction
		return true
	}
	return false
}

// isMark tells whether a letter is one of IRC's for bold, colour, reset, fixed width,
// reverse, italic, struck out and underlined.
func isMark(r rune) bool {
	switch r {
	case 0x02, 0x03, 0x0f, 0x11, 0x16, 0x1d, 0x1e, 0x1f:
		return true
	}
	return false
}
