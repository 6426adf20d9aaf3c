package ledger

import (
	"regexp"
	"strings"
	"unicode"
)

// tidy makes text of others fit for a line: without what cannot be seen or turns the
// direction of writing, and not longer than most letters.
func tidy(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if letters := []rune(s); len(letters) > most {
		s = strings.TrimSpace(string(letters[:most-1])) + "…"
	}
	return s
}

// What looks like an address. A date is no number of a telephone. Compiled once.
var (
	likeMail   = regexp.MustCompile(`\S*@\S*`)
	likeLink   = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://\S*`)
	likeNumber = regexp.MustCompile(`\+?\d(?:[ ()./-]{0,2}\d){6,}`)
	likeDate   = regexp.MustCompile(`^20\d\d-\d\d-\d\d`)
)

// mask takes out of free text what looks like an address. Texts come from providers, and
// what stands in the ledger can never be taken back.
func mask(s string) string {
	s = likeLink.ReplaceAllString(likeMail.ReplaceAllString(s, "…"), "…")
	return likeNumber.ReplaceAllStringFunc(s, func(n string) string {
		if likeDate.MatchString(n) {
			return n
		}
		return "…"
	})
}

// tidied is a leaf whose free text is fit to be kept for ever.
func (l Leaf) tidied() Leaf {
	l.Role = tidy(l.Role, longestRole)
	l.Result, l.Note = tidy(mask(tidy(l.Result, longestBody)), longestResult), tidy(mask(tidy(l.Note, longestBody)), longestNote)
	var by []string
	for _, b := range l.By {
		if b = tidy(b, longestBy); b != "" && len(by) < mostBy {
			by = append(by, b)
		}
	}
	l.By = by
	return l
}
