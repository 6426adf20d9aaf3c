package irc

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"batsignal/oncall/fault"
)

// foldName folds a nick or a room as the server compares them. Only ASCII counts:
// Unicode has letters that fold to ASCII ones, which would let two names be one.
func foldName(name string, rfc1459 bool) string {
	lower := func(c byte) byte {
		switch {
		case 'A' <= c && c <= 'Z':
			return c + 'a' - 'A'
		case !rfc1459:
			return c
		case c == '[':
			return '{'
		case c == ']':
			return '}'
		case c == '\\':
			return '|'
		case c == '~':
			return '^'
		}
		return c
	}
	for i := 0; i < len(name); i++ {
		if lower(name[i]) == name[i] {
			continue
		}
		b := []byte(name)
		for j := i; j < len(b); j++ {
			b[j] = lower(b[j])
		}
		return string(b)
	}
	return name
}

// foldAccount folds an account to lower case; "" and "*" and "0" are nobody. An
// account with a letter that would become an ASCII one (the Kelvin sign becomes
// k) is nobody too: somebody could register it to be taken for somebody else.
func foldAccount(account string) string {
	if account == "*" || account == "0" || strings.ContainsRune(account, utf8.RuneError) {
		return ""
	}
	for _, r := range account {
		if r >= utf8.RuneSelf && unicode.ToLower(r) < utf8.RuneSelf {
			return ""
		}
	}
	return strings.ToLower(account)
}

// noRoom says that a name cannot be a room's.
func noRoom(name string) error {
	return fault.New(fault.Invalid, "%q cannot be a room on IRC. Rooms look like #ops.", clean(name))
}

func validRoom(room string) bool {
	return len(room) > 1 && len(room) <= 200 && strings.IndexByte("#&", room[0]) >= 0 &&
		utf8.ValidString(room) && !strings.ContainsFunc(room, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == ',' || r == ':'
	})
}
