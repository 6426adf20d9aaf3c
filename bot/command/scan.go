package command

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

var errQuote = errors.New("a quote is opened but never closed")

// scanner walks over the words of a clean line.
type scanner struct {
	s string
	i int
}

func (sc *scanner) skip() {
	sc.i = len(sc.s) - len(strings.TrimLeftFunc(sc.s[sc.i:], unicode.IsSpace))
}

// left is everything that was not read yet, without space at its ends.
func (sc *scanner) left() string { return strings.TrimSpace(sc.s[sc.i:]) }

// word reads one word, or what stands between two double quotes. Any kind of
// double quote opens and closes, since phones bend them as they like.
func (sc *scanner) word() (string, error) {
	sc.skip()
	rest := sc.s[sc.i:]
	if r, size := utf8.DecodeRuneInString(rest); isQuote(r) {
		end := strings.IndexFunc(rest[size:], isQuote)
		if end < 0 {
			return "", errQuote
		}
		_, closing := utf8.DecodeRuneInString(rest[size+end:])
		sc.i += size + end + closing
		return strings.TrimSpace(rest[size : size+end]), nil
	}
	w := token(rest)
	sc.i += len(w)
	return w, nil
}

// dashed is a word that begins with dashes, taken apart.
type dashed struct {
	name   string // lower case, without the dashes; "" is "--" alone
	strong bool   // two dashes, or one that a phone made of two
	size   int    // bytes up to the end of the name
	value  bool   // an "=" follows the name
}

// dashed looks at the next word without reading it.
func (sc *scanner) dashed() (dashed, bool) {
	sc.skip()
	w := token(sc.s[sc.i:])
	body := strings.TrimLeftFunc(w, isDash)
	dashes := w[:len(w)-len(body)]
	d := dashed{strong: len(dashes) > 1} // every dash but the plain one is longer than a byte
	if dashes == "" {
		return d, false
	}
	if body == "" {
		d.size = len(w)
		return d, d.strong
	}
	name, _, value := strings.Cut(body, "=")
	if r, _ := utf8.DecodeRuneInString(name); !unicode.IsLetter(r) {
		return d, false
	}
	d.name = strings.Map(plainDash, strings.ToLower(name))
	d.size, d.value = len(dashes)+len(name), value
	return d, true
}

// token is the start of s up to the first space.
func token(s string) string {
	if end := strings.IndexFunc(s, unicode.IsSpace); end >= 0 {
		return s[:end]
	}
	return s
}

func isQuote(r rune) bool { return strings.ContainsRune("\"“”„‟«»", r) }
func isDash(r rune) bool  { return strings.ContainsRune("-‐‑‒–—―−", r) }

func plainDash(r rune) rune {
	if isDash(r) {
		return '-'
	}
	return r
}
