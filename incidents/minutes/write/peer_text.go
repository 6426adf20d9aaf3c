package write

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"batsignal/incidents/minutes"
)

// peerShape is how a kind of text file is laid out: the same minutes in other marks.
type peerShape struct {
	wrap    bool
	title   func(string) string
	heading func(string) string             // with what follows it, up to the end of its line
	under   string                          // between a heading and a list that is not empty
	bullets [2]string                       // before an item, and before one of a topic or person
	between string                          // between two items
	gap     string                          // between two parts
	endGap  string                          // between the summary and the end
	text    func(string) string             // makes a person's text harmless
	topic   func(string) string             // marks a topic
	label   func(kind string) string        // of items that have one
	trailer func(p *peerPage, n int) string // who said item n, and when
	start   func(p *peerPage) string
	refs    func(p *peerPage) string // what stands below the summary; nil is nothing
	sign    func(p *peerPage) string

	actions  string // heading of the list of actions; "" is no list
	owners   string // heading of the actions by person
	present  string // heading of the people present
	none     string // what a list without actions holds
	allLists bool   // the actions by person are there even if nobody has any
}

// write writes a meeting in that shape.
func (s *peerShape) write(w io.Writer, p *peerPage) error {
	var out strings.Builder
	out.WriteString(s.title(s.text(p.title)))
	out.WriteString("\n\n\n" + s.start(p) + "\n\n\n\n")
	out.WriteString(s.list("Meeting summary", s.summary(p)))
	if s.refs != nil {
		out.WriteString(s.endGap + s.refs(p))
	}
	out.WriteString(s.endGap + "Meeting ended at " + p.ended + " " + p.zone + "." + s.gap)
	if s.actions != "" {
		out.WriteString(s.list(s.actions, s.actionList(p)) + s.gap)
	}
	if s.allLists || len(p.owners) > 0 {
		out.WriteString(s.list(s.owners, s.byPerson(p)) + s.gap)
	}
	out.WriteString(s.list(s.present, s.people(p)) + s.gap + s.sign(p))
	_, err := io.WriteString(w, out.String())
	return err
}

func (s *peerShape) list(heading string, items []string) string {
	text := s.heading(heading)
	if len(items) > 0 {
		text += s.under + strings.Join(items, s.between)
	}
	return text
}

func (s *peerShape) summary(p *peerPage) (lines []string) {
	topics := false
	for n, item := range p.items {
		depth, text := 0, s.text(item.text())
		switch item.kind {
		case minutes.TopicItem:
			if topics {
				lines = append(lines, "")
			}
			text, topics = s.topic(text), true
		case minutes.Info: // needs no label
		default:
			text = s.label(string(item.kind)) + text
		}
		if topics && item.kind != minutes.TopicItem {
			depth = 1
		}
		lines = append(lines, s.item(depth, text+"  "+s.trailer(p, n)))
	}
	return lines
}

func (s *peerShape) actionList(p *peerPage) (lines []string) {
	for _, action := range p.actions {
		lines = append(lines, s.item(0, s.text(action)))
	}
	if lines == nil && s.none != "" {
		lines = append(lines, s.item(0, s.none))
	}
	return lines
}

func (s *peerShape) byPerson(p *peerPage) (lines []string) {
	add := func(name string, actions []string) {
		lines = append(lines, s.item(0, name))
		for _, action := range actions {
			lines = append(lines, s.item(1, s.text(action)))
		}
	}
	for _, owner := range p.owners {
		add(s.text(owner.name), owner.actions)
	}
	if len(p.unassigned) >= p.dialect.Unassigned {
		add("**UNASSIGNED**", p.unassigned)
		if len(p.unassigned) == 0 {
			lines = append(lines, s.item(1, "(none)"))
		}
	}
	return lines
}

func (s *peerShape) people(p *peerPage) (lines []string) {
	for _, one := range p.present {
		lines = append(lines, s.item(0, s.text(peerClean(one.Nick))+" ("+strconv.Itoa(one.Lines)+")"))
	}
	return lines
}

// item is an item's line, or lines if it is too long for one.
func (s *peerShape) item(depth int, text string) string {
	if !s.wrap {
		return s.bullets[depth] + text
	}
	indent := strings.Repeat("  ", depth)
	return peerWrap("* "+text, indent, indent+"  ")
}

// fullLogs says who started the meeting, and where its log is.
func fullLogs(p *peerPage, blanks string) string {
	return fmt.Sprintf("Meeting started by %s at %s %s.%sThe full logs are available at %s .", p.owner, p.started, p.zone, blanks, p.url)
}

// ruleOf is a rule as long as a text.
func ruleOf(mark, text string) string { return strings.Repeat(mark, utf8.RuneCountInString(text)) }

func boxed(title string) string      { r := ruleOf("=", title); return r + "\n" + title + "\n" + r }
func underlined(h string) string     { return h + "\n" + ruleOf("-", h) + "\n" }
func unmarked(text string) string    { return text }
func byAt(p *peerPage, n int) string { return "(" + p.items[n].by + ", " + p.items[n].at + ")" }
