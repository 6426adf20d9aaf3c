package web

import (
	"strings"

	"batsignal/incidents/retrospective/linediff"
	"batsignal/incidents/retrospective/markdown"
)

// docBlock is a part of a document as it is drawn. Its texts are visible.
type docBlock struct {
	Kind  markdown.Kind
	Level int
	Spans []markdown.Span
	Items []docItem
	Text  string
	Parts []docBlock
}

type docItem struct {
	Spans []markdown.Span
	Lists []docBlock
}

// deepestHeading is the lowest level of headings on a page.
const deepestHeading = 4

// drawDocument reads a document. The heading that it begins with, if it does, is that of
// the page; those below are of the levels that a reader who listens expects, one below
// the other, whatever somebody typed.
func drawDocument(text string) (title string, blocks []docBlock) {
	all := markdown.Parse(text)
	if len(all) > 0 && all[0].Kind == markdown.Heading && all[0].Level == 1 {
		for _, s := range all[0].Spans {
			title += s.Text
		}
		all = all[1:]
	}
	level := 1
	return strings.ReplaceAll(title, breaker, ""), drawBlocks(all, &level)
}

func drawBlocks(all []markdown.Block, level *int) (blocks []docBlock) {
	for _, b := range all {
		out := docBlock{Kind: b.Kind, Spans: drawSpans(b.Spans)}
		switch b.Kind {
		case markdown.Heading:
			*level = min(max(b.Level, 2), *level+1, deepestHeading)
			out.Level = *level
		case markdown.List, markdown.Ordered:
			for _, item := range b.Items {
				out.Items = append(out.Items, docItem{drawSpans(item.Spans), drawBlocks(item.Lists, level)})
			}
		case markdown.Quote:
			out.Parts = drawBlocks(b.Parts, level)
		case markdown.Code:
			out.Text = drawLines(b.Text)
		}
		blocks = append(blocks, out)
	}
	return blocks
}

// breaker is the blank without width that stands in documents after what would be a
// mention elsewhere. Here nothing is, so nobody needs to see it.
const breaker = "\u200b"

func drawSpans(spans []markdown.Span) []markdown.Span {
	out := make([]markdown.Span, len(spans))
	for i, s := range spans {
		out[i] = s
		out[i].Text = drawLine(s.Text)
	}
	return out
}

func drawLine(text string) string { return visible(strings.ReplaceAll(text, breaker, "")) }

func drawLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = drawLine(line)
	}
	return strings.Join(lines, "\n")
}

// diffLine is a line of a comparison, or how many equal ones are left out there.
type diffLine struct {
	Class string // same, added, removed, left
	Text  string
	Left  int
}

const (
	diffAround = 3     // equal lines that are shown around what differs
	diffMost   = 3_000 // lines of a comparison; the rest is left out
)

// drawDiff compares two texts, and tells how many lines were left out at the end.
func drawDiff(before, after string) (lines []diffLine, more int) {
	all := linediff.Of(before, after)
	near := make([]bool, len(all)) // to something that differs
	last := -diffAround - 1
	for i, l := range all {
		if l.Op != linediff.Same {
			for k := max(0, i-diffAround, last+1); k <= min(len(all)-1, i+diffAround); k++ {
				near[k], last = true, k
			}
		}
	}
	left := 0
	for i, l := range all {
		if !near[i] {
			left++
			continue
		}
		if left > 0 {
			lines, left = append(lines, diffLine{Class: "left", Left: left}), 0
		}
		if len(lines) >= diffMost {
			return lines, len(all) - i
		}
		lines = append(lines, diffLine{Class: [...]string{"same", "removed", "added"}[l.Op], Text: drawLine(l.Text)})
	}
	return lines, 0
}
