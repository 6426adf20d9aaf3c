package write

import (
	"io"
	"strconv"
	"time"

	"batsignal/incidents/minutes"
)

// writeOurHTML writes minutes as a page that needs nothing but itself.
func writeOurHTML(w io.Writer, d Doc) error {
	h := &htmlPage{pen: newPen(w), outline: outlineOf(d), log: d.nearBase() + ".log.html"}
	h.pageTop(h.title)
	h.head()
	h.decisions()
	h.actionList()
	h.byPerson()
	h.chapters()
	h.present()
	h.pageEnd()
	return h.done()
}

// htmlPage is minutes on their way to a page.
type htmlPage struct {
	*pen
	*outline
	log string // where the log is, from here
}

func (h *htmlPage) head() {
	h.put("<h1>", bidi(h.outline.title), "</h1>\n<p class=\"when\">")
	h.span()
	h.put("</p>\n<dl class=\"facts\">\n")
	for _, f := range h.facts {
		class := ""
		if f.warned {
			class = " class=\"warned\""
		}
		h.put("<div", class, "><dt>", f.label, "</dt><dd>", f.words, listed(mapped(f.names, bidi), "and"), "</dd></div>\n")
	}
	h.put("<div><dt>Log</dt><dd><a href=\"", h.log, "\">everything that was said</a></dd></div>\n</dl>\n")
}

func (h *htmlPage) decisions() {
	h.put("<section class=\"card\">\n<h2 id=\"decisions\">Decisions</h2>\n")
	h.list("decided", h.decided, "No decision was noted.", func(e entry) {
		h.put(kindMark(e), e.html())
	})
	h.put("</section>\n")
}

func (h *htmlPage) actionList() {
	h.put("<section class=\"card\">\n<h2 id=\"actions\">Action items</h2>\n")
	h.list("actions", h.actions, "No action was noted.", func(e entry) {
		h.put("<b class=\"no\">", e.number(), "</b> ", e.html(), " <span class=\"who\">", e.whoseHTML(), "</span>")
	})
	h.put("</section>\n")
}

func (h *htmlPage) byPerson() {
	if len(h.shares) == 0 {
		return
	}
	h.put("<section>\n<h2 id=\"by-person\">Action items by person</h2>\n")
	for _, one := range h.shares {
		h.put("<h3>", bidi(one.called()), "</h3>\n")
		h.list("actions", one.actions, "", func(e entry) {
			h.put("<b class=\"no\">", e.number(), "</b> ", e.html())
			if words := e.perhaps(bidi) + e.dueHTML(); words != "" {
				h.put(" <span class=\"who\">", words[2:], "</span>")
			}
		})
	}
	h.put("</section>\n")
}

func (h *htmlPage) chapters() {
	h.put("<section>\n<h2 id=\"minutes\">Minutes</h2>\n")
	for _, c := range h.topics {
		if c.titled {
			h.day(c.topic.day)
			h.put("<h3 id=\"i-", strconv.Itoa(c.topic.id), "\">", c.topic.html(), "</h3>\n<p class=\"source\">")
			h.source(c.topic)
			h.put("</p>\n")
		}
		h.list("notes", c.entries, "", func(e entry) {
			if e.kind == minutes.Action && !e.gone {
				h.put(kindMark(e), "<b class=\"no\">", e.number(), "</b> ", e.html(), " <span class=\"who\">", e.whoseHTML(), "</span>")
			} else {
				h.put(kindMark(e), e.html())
			}
		})
	}
	if len(h.topics) == 0 {
		h.put("<p>Nothing was noted.</p>\n")
	}
	h.put("</section>\n")
}

func (h *htmlPage) present() {
	h.put("<section>\n<h2 id=\"present\">People present</h2>\n<ul class=\"present\">\n")
	for _, a := range h.outline.people {
		h.put("<li>", a.words(bidi), "</li>\n")
	}
	h.put("</ul>\n</section>\n")
}

// list draws entries. Those among the topics are what links to an item lead to; there
// a new day is told, too.
func (h *htmlPage) list(class string, entries []entry, none string, draw func(e entry)) {
	if len(entries) == 0 {
		if none != "" {
			h.put("<p>", none, "</p>\n")
		}
		return
	}
	h.put("<ul class=\"", class, "\">\n")
	for _, e := range entries {
		id := ""
		if class == "notes" {
			id = " id=\"i-" + strconv.Itoa(e.id) + "\""
			if !e.day.IsZero() {
				h.put("<li class=\"day\">", dayHTML(e.day), "</li>\n")
			}
		}
		h.put("<li", id, ">")
		draw(e)
		h.put(" <span class=\"source\">")
		h.source(e)
		h.put("</span></li>\n")
	}
	h.put("</ul>\n")
}

// source says who noted it and when, with a link to the line of the log, and one to
// the line on the network where that has an address.
func (h *htmlPage) source(e entry) {
	h.put(bidi(e.by), ", <a href=\"", h.log, e.fragment(), "\">")
	h.time(e.at, e.stamp)
	h.put("</a>")
	if e.room != "" {
		h.put(", <a href=\"", escaped(e.room), "\">in the room</a>")
	}
}

func (h *htmlPage) day(t time.Time) {
	if !t.IsZero() {
		h.put("<p class=\"day\">", dayHTML(t), "</p>\n")
	}
}
