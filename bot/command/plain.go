package command

import "strings"

// PlainText draws a reply as lines of text, for IRC, the terminal and
// transcripts. Each string is one line without control characters, however the
// texts inside looked.
//
// A table is drawn as "a · b · c" under a head of the same form. Aligned columns
// would need one width for every letter, which IRC on a phone does not have, and
// would wrap there; the dots read the same everywhere, and to a screen reader.
func PlainText(r Reply) []string {
	var lines []string
	add := func(parts ...string) {
		if line := Clean(strings.Join(parts, "")); line != "" {
			lines = append(lines, line)
		}
	}
	for _, b := range r.Blocks {
		switch b := b.(type) {
		case Line:
			add(string(b))
		case Verbatim:
			add(string(b))
		case Facts:
			for _, f := range b {
				add(f[0], ": ", orDash(f[1]))
			}
		case List:
			add(b.Title)
			for _, item := range b.Items {
				add("- ", orDash(item))
			}
		case Table:
			add(row(b.Head))
			for _, cells := range b.Rows {
				add(row(cells))
			}
		case Code:
			// Indented, so that no line of it can be a command to another bot.
			for line := range strings.SplitSeq(strings.TrimRight(string(b), "\n"), "\n") {
				lines = append(lines, "  "+strings.TrimRight(strip(strings.TrimRight(line, "\r")), " "))
			}
		case Link:
			if b.Text == "" {
				add(b.URL)
			} else {
				add(b.Text, ": ", b.URL)
			}
		}
	}
	return lines
}

func row(cells []string) string {
	shown := make([]string, len(cells))
	for i, c := range cells {
		shown[i] = orDash(Clean(c))
	}
	return strings.Join(shown, " · ")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
