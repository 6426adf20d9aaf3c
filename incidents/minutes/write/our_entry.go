package write

import (
	"strconv"
	"time"

	"batsignal/incidents/minutes"
)

// entry is an item as every format shows it. Its texts are clean and in one line.
type entry struct {
	id     int
	kind   minutes.ItemKind
	text   string // "" if it was taken back, or nothing was said
	owners []string
	unsure []string
	due    time.Time
	by     string
	at     time.Time
	stamp  string // at, in words
	line   int
	room   string // address of the line on the network, "" if it has none
	edited bool
	gone   bool
	// day is the new day that begins before this entry, zero if none does.
	day time.Time
}

func (o *outline) entry(item *minutes.Item) entry {
	e := entry{
		id: item.ID, kind: item.Kind, text: oneLine(item.Text), due: item.Due, by: oneLine(item.By), at: item.At,
		stamp: item.At.UTC().Format(o.stamp), line: item.Line, room: followed(item.Permalink),
		edited: item.Edited && !item.Gone, gone: item.Gone, owners: mapped(o.owners[item], oneLine), unsure: mapped(item.Unsure, oneLine),
	}
	if e.by == "" {
		e.by = "the bot"
	}
	if item.Kind == minutes.VoteItem {
		e.text = voteWords(e.text)
	}
	return e
}

// words is the text, or what stands where there is none.
func (e entry) words() string {
	switch {
	case e.gone:
		return "(taken back)"
	case e.text == "":
		return "(no text)"
	}
	return e.text
}

// theirs tells whether words are somebody's, not ours.
func (e entry) theirs() bool { return !e.gone && e.text != "" }

// mark follows the words of what was changed.
func (e entry) mark() string {
	if e.edited {
		return " (edited)"
	}
	return ""
}

// number is what people call an item by.
func (e entry) number() string { return "#" + strconv.Itoa(e.id) }

// whose says whose action it is, and when it is due. Names are drawn by name.
func (e entry) whose(name func(string) string) string { return "for " + e.who(name) + e.dueWords() }

func (e entry) who(name func(string) string) string {
	switch {
	case len(e.owners) > 0:
		return listed(mapped(e.owners, name), "and")
	case len(e.unsure) > 0:
		return "nobody yet" + e.perhaps(name)
	}
	return "nobody yet"
}

// perhaps says who may be meant, after a comma, where nobody surely is.
func (e entry) perhaps(name func(string) string) string {
	if len(e.owners) > 0 || len(e.unsure) == 0 {
		return ""
	}
	return ", perhaps " + listed(mapped(e.unsure, name), "or")
}

// dueWords is when it is due, after a comma, or nothing.
func (e entry) dueWords() string {
	if e.due.IsZero() {
		return ""
	}
	return ", due " + e.due.UTC().Format(onDay)
}

// fragment is where the entry's line stands in the log.
func (e entry) fragment() string { return "#l-" + strconv.Itoa(e.line) }
