package write

import (
	"io"
	"strings"

	"batsignal/incidents/minutes"
)

// markup is how one language of marks draws our minutes.
type markup struct {
	name   func(text string) string // somebody's text, letter by letter
	linked func(text string) string // the same, where addresses are links
	start  func(line string) string // what a line of a list begins with, escaped already
	strong func(words string) string
	number func(words string) string // an item's number
	link   func(words, address string) string
	// title is a heading with the empty lines that it needs; 1 is the page's own.
	title func(level int, words string) string
	// bullet begins a line of a list, inner one of a list in it, and apart stands
	// around that.
	bullet, inner, apart string
}

func (m *markup) write(w io.Writer, d Doc) error {
	o, p := outlineOf(d), newPen(w)
	log := d.farBase() + ".log.html"
	p.put(m.title(1, m.start(m.name(o.title))), o.when, "\n\n")
	for _, f := range o.facts {
		p.put(m.bullet, f.label, ": ", f.words, listed(mapped(f.names, m.name), "and"), "\n")
	}
	p.put(m.bullet, m.link("Log", log), "\n")
	p.put(m.title(2, "Decisions"))
	for _, e := range o.decided {
		p.put(m.bullet, m.entry(e), m.source(e, log), "\n")
	}
	p.none(len(o.decided))
	p.put(m.title(2, "Action items"))
	for _, e := range o.actions {
		p.put(m.bullet, m.number(e.number()), " ", e.whose(m.name), ": ", m.words(e), m.source(e, log), "\n")
	}
	p.none(len(o.actions))
	m.shares(p, o, log)
	m.topics(p, o, log)
	p.put(m.title(2, "People present"))
	for _, a := range o.people {
		p.put(m.bullet, m.start(a.words(m.name)), "\n")
	}
	p.put("\nAll times are in UTC. Written by Batsignal.\n")
	return p.done()
}

func (m *markup) shares(p *pen, o *outline, log string) {
	if len(o.shares) == 0 {
		return
	}
	p.put(m.title(2, "Action items by person"))
	for i, one := range o.shares {
		if i > 0 {
			p.put(m.apart)
		}
		p.put(m.bullet, m.start(m.name(one.called())), "\n", m.apart)
		for _, e := range one.actions {
			p.put(m.inner, m.number(e.number()), e.perhaps(m.name), e.dueWords(), ": ", m.words(e), m.source(e, log), "\n")
		}
	}
}

func (m *markup) topics(p *pen, o *outline, log string) {
	p.put(m.title(2, "Minutes"))
	for i, c := range o.topics {
		if c.titled {
			title := m.title(3, m.start(m.words(c.topic)))
			if !c.topic.day.IsZero() {
				title = "\n" + m.strong(c.topic.day.UTC().Format(onDay)) + "\n" + title
			}
			if i == 0 {
				title = strings.TrimPrefix(title, "\n")
			}
			p.put(title, m.source(c.topic, log)[1:], "\n")
		}
		for j, e := range c.entries {
			if j == 0 && c.titled {
				p.put("\n")
			}
			if !e.day.IsZero() {
				p.put(m.bullet, m.strong(e.day.UTC().Format(onDay)), "\n")
			}
			p.put(m.bullet, m.entry(e), m.source(e, log), "\n")
		}
	}
	p.none(len(o.topics))
}

// entry is an entry with what stands before it.
func (m *markup) entry(e entry) string {
	switch label := labels[e.kind]; {
	case label == "":
		return m.start(m.words(e))
	case e.gone || e.kind != minutes.Action:
		return m.strong(label+":") + " " + m.words(e)
	default:
		return m.strong(label) + " " + m.number(e.number()) + " " + e.whose(m.name) + ": " + m.words(e)
	}
}

func (m *markup) words(e entry) string {
	if !e.theirs() {
		return e.words()
	}
	return m.linked(e.text) + e.mark()
}

// source says who noted it and when, with a link to the line of the log, and one to
// the line on the network where that has an address.
func (m *markup) source(e entry, log string) string {
	source := " (" + m.link(m.name(e.by)+", "+e.stamp, log+e.fragment())
	if e.room != "" {
		source += ", " + m.link("in the room", e.room)
	}
	return source + ")"
}

// linkedBy is a text in which addresses are links: text draws what is none, address
// what is one.
func linkedBy(text string, plain, address func(string) string) string {
	out := ""
	for _, part := range pieces(text) {
		if part.address {
			out += address(part.text)
		} else {
			out += plain(part.text)
		}
	}
	return out
}
