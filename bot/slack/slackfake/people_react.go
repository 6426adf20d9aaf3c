package slackfake

import (
	"fmt"
	"slices"
	"strings"
)

// React has somebody put an emoji under a message.
func (s *Server) React(user, channel, ts, emoji string) {
	s.mu.Lock()
	defer s.unlock()
	u, c := s.user(user), s.channel(channel)
	if code := s.react(c, s.stored(c, ts), u.ID, emoji); code != "" {
		panic(fmt.Sprintf("slackfake: %s cannot react with %q to %s: %s", u.Name, emoji, ts, code))
	}
}

// Unreact has somebody take an emoji away again.
func (s *Server) Unreact(user, channel, ts, emoji string) {
	s.mu.Lock()
	defer s.unlock()
	u, c := s.user(user), s.channel(channel)
	if code := s.unreact(c, s.stored(c, ts), u.ID, emoji); code != "" {
		panic(fmt.Sprintf("slackfake: %s cannot take %q from %s: %s", u.Name, emoji, ts, code))
	}
}

func (s *Server) react(c *channel, m *message, user, emoji string) string {
	emoji = strings.Trim(emoji, ":")
	if emoji == "" || strings.ContainsAny(emoji, " \n") {
		return "invalid_name"
	}
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == emoji })
	if i < 0 {
		i = len(m.Reactions)
		m.Reactions = append(m.Reactions, Reaction{Name: emoji})
	}
	if slices.Contains(m.Reactions[i].Users, user) {
		return "already_reacted"
	}
	m.Reactions[i].Users = append(m.Reactions[i].Users, user)
	s.emitReaction("reaction_added", c, m, user, emoji)
	return ""
}

func (s *Server) unreact(c *channel, m *message, user, emoji string) string {
	emoji = strings.Trim(emoji, ":")
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == emoji })
	if i < 0 {
		return "no_reaction"
	}
	r := &m.Reactions[i]
	at := slices.Index(r.Users, user)
	if at < 0 {
		return "no_reaction"
	}
	r.Users = slices.Delete(r.Users, at, at+1)
	if len(r.Users) == 0 {
		m.Reactions = slices.Delete(m.Reactions, i, i+1)
	}
	s.emitReaction("reaction_removed", c, m, user, emoji)
	return ""
}

func (s *Server) emitReaction(kind string, c *channel, m *message, user, emoji string) {
	event := obj{
		"type": kind, "user": user, "reaction": emoji, "event_ts": s.stamp(),
		"item": obj{"type": "message", "channel": c.ID, "ts": m.TS},
	}
	if m.User != "" {
		event["item_user"] = m.User
	}
	s.emit(c, "reactions:read", event)
}
