// Package replay owns making minutes again from a log: the meetings in it, what the
// bot says at each line, and the files. It needs no database, so an archive can be
// made on any machine, as often as one likes, with the same bytes.
package replay

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/chatlog"
)

// Said is one thing that the bot did, and at which line of the input.
type Said struct {
	Line int
	Kind string // REPLY, TOPIC, ERROR, PRIVATE, PING
	Text string
}

// Meeting is one meeting of a log.
type Meeting struct {
	*minutes.Meeting
	Log  minutes.Log
	Said []Said
}

// OldTopic is what the room's topic is taken to have been; a log does not tell.
const OldTopic = "old topic"

// Run finds the meetings in a log. One that was not ended ends with its last line, as
// if the files had been written then.
func Run(s minutes.Setting, lines []chatlog.Line) []*Meeting {
	return RunSeq(s, slices.Values(lines), len(lines))
}

// RunSeq is Run for a log that is read meanwhile. most is how many lines it has at
// most, 0 if that is not known; room for that many is made at once.
func RunSeq(s minutes.Setting, lines iter.Seq[chatlog.Line], most int) []*Meeting {
	return Follow(s, lines, most, func(*Meeting, minutes.Event) {})
}

// Follow is RunSeq and tells, after each event that a meeting heard, which it was.
func Follow(s minutes.Setting, lines iter.Seq[chatlog.Line], most int, heard func(*Meeting, minutes.Event)) (list []*Meeting) {
	if s.RoomTopic == "" {
		s.RoomTopic = OldTopic
	}
	url, now := s.Files.URL, (*Meeting)(nil)
	for line := range lines {
		if text := line.Event.Text; !s.Dialect.Own && text != "" && (text[0] == ' ' || text[0] == '\t') {
			// The peers' own replay loses the blanks before what somebody says.
			line.Event.Text = strings.TrimLeft(text, " \t")
		}
		switch {
		case now != nil:
			now.Log.Hear(now.Meeting, line.Event)
			now.note(line.Number, now.Hear(line.Event))
		case line.Event.Kind == minutes.Said && s.Dialect.IsStart(line.Event.Text):
			if s.Files.URL = url; len(list) > 0 && url != "" {
				s.Files.URL = fmt.Sprintf("%s.m%d", url, len(list)+1)
			}
			now = start(s, line, most)
			list, most = append(list, now), 0 // most logs hold one meeting
		default:
			continue
		}
		heard(now, line.Event)
		if now.Over {
			now = nil
		}
	}
	return list
}

func start(s minutes.Setting, line chatlog.Line, most int) *Meeting {
	m, effects := minutes.Start(s, line.Event)
	now := &Meeting{Meeting: m, Log: minutes.Log{Lines: make([]minutes.Line, 0, most)}}
	now.Log.Hear(m, line.Event)
	now.note(line.Number, effects)
	return now
}

var words = map[minutes.EffectKind]string{
	minutes.Reply: "REPLY", minutes.Topic: "TOPIC", minutes.Error: "ERROR",
	minutes.Private: "PRIVATE", minutes.CallNames: "PING",
}

func (m *Meeting) note(line int, effects []minutes.Effect) {
	for _, e := range effects {
		if word := words[e.Kind]; word != "" {
			m.Said = append(m.Said, Said{line, word, e.Text})
		}
	}
}

// WriteReplies writes what the bot said, a line each: number of the input line, what
// it was, text, with tabs between.
func WriteReplies(w io.Writer, said []Said) error {
	var out strings.Builder
	for _, s := range said {
		fmt.Fprintf(&out, "%d\t%s\t%s\n", s.Line, s.Kind, strings.ReplaceAll(s.Text, "\n", " "))
	}
	_, err := io.WriteString(w, out.String())
	return err
}
