// Package replay owns making minutes again from a log: the meetings in it, what the
// bot says at each line, and the files. It needs no database, so an archive can be
// made on any machine, as often as one likes, with the same bytes.
package replay

import (
	"fmt"
	"io"
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
func Run(s minutes.Setting, lines []chatlog.Line) (list []*Meeting) {
	if s.RoomTopic == "" {
		s.RoomTopic = OldTopic
	}
	url, now := s.Files.URL, (*Meeting)(nil)
	for _, line := range lines {
		if now == nil {
			if line.Event.Kind != minutes.Said || !s.Dialect.IsStart(line.Event.Text) {
				continue
			}
			if s.Files.URL = url; len(list) > 0 && url != "" {
				s.Files.URL = fmt.Sprintf("%s.m%d", url, len(list)+1)
			}
			m, effects := minutes.Start(s, line.Event)
			now = &Meeting{Meeting: m}
			list = append(list, now)
			now.Log.Hear(m, line.Event)
			now.note(line.Number, effects)
			continue
		}
		now.Log.Hear(now.Meeting, line.Event)
		now.note(line.Number, now.Hear(line.Event))
		if now.Over {
			now = nil
		}
	}
	return list
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
