package write

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// harmlessRST is a text in which ReST finds nothing to obey. A backslash, which is not
// shown, goes
//
//   - before the "_" that makes a reference of the word or the quotes before it,
//   - into the "::" without which there is no directive, be it raw or include,
//   - before the ".." that begins an address, a comment and whatever else there may be,
//   - before the ":" of an address that runs a script.
func harmlessRST(text string) string {
	if !strings.ContainsAny(text, "_.:") {
		return text
	}
	var out strings.Builder
	for i, r := range text {
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
		switch {
		case r == '_' && isWordLetter(before) && !isWordLetter(after),
			r == '_' && strings.ContainsRune("`|]", before) && (after == '_' || !isWordLetter(after)),
			r == ':' && before == ':' && endsWord(after),
			r == ':' && runsScript(text[:i]) && !endsWord(after),
			r == '.' && after == '.' && beginsMarkup(text, i):
			out.WriteByte('\\')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// beginsMarkup tells whether the two dots at i stand alone.
func beginsMarkup(text string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i+2:])
	return endsWord(after) && before != '.' && !isWordLetter(before)
}

// runsScript tells whether a text ends in the name of a scheme whose addresses are
// obeyed instead of fetched.
func runsScript(text string) bool {
	for _, scheme := range []string{"javascript", "vbscript", "data"} {
		if start := len(text) - len(scheme); start >= 0 && strings.EqualFold(text[start:], scheme) {
			return true
		}
	}
	return false
}

func isWordLetter(r rune) bool {
	return r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r))
}

// endsWord tells whether a word ends before that letter. The end of the text counts.
func endsWord(r rune) bool { return r == utf8.RuneError || unicode.IsSpace(r) }
