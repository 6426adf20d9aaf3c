package web

import (
	"net/url"
	"strings"
	"unicode"
)

// linked parts somebody's text at the addresses in it that may be followed: those of
// the web, with nothing in them that cannot be seen.
func linked(text string) (list []piece) {
	for {
		start, end := addressIn(text)
		if start < 0 {
			break
		}
		if start > 0 {
			list = append(list, piece{Text: text[:start]})
		}
		one := piece{Text: text[start:end]}
		if u, err := url.Parse(one.Text); err == nil && u.Host != "" && u.User == nil && !strings.ContainsFunc(one.Text, hidden) {
			one.Href = one.Text
		}
		list = append(list, one)
		text = text[end:]
	}
	if text != "" {
		list = append(list, piece{Text: text})
	}
	return list
}

// addressIn finds the first address of the web in a text; start is -1 if there is none.
func addressIn(text string) (start, end int) {
	from := 0
	for {
		i := strings.Index(text[from:], "://")
		if i < 0 {
			return -1, -1
		}
		i += from
		from = i + len("://")
		for _, scheme := range []string{"https", "http"} {
			start := i - len(scheme)
			if start < 0 || text[start:i] != scheme || start > 0 && isWordByte(text[start-1]) {
				continue
			}
			if end := from + addressLength(text[from:]); end > from {
				return start, end
			}
		}
	}
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'
}

// addressLength is how long the address is that goes on with rest. The signs that end
// a sentence are no part of it, and a closing bracket only if it was opened in it.
func addressLength(rest string) int {
	end := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("<>\"'`", r) })
	if end < 0 {
		end = len(rest)
	}
	for end > 0 {
		last := rest[end-1]
		switch {
		case strings.IndexByte(".,;:!?*_", last) >= 0:
		case last == ')' && strings.Count(rest[:end], "(") < strings.Count(rest[:end], ")"):
		case last == ']' && strings.Count(rest[:end], "[") < strings.Count(rest[:end], "]"):
		default:
			return end
		}
		end--
	}
	return 0
}
