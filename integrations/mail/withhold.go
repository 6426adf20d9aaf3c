package mail

import (
	"regexp"
	"strings"
	"unicode"
)

const withheld = "(withheld)"

// longestAnswer is how much of a server's words is worth keeping, in characters.
const longestAnswer = 200

// withhold returns a cleaner for what a server says about a letter to address.
// It drops every word that holds an address, a link, or a recognisable piece of
// this address, in any case: servers quote the recipient whole, by its local
// part, percent- or xtext-encoded, or as the address that an alias leads to.
//
// If no piece is long enough to be recognised safely, or if the address is not
// ASCII (which has many spellings), only the status is kept.
func withhold(address string) func(string) string {
	pieces := strings.FieldsFunc(strings.ToLower(address), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c)
	})
	local, _, _ := strings.Cut(address, "@")
	if !ascii(address) || len(local) < 3 {
		return statusOnly
	}
	return func(words string) string {
		var kept []string
		for _, word := range strings.Fields(visible(words, 4*longestAnswer)) {
			if tells(word, strings.ToLower(local), pieces) {
				word = withheld
			}
			kept = append(kept, word)
		}
		return visible(strings.Join(kept, " "), longestAnswer)
	}
}

// tells whether a word gives away an address or a link.
func tells(word, local string, pieces []string) bool {
	lower := strings.ToLower(word)
	if strings.Contains(lower, "@") || strings.Contains(lower, "%40") ||
		strings.Contains(lower, "+40") || strings.Contains(lower, "://") ||
		strings.Contains(lower, local) {
		return true
	}
	for _, piece := range pieces {
		// One and two letters ("j", "de", "io") would blot out half of a sentence
		// and recognise nobody.
		if len(piece) >= 3 && strings.Contains(lower, piece) {
			return true
		}
	}
	return false
}

var status = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// statusOnly keeps the enhanced status ("5.7.8") that begins most answers.
func statusOnly(words string) string { return status.FindString(words) }
