package markdown

import (
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The lengths, in bytes, that are looked through for the other end of something.
const (
	longestCode   = 10_000
	longestLabel  = 1_000
	longestEntity = 32
)

// inline reads one line.
type inline struct {
	s      string
	i      int
	text   strings.Builder // words since the last token
	tokens []token
}

// token is a span, or marks that may be emphasis.
type token struct {
	Span
	marks  string // "*", "**", "_" …; "" is a span
	opens  bool
	closes bool
	on     int8 // what it turns out to be: 1 begins, -1 ends, 0 is letters
}

// Inline reads the marks within a line.
func Inline(line string) []Span {
	p := inline{s: line}
	for p.i < len(p.s) {
		p.step()
	}
	p.flush()
	match(p.tokens)
	return spans(p.tokens)
}

// step reads whatever stands here.
func (p *inline) step() {
	c := p.s[p.i]
	var ok bool
	switch c {
	case '\\':
		ok = p.escape()
	case '&':
		ok = p.entity()
	case '`':
		ok = p.code()
	case '*', '_':
		ok = p.emphasis()
	case '[':
		ok = p.link()
	case '<':
		ok = p.autolink()
	case 'h', 'H':
		ok = p.address()
	}
	if !ok {
		p.text.WriteByte(c)
		p.i++
	}
}

func (p *inline) flush() {
	if p.text.Len() > 0 {
		p.tokens = append(p.tokens, token{Span: Span{Text: p.text.String()}})
		p.text.Reset()
	}
}

func (p *inline) put(s Span) bool {
	p.flush()
	p.tokens = append(p.tokens, token{Span: s})
	return true
}

func (p *inline) escape() bool {
	if p.i+1 == len(p.s) || !isPunctuation(p.s[p.i+1]) {
		return false
	}
	p.text.WriteByte(p.s[p.i+1])
	p.i += 2
	return true
}

func isPunctuation(c byte) bool {
	return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z')
}

// entity reads "&lt;" and its like.
func (p *inline) entity() bool {
	rest := p.s[p.i:min(len(p.s), p.i+longestEntity)]
	end := strings.IndexByte(rest, ';')
	if end < 0 {
		return false
	}
	letter := html.UnescapeString(rest[:end+1])
	if letter == rest[:end+1] || utf8.RuneCountInString(letter) > 2 {
		return false
	}
	p.text.WriteString(letter)
	p.i += end + 1
	return true
}

// code reads what stands between two equal rows of backticks.
func (p *inline) code() bool {
	row := 1
	for p.i+row < len(p.s) && p.s[p.i+row] == '`' {
		row++
	}
	from := p.i + row
	for at := from; at < len(p.s) && at-from <= longestCode; {
		next := strings.IndexByte(p.s[at:], '`')
		if next < 0 {
			break
		}
		start := at + next
		for at = start; at < len(p.s) && p.s[at] == '`'; at++ {
		}
		if at-start == row {
			text := p.s[from:start]
			if inner := strings.TrimSuffix(strings.TrimPrefix(text, " "), " "); len(text)-len(inner) == 2 && strings.TrimSpace(inner) != "" {
				text = inner
			}
			p.i = at
			return p.put(Span{Text: text, Code: true})
		}
	}
	p.text.WriteString(p.s[p.i:from]) // the whole row, so that none of it is looked at again
	p.i = from
	return true
}

// emphasis notes marks that may begin or end it.
func (p *inline) emphasis() bool {
	c, n := p.s[p.i], 1
	for p.i+n < len(p.s) && p.s[p.i+n] == c {
		n++
	}
	if n > 3 {
		p.text.WriteString(p.s[p.i : p.i+n])
		p.i += n
		return true
	}
	before, _ := utf8.DecodeLastRuneInString(p.s[:p.i])
	after, _ := utf8.DecodeRuneInString(p.s[p.i+n:])
	if p.i == 0 {
		before = ' '
	}
	if p.i+n == len(p.s) {
		after = ' '
	}
	left := !unicode.IsSpace(after) && (!isSign(after) || unicode.IsSpace(before) || isSign(before))
	right := !unicode.IsSpace(before) && (!isSign(before) || unicode.IsSpace(after) || isSign(after))
	opens, closes := left, right
	if c == '_' { // not within a word
		opens, closes = left && (!right || isSign(before)), right && (!left || isSign(after))
	}
	p.flush()
	marks := p.s[p.i : p.i+n]
	rows := []string{marks}
	if n == 3 {
		rows = []string{marks[:2], marks[:1]}
		if closes && !opens {
			slices.Reverse(rows)
		}
	}
	for _, row := range rows {
		p.tokens = append(p.tokens, token{marks: row, opens: opens, closes: closes})
	}
	p.i += n
	return true
}

func isSign(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }

// mostOpen is how many marks that wait for their other end are looked at.
const mostOpen = 16

// match finds which marks belong together.
func match(tokens []token) {
	var open []int
	for i := range tokens {
		t := &tokens[i]
		if t.marks == "" {
			continue
		}
		if t.closes {
			for k := len(open) - 1; k >= max(0, len(open)-mostOpen); k-- {
				if o := &tokens[open[k]]; o.marks == t.marks && open[k] < i-1 {
					o.on, t.on = 1, -1
					open = open[:k] // what was opened in between is letters
					break
				}
			}
		}
		if t.opens && t.on == 0 {
			open = append(open, i)
		}
	}
}

// spans draws the tokens together, with marks that are none as letters.
func spans(tokens []token) (list []Span) {
	strong, em := 0, 0
	var text strings.Builder // of the last span
	end := func() {
		if len(list) > 0 {
			list[len(list)-1].Text = text.String()
			text.Reset()
		}
	}
	for _, t := range tokens {
		if t.marks != "" {
			switch {
			case t.on == 0:
				t.Text = t.marks
			case len(t.marks) == 2:
				strong += int(t.on)
				continue
			default:
				em += int(t.on)
				continue
			}
		}
		t.Strong, t.Em = strong > 0, em > 0
		if len(list) == 0 || !alike(list[len(list)-1], t.Span) {
			end()
			list = append(list, t.Span)
		}
		text.WriteString(t.Text)
	}
	end()
	return list
}

// alike tells whether two pieces that follow each other are one.
func alike(a, b Span) bool {
	a.Text, b.Text = "", ""
	return a == b && !a.Code && a.Href == ""
}
