package slackfake

import (
	"encoding/json"
	"slices"
)

// Messages is everything in a channel in order: also replies, what only one person
// sees, what was deleted, and Slack's own lines (Subtype).
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(channel)
	all := make([]Message, 0, len(c.messages))
	for _, m := range c.messages {
		all = append(all, m.copy())
	}
	return all
}

// Spoken is what everybody in a channel sees that somebody wrote: not what only one
// person sees, what was deleted, or Slack's own lines.
func (s *Server) Spoken(channel string) []Message {
	return slices.DeleteFunc(s.Messages(channel), func(m Message) bool {
		return m.EphemeralTo != "" || m.Deleted || !slices.Contains([]string{"", "bot_message", "me_message"}, m.Subtype)
	})
}

// Message is one message of a channel.
func (s *Server) Message(channel, ts string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.channel(channel).byTS[ts]
	if m == nil {
		return Message{}, false
	}
	return m.copy(), true
}

// Everything is all messages of all channels in order of arrival.
func (s *Server) Everything() []Message { return s.Since(0) }

// Since is what arrived after the message with that number ([Message.At]).
func (s *Server) Since(at int) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, _ := slices.BinarySearchFunc(s.all, at+1, func(m *message, n int) int { return m.At - n })
	all := make([]Message, 0, len(s.all)-from)
	for _, m := range s.all[from:] {
		all = append(all, m.copy())
	}
	return all
}

// Home is the App Home that somebody sees, as the app published it last; nil if never.
func (s *Server) Home(user string) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.home[s.user(user).ID]
	if v == nil {
		return nil
	}
	return slices.Clone(v.Raw)
}

// Views are the modals that somebody has open, the one on top last.
func (s *Server) Views(user string) []View {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []View
	for _, v := range s.modals[s.user(user).ID] {
		out := v.View
		out.Raw = slices.Clone(v.Raw)
		all = append(all, out)
	}
	return all
}
