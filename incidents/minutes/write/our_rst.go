package write

import (
	"io"
	"strings"
	"unicode"
)

// writeOurRST writes minutes for docutils and Sphinx. Each text has one line, however
// long, for what begins a line may be markup.
func writeOurRST(w io.Writer, d Doc) error {
	strong := func(words string) string { return "**" + words + "**" }
	m := markup{
		name: rstText, start: rstStart, strong: strong, number: strong, link: rstLink,
		bullet: "* ", inner: "  * ", apart: "\n",
		linked: func(text string) string {
			return linkedBy(text, rstText, func(address string) string {
				return `\ ` + rstLink(rstText(address), address) + `\ `
			})
		},
		title: func(level int, words string) string {
			rule := strings.Repeat("=-~"[level-1:level], max(4, len(words))) // as wide on any screen
			if level == 1 {
				return words + "\n" + rule + "\n\n"
			}
			return "\n" + words + "\n" + rule + "\n\n"
		},
	}
	return m.write(w, d)
}

// rstText is somebody's text as docutils shows it letter by letter. A colon is escaped
// where it may belong to an address, for docutils links any scheme, or begin a block.
func rstText(text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\\', '`', '*', '_', '|', '<', '>', '@':
			b.WriteByte('\\')
		case ':':
			if i+1 == len(text) || text[i+1] != ' ' {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// rstStart is what a line begins with. Unless that is plainly a word, an escaped blank,
// which is nothing, keeps it from being a list, a directive or the like.
func rstStart(line string) string {
	word, _, _ := strings.Cut(line, " ")
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }) {
		return line
	}
	return `\ ` + line
}

// rstLink is a link with words that are escaped already.
func rstLink(words, address string) string {
	return "`" + words + " <" + linkTarget(address) + ">`__"
}
