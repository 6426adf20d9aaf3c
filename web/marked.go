package web

import (
	"strings"
	"unicode"
)

// piece is a part of somebody's text with what we know about it. The template escapes
// the text and draws the rest.
type piece struct {
	Text string
	Mark bool   // it is what was looked for
	Href string // it is an address that may be followed
}

// termsOf are the words that a search wants to find, in small letters.
func termsOf(query string) (terms []string) {
	quote := false
	for i, part := range strings.Split(query, `"`) {
		quote = i%2 == 1
		for word := range strings.FieldsSeq(part) {
			if !quote && (strings.HasPrefix(word, "-") || strings.EqualFold(word, "or")) {
				continue
			}
			terms = append(terms, strings.FieldsFunc(strings.ToLower(word), apart)...)
		}
	}
	return terms
}

func apart(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }

const (
	snippetLength = 320 // letters of a long text that are shown
	snippetBefore = 80  // of them, before the first match
)

// snippet is a text with its matches marked, cut to what is around the first one.
func snippet(text string, terms []string) []piece {
	list := marked(text, terms)
	if len([]rune(text)) <= snippetLength {
		return list
	}
	before := []rune(nil)
	if len(list) > 1 && !list[0].Mark {
		before = []rune(list[0].Text)
	}
	if cut := len(before) - snippetBefore; cut > 0 {
		list[0].Text = "… " + string(before[cut:])
	}
	left := snippetLength
	for i := range list {
		r := []rune(list[i].Text)
		if left -= len(r); left < 0 {
			list[i].Text = string(r[:len(r)+left]) + " …"
			return list[:i+1]
		}
	}
	return list
}

// marked parts a text at the words that are among the terms.
func marked(text string, terms []string) (list []piece) {
	wanted := make(map[string]bool, len(terms))
	for _, t := range terms {
		wanted[t] = true
	}
	from, start := 0, -1
	flush := func(start, end int) {
		if !wanted[strings.ToLower(text[start:end])] {
			return
		}
		if start > from {
			list = append(list, piece{Text: text[from:start]})
		}
		list = append(list, piece{Text: text[start:end], Mark: true})
		from = end
	}
	for i, r := range text {
		switch {
		case !apart(r) && start < 0:
			start = i
		case apart(r) && start >= 0:
			flush(start, i)
			start = -1
		}
	}
	if start >= 0 {
		flush(start, len(text))
	}
	if from < len(text) {
		list = append(list, piece{Text: text[from:]})
	}
	return list
}
