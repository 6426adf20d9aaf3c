package write

import (
	"strings"
	"time"
)

// time writes a time in words, and as programs read it.
func (p *pen) time(t time.Time, words string) {
	p.put("<time datetime=\"")
	p.instant(t)
	p.put("\">", words, "</time>")
}

// span is the same as the text's, in two times that programs can read, too.
func (h *htmlPage) span() {
	first, last := spanParts(h.from, h.to)
	h.time(h.from, first)
	h.put(" to ")
	h.time(h.to, last)
	h.put(" UTC")
}

// html is the text of an entry.
func (e entry) html() string {
	switch {
	case !e.theirs():
		return "<i>" + e.words() + "</i>"
	case e.edited:
		return "<bdi>" + linkedHTML(e.text) + "</bdi> <i>(edited)</i>"
	}
	return "<bdi>" + linkedHTML(e.text) + "</bdi>"
}

// kindMark is what an entry is, for the eye.
func kindMark(e entry) string {
	label := labels[e.kind]
	if label == "" {
		return ""
	}
	return "<b class=\"kind " + strings.ToLower(string(e.kind)) + "\">" + label + "</b> "
}

// whoseHTML says whose action it is, and when it is due.
func (e entry) whoseHTML() string {
	who := e.who(bidi)
	if len(e.owners) == 0 {
		who = "<em>" + who + "</em>"
	}
	return "for " + who + e.dueHTML()
}

func (e entry) dueHTML() string {
	if e.due.IsZero() {
		return ""
	}
	due := e.due.UTC()
	return ", due <time datetime=\"" + due.Format(time.DateOnly) + "\">" + due.Format(onDay) + "</time>"
}

func dayHTML(t time.Time) string {
	t = t.UTC()
	return "<time datetime=\"" + t.Format(time.DateOnly) + "\">" + t.Format(onDay) + "</time>"
}
