package slackfake

import (
	"fmt"
	"slices"
	"strings"
)

// Bookmark is a link at the top of a channel.
type Bookmark struct {
	ID, Title, Link, Emoji string
}

// Channel is a copy of what a channel is now.
type Channel struct {
	ID, Name, Topic, Purpose string
	Creator                  string // user ID
	Private, Archived        bool
	IM                       string // in a direct message with the bot: the other's user ID
	Members                  []string
	Invited                  []string // user IDs that the app invited, in order
	Pins                     []string // timestamps, in order
	Bookmarks                []Bookmark
}

// channel is a channel with its memory.
type channel struct {
	Channel
	created  int64
	past     []string // earlier names
	messages []*message
	byTS     map[string]*message
}

func (c *channel) has(user string) bool { return slices.Contains(c.Members, user) }

// kind is the channel_type of events.
func (c *channel) kind() string {
	switch {
	case c.IM != "":
		return "im"
	case c.Private:
		return "group"
	}
	return "channel"
}

// scope is such as "channels:history", for what is done in this kind of channel.
func (c *channel) scope(what string) string {
	return map[string]string{"im": "im", "group": "groups", "channel": "channels"}[c.kind()] + ":" + what
}

// AddChannel makes a public channel with members, by name or ID; "@bot" adds the
// bot. It says nothing to anybody: it was always there. The ID is returned.
func (s *Server) AddChannel(name string, members ...string) string {
	return s.add(name, false, members)
}

// AddPrivateChannel is [Server.AddChannel] for a private channel.
func (s *Server) AddPrivateChannel(name string, members ...string) string {
	return s.add(name, true, members)
}

func (s *Server) add(name string, private bool, members []string) string {
	s.mu.Lock()
	defer s.unlock()
	name = strings.TrimPrefix(name, "#")
	if code := badName(name); code != "" {
		panic(fmt.Sprintf("slackfake: a channel cannot be called %q: %s", name, code))
	}
	if s.findChannel(name) != nil {
		panic(fmt.Sprintf("slackfake: there is a channel %q already", name))
	}
	creator := "USLACKBOT"
	if len(members) > 0 {
		creator = s.user(members[0]).ID
	}
	c := s.newChannel(name, private, creator)
	for _, m := range members {
		if id := s.user(m).ID; !c.has(id) {
			c.Members = append(c.Members, id)
		}
	}
	return c.ID
}

func (s *Server) newChannel(name string, private bool, creator string) *channel {
	c := &channel{
		Channel: Channel{ID: s.newID("C"), Name: name, Private: private, Creator: creator},
		created: s.now().Unix(), byTS: map[string]*message{},
	}
	s.channels = append(s.channels, c)
	return c
}

// im finds or opens the direct messages of somebody with the bot.
func (s *Server) im(u *User) (c *channel, opened bool) {
	for _, c := range s.channels {
		if c.IM == u.ID {
			return c, false
		}
	}
	c = &channel{
		Channel: Channel{ID: s.newID("D"), IM: u.ID, Members: []string{u.ID, s.botUser}, Creator: s.botUser},
		created: s.now().Unix(), byTS: map[string]*message{},
	}
	s.channels = append(s.channels, c)
	return c, true
}

// IM is the ID of somebody's direct messages with the bot; they are opened if needed.
func (s *Server) IM(user string) string {
	s.mu.Lock()
	defer s.unlock()
	c, _ := s.im(s.user(user))
	return c.ID
}

// Channel is a channel by name or ID.
func (s *Server) Channel(nameOrID string) Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.channel(nameOrID).copy()
}

// Channels are all channels in order of making, direct messages included.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Channel, 0, len(s.channels))
	for _, c := range s.channels {
		all = append(all, c.copy())
	}
	return all
}

func (c *channel) copy() Channel {
	out := c.Channel
	out.Members, out.Invited = slices.Clone(c.Members), slices.Clone(c.Invited)
	out.Pins, out.Bookmarks = slices.Clone(c.Pins), slices.Clone(c.Bookmarks)
	return out
}

// channel is findChannel for tests: what is not known is a mistake.
func (s *Server) channel(nameOrID string) *channel {
	c := s.findChannel(nameOrID)
	if c == nil {
		panic(fmt.Sprintf("slackfake: there is no channel %q", nameOrID))
	}
	return c
}

func (s *Server) findChannel(nameOrID string) *channel {
	name := strings.TrimPrefix(nameOrID, "#")
	for _, c := range s.channels {
		if c.ID == nameOrID || c.Name == name && name != "" {
			return c
		}
	}
	return nil
}

// shared tells whether somebody of another workspace is in the channel.
func (s *Server) shared(c *channel) bool {
	return slices.ContainsFunc(c.Members, func(id string) bool {
		u := s.findUser(id)
		return u != nil && u.Team != s.team
	})
}
