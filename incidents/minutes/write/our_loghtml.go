package write

import (
	"io"
	"strconv"
	"strings"
	"time"

	"batsignal/incidents/minutes"
)

// writeOurLogHTML writes everything that was said as a page in which each line can be
// linked to.
func writeOurLogHTML(w io.Writer, d Doc) error {
	l := &logPage{pen: newPen(w), base: d.nearBase(), made: map[int]*minutes.Item{}}
	for _, item := range d.Items {
		l.made[item.Line] = item
	}
	title := oneLine(d.Title())
	l.pageTop("Log of " + title)
	l.put("<h1>Log of ", bidi(title), "</h1>\n<p><a href=\"", l.base, ".html\">The minutes</a> say what came out of it.")
	if d.Restricted {
		l.put(" It is restricted: for those who may read it, not for the world.")
	}
	l.put("</p>\n")
	l.threads(d.Lines)
	for i := range d.Lines {
		l.line(&d.Lines[i])
	}
	if l.begun {
		l.put("</ol>\n")
	}
	l.pageEnd()
	return l.done()
}

// logPage is a log on its way to a page.
type logPage struct {
	*pen
	base  string                // of the files, from here
	made  map[int]*minutes.Item // what a line made, by its number
	roots map[string]int        // the line that a thread hangs on, by the network's id
	begun bool                  // a day was
	today int64                 // the day that has begun
}

// threads finds the lines that others answer in a thread.
func (l *logPage) threads(lines []minutes.Line) {
	for i := range lines {
		if lines[i].Thread != "" {
			l.roots = map[string]int{}
			break
		}
	}
	if l.roots == nil {
		return
	}
	for i := range lines {
		if lines[i].ID != "" {
			l.roots[lines[i].ID] = lines[i].N
		}
	}
}

func (l *logPage) line(line *minutes.Line) {
	l.newDay(line.At)
	item := l.made[line.N]
	switch {
	case line.Note:
		l.put("<li class=\"note\">")
		l.at(line)
		l.put(" <b dir=\"auto\">")
		l.text(oneLine(line.Nick))
		l.put("</b> <span dir=\"auto\">")
		l.text(oneLine(line.Text))
		l.put("</span></li>\n")
		return
	case item != nil:
		l.put("<li class=\"made\" id=\"l-")
	default:
		l.put("<li id=\"l-")
	}
	l.number(line.N)
	l.put("\"><a href=\"#l-")
	l.number(line.N)
	l.put("\">")
	l.at(line)
	l.put("</a> ")
	if line.Did {
		l.put("* ")
	}
	l.put("<b dir=\"auto\">")
	l.text(oneLine(line.Nick))
	l.put("</b> <span dir=\"auto\">")
	l.words(line)
	l.put("</span>")
	if item != nil {
		l.item(item)
	}
	if line.Permalink != "" || line.Thread != "" {
		l.places(line)
	}
	l.put("</li>\n")
}

func (l *logPage) words(line *minutes.Line) {
	switch {
	case line.Off:
		l.put("<i>[off the record]</i>")
	case line.Gone:
		l.put("<i>[taken back]</i>")
	default:
		l.linked(saidIn(line))
		if line.Edited {
			l.put(" <i>(edited)</i>")
		}
	}
}

// newDay begins another list where the day is another.
func (l *logPage) newDay(at time.Time) {
	day := dayOf(at)
	if l.begun && day == l.today {
		return
	}
	if l.begun {
		l.put("</ol>\n")
	}
	l.begun, l.today = true, day
	l.put("<h2>", dayHTML(at), "</h2>\n<ol class=\"log\">\n")
}

func (l *logPage) at(line *minutes.Line) {
	l.put("<time datetime=\"")
	l.instant(line.At)
	l.put("\">")
	l.clock(line.At)
	l.put("</time>")
}

// item links to what the line made.
func (l *logPage) item(item *minutes.Item) {
	what := "noted"
	if label := labels[item.Kind]; label != "" {
		what = strings.ToLower(label)
	}
	if item.Kind == minutes.Action {
		what += " #" + strconv.Itoa(item.ID)
	}
	l.put(" <a class=\"item\" href=\"", l.base, ".html#i-", strconv.Itoa(item.ID), "\">", what, "</a>")
}

// places links to where the line is on the network, and to the line that it answers.
func (l *logPage) places(line *minutes.Line) {
	if root := l.roots[line.Thread]; root > 0 && root != line.N {
		l.put(" <a class=\"item\" href=\"#l-", strconv.Itoa(root), "\">in a thread</a>")
	}
	if room := followed(line.Permalink); room != "" {
		l.put(" <a class=\"item room\" href=\"", escaped(room), "\">in the room</a>")
	}
}
