package markdown

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestAddress is in bytes.
const longestAddress = 2_000

// link reads "[words](https://example.org)".
func (p *inline) link() bool {
	rest := p.s[p.i:min(len(p.s), p.i+longestLabel)]
	middle := endOfLabel(rest)
	if middle < 0 {
		return false
	}
	from := p.i + middle + 2
	tail := p.s[from:min(len(p.s), from+longestAddress)]
	end, depth := -1, 0
	for k := 0; k < len(tail) && end < 0; k++ {
		switch tail[k] {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				end = k
			}
		case ' ', '\t', '<', '>':
			return false
		}
	}
	if end < 0 {
		return false
	}
	address, ok := Address(tail[:end])
	label := words(rest[1:middle])
	if !ok || label == "" {
		return false
	}
	p.i = from + end + 1
	return p.put(Span{Text: label, Href: address})
}

// endOfLabel finds "](" after a label that has no brackets in it, -1 if there is none.
func endOfLabel(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			return -1
		case ']':
			if i+1 < len(s) && s[i+1] == '(' {
				return i
			}
			return -1
		}
	}
	return -1
}

// words is a label without escapes.
func words(label string) string {
	p := inline{s: label}
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '\\' && p.escape(), c == '&' && p.entity():
		default:
			p.text.WriteByte(c)
			p.i++
		}
	}
	return strings.TrimSpace(p.text.String())
}

// autolink reads "<https://example.org>".
func (p *inline) autolink() bool {
	rest := p.s[p.i+1 : min(len(p.s), p.i+1+longestAddress)]
	end := strings.IndexAny(rest, "> <")
	if end < 0 || rest[end] != '>' {
		return false
	}
	address, ok := Address(rest[:end])
	if !ok {
		return false
	}
	p.i += end + 2
	return p.put(Span{Text: rest[:end], Href: address})
}

// address reads an address that stands in the words as it is.
func (p *inline) address() bool {
	rest := p.s[p.i:min(len(p.s), p.i+longestAddress)]
	if !hasScheme(rest) {
		return false
	}
	if before, _ := utf8.DecodeLastRuneInString(p.s[:p.i]); p.i > 0 && (unicode.IsLetter(before) || unicode.IsDigit(before)) {
		return false
	}
	end := strings.IndexFunc(rest, func(r rune) bool {
		return r <= ' ' || r > 0x7e || strings.ContainsRune("<>\"`\\*[]{}|^", r)
	})
	if end < 0 {
		end = len(rest)
	}
	end = trimmed(rest[:end])
	address, ok := Address(rest[:end])
	if !ok {
		p.text.WriteString(rest[:end]) // all of it, so that none of it is looked at again
		p.i += end
		return true
	}
	p.i += end
	return p.put(Span{Text: rest[:end], Href: address})
}

// trimmed is where an address ends and the sentence around it goes on.
func trimmed(s string) int {
	for s != "" {
		last := s[len(s)-1]
		if strings.IndexByte(".,;:!?'_", last) < 0 && (last != ')' || strings.Count(s, "(") >= strings.Count(s, ")")) {
			break
		}
		s = s[:len(s)-1]
	}
	return len(s)
}

func hasScheme(s string) bool {
	const long = "https://"
	head := strings.ToLower(s[:min(len(s), len(long))])
	return head == long || strings.HasPrefix(head, "http://")
}

// Address is an address that may be a link: of the web, whole, and of a place.
func Address(s string) (string, bool) {
	s = words(s)
	u, err := url.Parse(s)
	if err != nil || !hasScheme(s) || u.Host == "" {
		return "", false
	}
	return u.String(), true
}
