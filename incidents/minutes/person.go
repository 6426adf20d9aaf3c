package minutes

import "strings"

// Person is somebody who is present, or was named as if they were.
type Person struct {
	Nick    string   // the newest nick, which minutes show
	Nicks   []string // the first nick and the newest others, oldest first, Nick among them
	Aliases []string // further names that people call them by
	Account string
	Handle  string
	Network string
	Lines   int
	Chair   bool
	Here    bool // said #here

	gone bool // left, and was not heard since
}

// How many names somebody may have.
const (
	mostNicks   = 20
	mostAliases = 5
)

// Fold is a nick as IRC compares it: letters in lower case, and {}|~ the small
// forms of []\^.
func Fold(nick string) string {
	if isFolded(nick) { // most are
		return nick
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case '[':
			return '{'
		case ']':
			return '}'
		case '\\':
			return '|'
		case '^':
			return '~'
		}
		return r
	}, strings.ToLower(nick))
}

// isFolded tells of most nicks that are folded already that they are.
func isFolded(nick string) bool {
	for i := range len(nick) {
		if c := nick[i]; c >= 'A' && c <= 'Z' || c >= '[' && c <= '^' || c >= 0x80 {
			return false
		}
	}
	return true
}
