package write

import (
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"batsignal/incidents/minutes"
)

// writeOurText writes minutes to be read as they are: on a terminal, in a mail.
func writeOurText(w io.Writer, d Doc) error {
	o, p := outlineOf(d), newPen(w)
	p.heading(o.title, "=")
	p.put("\n")
	p.textFacts(o)
	p.put("Log: ", d.farBase(), ".log.html\n")

	p.textDecisions(o)
	p.section("Action items")
	for _, e := range o.actions {
		p.para(e.number()+" "+e.whose(plain)+": "+e.words()+e.source(), "* ", "  ")
	}
	p.none(len(o.actions))
	p.textShares(o)
	p.textTopics(o)
	p.section("People present")
	for _, a := range o.people {
		p.para(a.words(plain), "* ", "  ")
	}
	p.put("\nAll times are in UTC. Written by Batsignal.\n")
	return p.done()
}

func (p *pen) textFacts(o *outline) {
	p.para(strings.TrimSuffix(o.when, " UTC")+glue+"UTC", "", "  ")
	for _, f := range o.facts {
		p.para(f.label+": "+f.words+listed(f.names, "and"), "", "  ")
	}
}

func (p *pen) textDecisions(o *outline) {
	p.section("Decisions")
	for _, e := range o.decided {
		p.para(labels[e.kind]+": "+e.words()+e.source(), "* ", "  ")
	}
	p.none(len(o.decided))
}

func (p *pen) textShares(o *outline) {
	if len(o.shares) == 0 {
		return
	}
	p.section("Action items by person")
	for _, one := range o.shares {
		p.para(one.called(), "* ", "  ")
		for _, e := range one.actions {
			p.para(e.number()+e.perhaps(plain)+e.dueWords()+": "+e.words()+e.mark(), "  * ", "    ")
		}
	}
}

func (p *pen) textTopics(o *outline) {
	p.section("Minutes")
	for i, c := range o.topics {
		if i > 0 {
			p.put("\n")
		}
		if c.titled {
			p.newDay(c.topic)
			p.para(c.topic.words()+c.topic.source(), "", "  ")
		}
		for _, e := range c.entries {
			p.newDay(e)
			p.para(e.head(plain)+e.words()+e.source(), "* ", "  ")
		}
	}
	p.none(len(o.topics))
}

// plain is a name as text has it.
func plain(name string) string { return name }

// called is whose share it is.
func (s share) called() string {
	if s.name == "" {
		return "nobody yet"
	}
	return s.name
}

// head is what stands before the words of an entry among the topics.
func (e entry) head(name func(string) string) string {
	switch label := labels[e.kind]; {
	case label == "":
		return ""
	case e.gone || e.kind != minutes.Action:
		return label + ": "
	default:
		return label + " " + e.number() + " " + e.whose(name) + ": "
	}
}

// source says who noted it, when, and in which line of the log.
func (e entry) source() string {
	return e.mark() + " (" + e.by + ", " + strings.ReplaceAll(e.stamp, " ", glue) + ", line" + glue + strconv.Itoa(e.line) + ")"
}

func (p *pen) newDay(e entry) {
	if !e.day.IsZero() {
		p.put("-- ", e.day.UTC().Format(onDay), " --\n")
	}
}

func (p *pen) section(title string) {
	p.put("\n")
	p.heading(title, "-")
}

// heading writes a title, as many lines as it takes, and a rule under it.
func (p *pen) heading(title, rule string) {
	text, longest := peerWrap(title, "", ""), 0
	for line := range strings.SplitSeq(text, "\n") {
		longest = max(longest, utf8.RuneCountInString(line))
	}
	p.put(text, "\n", strings.Repeat(rule, min(longest, pageWidth)), "\n")
}

// glue is a blank at which no line ends. Clean texts do not have it.
const glue = "\x00"

// para writes a text in lines of the page's width.
func (p *pen) para(text, first, rest string) {
	p.put(strings.ReplaceAll(peerWrap(text, first, rest), glue, " "), "\n")
}

func (p *pen) none(n int) {
	if n == 0 {
		p.put("None.\n")
	}
}
