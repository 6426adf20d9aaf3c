package write

import (
	"io"
	"strings"
)

// writeOurMarkdown writes minutes for GitHub, GitLab and whatever else reads Markdown.
func writeOurMarkdown(w io.Writer, d Doc) error {
	m := markup{
		name: mdText, start: mdStart, bullet: "- ", inner: "  - ",
		linked: func(text string) string {
			return linkedBy(text, mdText, func(address string) string { return "<" + address + ">" })
		},
		strong: func(words string) string { return "**" + words + "**" },
		// As code, a number is not taken for that of an issue.
		number: func(words string) string { return "`" + words + "`" },
		link:   func(words, address string) string { return "[" + words + "](" + linkTarget(address) + ")" },
		title: func(level int, words string) string {
			before := "\n"
			if level == 1 {
				before = ""
			}
			return before + strings.Repeat("#", level) + " " + words + "\n\n"
		},
	}
	return m.write(w, d)
}

// breaker is a blank without width. It stands after what Markdown's readers would take
// for a mention or a reference: they look for those on the finished page, where an
// escape by "\" is gone already.
const breaker = "\u200b"

// mdText is somebody's text as Markdown shows it letter by letter: no markup, nobody
// mentioned, no issue referred to.
func mdText(text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '\\', '`', '*', '_', '[', ']', '#', '|', '~', '$':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
		if refers(c, text[i+1:]) {
			b.WriteString(breaker)
		}
	}
	return b.String()
}

// refers tells whether a sign and what follows it may refer to something: "@anna",
// "#12", "!3", "~label", "%milestone", and whatever scheme an address may have.
func refers(c byte, after string) bool {
	if c == '@' {
		return true
	}
	if after == "" || after[0] == ' ' {
		return false
	}
	switch c {
	case '#', '!', '$', '&':
		return after[0] >= '0' && after[0] <= '9'
	case '~', '%', '^':
		return true
	case ':':
		return strings.HasPrefix(after, "//")
	}
	return false
}

// mdStart is what a line of a list begins with, so that a number or a dash in it is
// not taken for another list.
func mdStart(line string) string {
	n := 0
	for n < len(line) && line[n] >= '0' && line[n] <= '9' {
		n++
	}
	switch {
	case n == len(line):
		return line
	case n > 0 && (line[n] == '.' || line[n] == ')'), n == 0 && strings.IndexByte("+-=", line[0]) >= 0:
		return line[:n] + `\` + line[n:]
	}
	return line
}
