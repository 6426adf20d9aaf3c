package slackfake

import (
	"fmt"
	"slices"
)

// Join has somebody join a channel by themselves; "@bot" is let in by a person.
func (s *Server) Join(user, channel string) {
	s.mu.Lock()
	defer s.unlock()
	c := s.channel(channel)
	s.join(c, s.user(user), "")
}

// Leave has somebody leave a channel; "@bot" is removed by a person.
func (s *Server) Leave(user, channel string) {
	s.mu.Lock()
	defer s.unlock()
	s.leave(s.channel(channel), s.user(user))
}

// ArchiveChannel has a person archive a channel, by name or ID.
func (s *Server) ArchiveChannel(channel string) {
	s.mu.Lock()
	defer s.unlock()
	c := s.channel(channel)
	s.archive(c, s.human(c))
}

// UnarchiveChannel has a person bring a channel back. The bot left when it was
// archived, and is not in it.
func (s *Server) UnarchiveChannel(channel string) {
	s.mu.Lock()
	defer s.unlock()
	c := s.channel(channel)
	if !c.Archived {
		panic(fmt.Sprintf("slackfake: %s is not archived", c.Name))
	}
	c.Archived = false
	s.emitPublic(c, obj{"type": s.channelEvent(c, "unarchive"), "channel": c.ID, "user": s.human(c), "event_ts": s.stamp()})
}

// RenameChannel has a person rename a channel, by name or ID.
func (s *Server) RenameChannel(channel, name string) {
	s.mu.Lock()
	defer s.unlock()
	c := s.channel(channel)
	if code := s.refuseName(name); code != "" {
		panic(fmt.Sprintf("slackfake: %s cannot be renamed to %q: %s", c.Name, name, code))
	}
	s.rename(c, name, s.human(c))
}

// SetTopic has a person set the topic. The text is what they type, as in [Server.Post].
func (s *Server) SetTopic(user, channel, topic string) {
	s.mu.Lock()
	defer s.unlock()
	s.setTopic(s.channel(channel), s.wire(topic), s.user(user).ID)
}

// human is somebody in the channel who is not the bot, for what "a person" does.
func (s *Server) human(c *channel) string {
	i := slices.IndexFunc(c.Members, func(id string) bool { return id != s.botUser })
	if i < 0 {
		return "USLACKBOT"
	}
	return c.Members[i]
}

func (s *Server) join(c *channel, u *User, inviter string) {
	if c.has(u.ID) {
		return
	}
	c.Members = append(c.Members, u.ID)
	line := obj{"text": fmt.Sprintf("<@%s> has joined the channel", u.ID)}
	event := obj{"type": "member_joined_channel", "user": u.ID, "channel": c.ID, "channel_type": c.ID[:1], "team": u.Team, "event_ts": s.stamp()}
	if inviter != "" {
		line["inviter"], event["inviter"] = inviter, inviter
	}
	s.note(c, u, "channel_join", line)
	s.emit(c, c.scope("read"), event)
}

func (s *Server) leave(c *channel, u *User) {
	i := slices.Index(c.Members, u.ID)
	if i < 0 {
		return
	}
	c.Members = slices.Delete(c.Members, i, i+1)
	if u.ID == s.botUser {
		s.emitAnyway(c, c.scope("read"), obj{"type": s.channelEvent(c, "left"), "channel": c.ID, "event_ts": s.stamp()})
	} else {
		s.emit(c, c.scope("read"), obj{"type": "member_left_channel", "user": u.ID, "channel": c.ID, "channel_type": c.ID[:1], "team": u.Team, "event_ts": s.stamp()})
	}
}

// archive ends a channel. Its people stay written down, but the bot leaves.
func (s *Server) archive(c *channel, by string) {
	if c.Archived {
		return
	}
	s.note(c, s.findUser(by), "channel_archive", obj{"text": "archived the channel"})
	c.Archived = true
	s.emitPublic(c, obj{"type": s.channelEvent(c, "archive"), "channel": c.ID, "user": by, "is_moved": 0, "event_ts": s.stamp()})
	if i := slices.Index(c.Members, s.botUser); i >= 0 {
		c.Members = slices.Delete(c.Members, i, i+1)
	}
}

func (s *Server) rename(c *channel, name, by string) {
	old := c.Name
	c.past, c.Name = append(c.past, old), name
	s.note(c, s.findUser(by), "channel_name", obj{
		"text": fmt.Sprintf("has renamed the channel from %q to %q", old, name), "old_name": old, "name": name,
	})
	s.emitPublic(c, obj{
		"type": s.channelEvent(c, "rename"), "event_ts": s.stamp(),
		"channel": obj{"id": c.ID, "name": name, "name_normalized": name, "created": c.created, "is_channel": !c.Private, "is_mpim": false},
	})
}

func (s *Server) setTopic(c *channel, topic, by string) {
	c.Topic = topic
	s.note(c, s.findUser(by), "channel_topic", obj{"text": "set the channel topic: " + topic, "topic": topic})
}

func (s *Server) setPurpose(c *channel, purpose, by string) {
	c.Purpose = purpose
	s.note(c, s.findUser(by), "channel_purpose", obj{"text": "set the channel description: " + purpose, "purpose": purpose})
}

// channelEvent is such as channel_archive, or group_archive where it is private.
func (s *Server) channelEvent(c *channel, what string) string {
	if c.Private {
		return "group_" + what
	}
	return "channel_" + what
}
