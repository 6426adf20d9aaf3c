// Package markdown owns reading the part of Markdown that retrospectives are written
// in: headings, paragraphs, lists, quotations, code, emphasis and links. Whatever else
// stands in a text is words.
//
// It makes no HTML: whoever shows a document decides what becomes of its blocks. Its
// work grows with the length of a text and no faster, whatever somebody put into it.
package markdown

import (
	"strings"
	"unicode"
)

// Kind says what a block is.
type Kind string

// The kinds of blocks.
const (
	Paragraph Kind = "paragraph"
	Heading   Kind = "heading"
	List      Kind = "list"
	Ordered   Kind = "ordered" // a list with numbers
	Quote     Kind = "quote"
	Code      Kind = "code"
	Rule      Kind = "rule"
)

// Block is one part of a document, from the top down.
type Block struct {
	Kind  Kind
	Level int    // of a heading: 1 to 6
	Spans []Span // of a heading or a paragraph
	Items []Item // of a list
	Text  string // of code: its lines as they are
	Parts []Block
}

// Item is one entry of a list, with the lists in it.
type Item struct {
	Spans []Span
	Lists []Block
}

// Span is a piece of a line.
type Span struct {
	Text   string
	Code   bool
	Strong bool
	Em     bool
	Href   string // an http or https address; "" is no link
}

// deepest bounds lists in lists and quotations in quotations.
const deepest = 6

// Parse reads a document.
func Parse(text string) []Block {
	return parse(strings.Split(text, "\n"), 0)
}

// Plain is a line without its marks: what one reads aloud.
func Plain(line string) string {
	var b strings.Builder
	for _, s := range Inline(line) {
		b.WriteString(s.Text)
	}
	return strings.TrimSpace(b.String())
}

// Title tells whether a line is a heading, and which: its level and its words, still
// with their marks.
func Title(line string) (level int, words string, ok bool) {
	line = strings.TrimRight(line, " \t\r")
	for level < len(line) && line[level] == '#' {
		level++
	}
	if level == 0 || level > 6 || level < len(line) && line[level] != ' ' {
		return 0, "", false
	}
	words = strings.TrimSpace(line[level:])
	if closing := strings.TrimRight(words, "#"); closing == "" || strings.HasSuffix(closing, " ") {
		words = strings.TrimSpace(closing)
	}
	return level, words, true
}

// Fence tells whether a line begins or ends code. The same mark ends it.
func Fence(line string) (mark string, ok bool) {
	line = strings.TrimLeft(line, " ")
	for _, mark := range []string{"```", "~~~"} {
		if strings.HasPrefix(line, mark) && !strings.Contains(line[len(mark):], "`") {
			return mark, true
		}
	}
	return "", false
}

// parse reads lines, which a list or a quotation may have around them.
func parse(lines []string, depth int) (blocks []Block) {
	for i := 0; i < len(lines); {
		line := strings.TrimRight(lines[i], " \t\r")
		if line == "" {
			i++
			continue
		}
		if mark, ok := Fence(line); ok {
			n := codeLines(lines[i+1:], mark)
			blocks = append(blocks, Block{Kind: Code, Text: strings.Join(lines[i+1:i+1+n], "\n")})
			i += n + 2
			continue
		}
		if level, words, ok := Title(line); ok {
			if words != "" {
				blocks = append(blocks, Block{Kind: Heading, Level: level, Spans: Inline(words)})
			}
			i++
			continue
		}
		if isRule(line) {
			blocks = append(blocks, Block{Kind: Rule})
			i++
			continue
		}
		if m, ok := marker(line); ok && depth < deepest {
			block, n := list(lines[i:], m, depth)
			blocks = append(blocks, block)
			i += n
			continue
		}
		if strings.HasPrefix(line, ">") && depth < deepest {
			block, n := quotation(lines[i:], depth)
			blocks = append(blocks, block)
			i += n
			continue
		}
		n := 1
		for i+n < len(lines) && !begins(lines[i+n], depth) {
			n++
		}
		blocks = append(blocks, Block{Kind: Paragraph, Spans: Inline(joined(lines[i : i+n]))})
		i += n
	}
	return blocks
}

// begins tells whether a line ends the paragraph before it.
func begins(line string, depth int) bool {
	line = strings.TrimRight(line, " \t\r")
	if line == "" || isRule(line) {
		return true
	}
	if depth < deepest {
		if _, ok := marker(line); ok || line[0] == '>' {
			return true
		}
	}
	if _, ok := Fence(line); ok {
		return true
	}
	_, _, ok := Title(line)
	return ok
}

func codeLines(lines []string, mark string) int {
	for i, line := range lines {
		if strings.TrimSpace(line) == mark {
			return i
		}
	}
	return len(lines)
}

// isRule tells whether a line is nothing but three marks or more.
func isRule(line string) bool {
	bare := strings.ReplaceAll(strings.TrimSpace(line), " ", "")
	return len(bare) >= 3 && strings.IndexByte("-*_", bare[0]) >= 0 && strings.Trim(bare, bare[:1]) == ""
}

func quotation(lines []string, depth int) (Block, int) {
	var inner []string
	for _, line := range lines {
		rest, ok := strings.CutPrefix(strings.TrimRight(line, " \t\r"), ">")
		if !ok {
			break
		}
		inner = append(inner, strings.TrimPrefix(rest, " "))
	}
	return Block{Kind: Quote, Parts: parse(inner, depth+1)}, len(inner)
}

// joined makes one line of several.
func joined(lines []string) string {
	words := make([]string, len(lines))
	for i, line := range lines {
		words[i] = strings.TrimFunc(line, unicode.IsSpace)
	}
	return strings.Join(words, " ")
}
