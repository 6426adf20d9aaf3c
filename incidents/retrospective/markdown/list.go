package markdown

import "strings"

// mark is what an entry of a list begins with.
type mark struct {
	indent  int // blanks before it
	width   int // bytes up to the words
	ordered bool
}

// marker reads the mark at the beginning of a line: "- ", "* ", "+ ", "12. ", "3) ".
func marker(line string) (m mark, ok bool) {
	for m.indent < len(line) && line[m.indent] == ' ' {
		m.indent++
	}
	rest := line[m.indent:]
	n := 0
	for n < len(rest) && n < 9 && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	switch {
	case rest == "":
		return m, false
	case n == 0 && strings.IndexByte("-*+", rest[0]) >= 0:
		n = 1
	case n > 0 && n < len(rest) && (rest[n] == '.' || rest[n] == ')'):
		m.ordered = true
		n++
	default:
		return m, false
	}
	if n == len(rest) || rest[n] != ' ' {
		return m, false
	}
	for n < len(rest) && rest[n] == ' ' {
		n++
	}
	m.width = m.indent + n
	return m, true
}

// list reads a list that begins at the first line, and tells how many lines it takes.
// A line that is indented further than the marks belongs to the entry above it.
func list(lines []string, first mark, depth int) (Block, int) {
	block := Block{Kind: List}
	if first.ordered {
		block.Kind = Ordered
	}
	i := 0
	for i < len(lines) {
		line := strings.TrimRight(lines[i], " \t\r")
		m, ok := marker(line)
		if !ok || m.indent > first.indent+1 || m.indent < first.indent || m.ordered != first.ordered || isRule(line) {
			break
		}
		words, inner := []string{line[m.width:]}, []string(nil)
		for i++; i < len(lines); i++ {
			next := strings.TrimRight(lines[i], " \t\r")
			if next == "" {
				break
			}
			sub, isMark := marker(next)
			indented := len(next)-len(strings.TrimLeft(next, " ")) > first.indent
			switch {
			case isMark && sub.indent > first.indent+1, len(inner) > 0 && indented:
				inner = append(inner, next)
				continue
			case !isMark && !begins(next, depth):
				words = append(words, next)
				continue
			}
			break
		}
		block.Items = append(block.Items, entry(words, inner, depth))
		// Entries may have an empty line between them.
		if next := skipEmpty(lines, i); next > i && next < len(lines) {
			if m, ok := marker(strings.TrimRight(lines[next], " \t\r")); ok && m.indent >= first.indent && m.indent <= first.indent+1 && m.ordered == first.ordered {
				i = next
			}
		}
	}
	return block, i
}

func entry(words, inner []string, depth int) Item {
	item := Item{Spans: Inline(joined(words))}
	if len(inner) == 0 {
		return item
	}
	for _, b := range parse(inner, depth+1) {
		if b.Kind == List || b.Kind == Ordered {
			item.Lists = append(item.Lists, b)
		} else if len(b.Spans) > 0 { // too deep to be a list
			item.Spans = append(append(item.Spans, Span{Text: " "}), b.Spans...)
		}
	}
	return item
}

func skipEmpty(lines []string, i int) int {
	for i < len(lines) && strings.TrimSpace(lines[i]) == "" {
		i++
	}
	return i
}
