package minutes

import (
	"strings"
	"time"
)

// Line is one line of a meeting's log, as it stands now.
type Line struct {
	N    int // from 1
	At   time.Time
	Nick string
	Text string
	Did  bool // "* nick text"
	Self bool // by the bot

	ID        string
	Permalink string
	Thread    string
	Edited    bool // the text is not what was said first
	Gone      bool // taken back: there is no text
	Off       bool // not for the record: there is no text
	// Note marks what is no line of anybody: who came, left, or is called otherwise now.
	// It has no number.
	Note bool
}

// Log is all that was said in a meeting. The machine does not need it to go on, so a
// live meeting may leave it in the database until files are written.
type Log struct {
	Lines []Line
	count int
	byID  map[string]int // the place of a line, by the network's id
}

// Hear adds an event to the log of m. Events before the start and after the end are
// not of this meeting; the caller leaves them out.
func (l *Log) Hear(m *Meeting, e Event) {
	d := m.Dialect
	switch e.Kind {
	case Said, Did:
		if !m.IsLine(e) && l.count > 0 {
			return
		}
		l.count++
		line := Line{N: l.count, At: e.At, Nick: e.Who.Nick, Text: d.bare(e.Text), Did: e.Kind == Did, Self: e.Self,
			ID: e.ID, Permalink: e.Link, Thread: e.Thread}
		if line.Off = d.OffRecord(e.Text); line.Off || e.Blank {
			line.Text = ""
		}
		if e.ID != "" {
			if l.byID == nil {
				l.byID = map[string]int{}
			}
			l.byID[e.ID] = len(l.Lines)
		}
		l.Lines = append(l.Lines, line)
	case Renamed, Joined, Left:
		if d.MergePeople { // the peers' logs have no such lines
			l.Lines = append(l.Lines, Line{At: e.At, Nick: e.Who.Nick, Text: noteText(e), Note: true})
		}
	case Edited, Deleted, Erased:
		l.change(d, e)
	}
}

func (l *Log) change(d *Dialect, e Event) {
	i, ok := l.byID[e.ID]
	if !ok || e.ID == "" {
		return
	}
	line := &l.Lines[i]
	line.Text, line.Edited, line.Gone = e.Text, true, e.Kind != Edited
	if line.Gone {
		line.Text = ""
	} else if line.Off = d.OffRecord(e.Text); line.Off {
		line.Text = ""
	}
}

func noteText(e Event) string {
	switch e.Kind {
	case Renamed:
		return "is now known as " + strings.TrimSpace(e.Text)
	case Joined:
		return "has joined"
	}
	return "has left"
}
