package write

import (
	"io"
	"strings"
	"unicode"
)

// writeOurWiki writes minutes for MediaWiki.
func writeOurWiki(w io.Writer, d Doc) error {
	strong := func(words string) string { return "'''" + words + "'''" }
	m := markup{
		name: wikiText, start: plain, strong: strong, number: strong, link: wikiLink, bullet: "* ", inner: "** ",
		linked: func(text string) string {
			return linkedBy(text, wikiText, func(address string) string { return wikiLink(wikiText(address), address) })
		},
		title: func(level int, words string) string {
			rule := strings.Repeat("=", level)
			if level == 1 {
				return rule + " " + words + " " + rule + "\n"
			}
			return "\n" + rule + " " + words + " " + rule + "\n"
		},
	}
	return m.write(w, d)
}

// wikiText is somebody's text as MediaWiki shows it letter by letter: the wiki's own
// word for that, and nothing in it that would end it.
func wikiText(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		return text
	}
	return "<nowiki>" + wikiEscapes.Replace(text) + "</nowiki>"
}

var wikiEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// wikiLink is a link with words that are escaped already. A wiki follows whole addresses
// only, so files beside the page are named without a link.
func wikiLink(words, address string) string {
	if followed(address) == "" {
		return words + " " + wikiText(address)
	}
	return "[" + linkTarget(address) + " " + words + "]"
}
