package slackfake

import (
	"encoding/json"
	"slices"
	"time"
)

// Reaction is an emoji under a message, and who put it there.
type Reaction struct {
	Name  string
	Users []string // user IDs
}

// Message is a copy of a message as it is now.
type Message struct {
	Channel     string // ID
	TS          string
	User        string // the user ID of whoever wrote it; "" for an old kind of bot
	BotID       string // if a bot wrote it
	Username    string // of an old kind of bot, or if the app asked for another name
	Text        string // as on the wire
	Blocks      json.RawMessage
	Attachments json.RawMessage
	Metadata    json.RawMessage
	ThreadTS    string // of a reply, and of a message that has replies
	Broadcast   bool   // a reply that is shown in the channel too
	EphemeralTo string // the user ID of the only one who sees it; "" for everybody
	Subtype     string // such as channel_join, for Slack's own lines

	UnfurlLinks, UnfurlMedia bool // as the app asked for; false and true if it did not

	Edited    bool
	Edits     []string // earlier texts
	Deleted   bool
	Reactions []Reaction

	At        int       // arrival number, counted over all channels
	ChangedAt int       // of the last edit or the deletion, counted together with At
	Arrived   time.Time // in real time, for measurements
	Changed   time.Time // the same of the last edit or the deletion
}

// message is a message with what only the wire needs.
type message struct {
	Message
	clientID string
	editedTS string
	editedBy string
	extra    obj    // of Slack's own lines
	reply    string // the response URL that it came by
}

func (m *message) copy() Message {
	out := m.Message
	out.Edits = slices.Clone(m.Edits)
	out.Reactions = slices.Clone(m.Reactions)
	for i := range out.Reactions {
		out.Reactions[i].Users = slices.Clone(out.Reactions[i].Users)
	}
	return out
}

// store gives a message its place and number.
func (s *Server) store(c *channel, m *message) {
	m.Channel, m.TS, m.At, m.Arrived = c.ID, s.stamp(), s.arrive(), time.Now()
	c.messages = append(c.messages, m)
	s.all = append(s.all, m)
	c.byTS[m.TS] = m
	if root := c.byTS[m.ThreadTS]; root != nil && m.EphemeralTo == "" {
		root.ThreadTS = root.TS
	}
}

// note has Slack write a line of its own, such as that somebody joined, and tells the app.
func (s *Server) note(c *channel, u *User, subtype string, more obj) {
	if c.IM != "" {
		return
	}
	m := &message{Message: Message{Subtype: subtype, Text: more["text"].(string)}, extra: more}
	if u != nil {
		m.User = u.ID
	}
	s.store(c, m)
	s.emitMessage(c, m)
}

// change rewrites a message and remembers what it said.
func (s *Server) change(m *message, by, text string) {
	m.Edits = append(m.Edits, m.Text)
	m.Text, m.Edited, m.editedBy, m.editedTS = text, true, by, s.stamp()
	m.ChangedAt, m.Changed = s.arrive(), time.Now()
}

// replies of a message, in order, without deleted and private ones.
func (c *channel) replies(root string) []*message {
	var all []*message
	for _, m := range c.messages {
		if m.ThreadTS == root && m.TS != root && !m.Deleted && m.EphemeralTo == "" {
			all = append(all, m)
		}
	}
	return all
}

// mark notes that a message was deleted.
func (s *Server) mark(m *message) {
	m.Deleted, m.ChangedAt, m.Changed = true, s.arrive(), time.Now()
}

// shown finds a message that everybody in the channel sees; nil if there is none.
func (c *channel) shown(ts string) *message {
	if m := c.byTS[ts]; m != nil && !m.Deleted && m.EphemeralTo == "" {
		return m
	}
	return nil
}
