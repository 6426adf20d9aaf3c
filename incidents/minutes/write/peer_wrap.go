package write

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// pageWidth is the width of the peers' text in letters.
const pageWidth = 72

// tabWidth is how far apart tab stops are.
const tabWidth = 8

// peerWrap breaks a text into lines of the page's width, the first of which is indented
// by first and the others by rest. It breaks at blanks alone, keeps blanks as they are
// within a line, and drops them where it breaks. A word that is too long has a line of
// its own.
func peerWrap(text, first, rest string) string {
	var out strings.Builder
	out.Grow(len(text) + len(text)/8 + len(first))
	tokens := blankTokens(flattened(text))
	for indent := first; len(tokens) > 0; {
		if out.Len() > 0 {
			indent = rest
			if isBlank(tokens[0]) {
				tokens = tokens[1:]
			}
		}
		var line string
		if line, tokens = fillLine(tokens, pageWidth-utf8.RuneCountInString(indent)); line == "" {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('\n')
		}
		out.WriteString(indent)
		out.WriteString(line)
	}
	return out.String()
}

// fillLine takes as many tokens as a line of that width holds, and one in any case.
func fillLine(tokens []string, width int) (line string, rest []string) {
	n, used := 0, 0
	for ; n < len(tokens); n++ {
		used += utf8.RuneCountInString(tokens[n])
		if used > width && n > 0 {
			break
		}
	}
	rest = tokens[n:]
	if n > 0 && isBlank(tokens[n-1]) {
		n--
	}
	return strings.Join(tokens[:n], ""), rest
}

// flattened is a text with blanks in place of tabs, to the next tab stop.
func flattened(text string) string {
	if !strings.Contains(text, "\t") {
		return text
	}
	var out strings.Builder
	column := 0
	for _, r := range text {
		if r != '\t' {
			out.WriteRune(r)
			column++
			continue
		}
		n := tabWidth - column%tabWidth
		out.WriteString(strings.Repeat(" ", n))
		column += n
	}
	return out.String()
}

// blankTokens are the words of a text and the blanks between them, by turns.
func blankTokens(text string) (tokens []string) {
	start, blank := 0, false
	for i, r := range text {
		if is := unicode.IsSpace(r); is != blank {
			if i > start {
				tokens = append(tokens, text[start:i])
			}
			start, blank = i, is
		}
	}
	if start < len(text) {
		tokens = append(tokens, text[start:])
	}
	return tokens
}

// isBlank tells whether a token is blanks.
func isBlank(token string) bool {
	r, _ := utf8.DecodeRuneInString(token)
	return unicode.IsSpace(r)
}
