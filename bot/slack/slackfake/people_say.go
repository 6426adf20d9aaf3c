package slackfake

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
)

// Post has somebody write a message in a channel, by name or ID. They must be in it.
// The text is what they type: see the examples at TestWhatPeopleTypeOnTheWire.
func (s *Server) Post(user, channel, text string) (ts string) {
	return s.Reply(user, channel, "", text)
}

// Reply has somebody write in a thread.
func (s *Server) Reply(user, channel, threadTS, text string) (ts string) {
	s.mu.Lock()
	defer s.unlock()
	return s.say(s.user(user), s.channel(channel), threadTS, text, false)
}

// ReplyBroadcast is [Server.Reply] with "also send to the channel".
func (s *Server) ReplyBroadcast(user, channel, threadTS, text string) (ts string) {
	s.mu.Lock()
	defer s.unlock()
	return s.say(s.user(user), s.channel(channel), threadTS, text, true)
}

// DM has somebody write to the bot.
func (s *Server) DM(user, text string) (ts string) {
	s.mu.Lock()
	defer s.unlock()
	u := s.user(user)
	c, _ := s.im(u)
	return s.say(u, c, "", text, false)
}

// Me has somebody write "/me text" in a channel, by name or ID (me_message).
func (s *Server) Me(user, channel, text string) (ts string) {
	s.mu.Lock()
	defer s.unlock()
	u, c := s.user(user), s.channel(channel)
	s.mayWrite(u, c)
	m := &message{Message: Message{User: u.ID, Text: s.wire(text), Subtype: "me_message"}}
	s.store(c, m)
	s.emitMessage(c, m)
	return m.TS
}

// mayWrite sees to it that somebody can write in a channel: else the test is mistaken.
func (s *Server) mayWrite(u *User, c *channel) {
	switch {
	case u.Deleted:
		panic(fmt.Sprintf("slackfake: %s is deactivated and cannot write", u.Name))
	case !c.has(u.ID):
		panic(fmt.Sprintf("slackfake: %s is not in %s; see Join", u.Name, first(c.Name, c.ID)))
	case c.Archived:
		panic(fmt.Sprintf("slackfake: %s is archived", c.Name))
	}
}

func (s *Server) say(u *User, c *channel, thread, text string, broadcast bool) string {
	s.mayWrite(u, c)
	m := &message{Message: Message{User: u.ID, Text: s.wire(text), UnfurlLinks: true, UnfurlMedia: true}, clientID: uuid()}
	if thread != "" {
		m.ThreadTS, m.Broadcast = s.stored(c, thread).TS, broadcast
	}
	m.Blocks = s.richText(m.Text)
	s.store(c, m)
	s.emitMessage(c, m)
	return m.TS
}

// BotPost has another app write: as its user, if somebody with Bot is called so, and
// otherwise as an incoming webhook of old (subtype bot_message, no user).
func (s *Server) BotPost(botName, channel, text string) (ts string) {
	s.mu.Lock()
	defer s.unlock()
	c := s.channel(channel)
	m := &message{Message: Message{Text: text, UnfurlMedia: true}}
	if u := s.findUser(botName); u != nil && u.Bot {
		_, m.BotID = s.botOf(u)
		m.User = u.ID
	} else {
		m.BotID, m.Username, m.Subtype = "B0HOOK"+strings.ToUpper(fmt.Sprintf("%05x", len(botName))), botName, "bot_message"
	}
	s.store(c, m)
	s.emitMessage(c, m)
	return m.TS
}

// Edit has somebody rewrite their message.
func (s *Server) Edit(user, channel, ts, text string) {
	s.mu.Lock()
	defer s.unlock()
	u, c := s.user(user), s.channel(channel)
	m := s.stored(c, ts)
	if m.User != u.ID {
		panic(fmt.Sprintf("slackfake: %s did not write %s and cannot edit it", u.Name, ts))
	}
	before, old := s.messageJSON(c, m, true), m.Text
	s.change(m, u.ID, s.wire(text))
	m.Blocks = s.richText(m.Text)
	s.emitChanged(c, m, before)
	if c.IM == "" && !strings.Contains(old, "<@"+s.botUser+">") {
		event := s.messageJSON(c, m, true)
		event["channel"], event["event_ts"] = c.ID, m.editedTS
		s.emitMention(c, event, m.Text)
	}
}

// Delete has somebody delete their message.
func (s *Server) Delete(user, channel, ts string) {
	s.mu.Lock()
	defer s.unlock()
	u, c := s.user(user), s.channel(channel)
	m := s.stored(c, ts)
	if m.User != u.ID {
		panic(fmt.Sprintf("slackfake: %s did not write %s and cannot delete it", u.Name, ts))
	}
	s.delete(c, m)
}

func (s *Server) delete(c *channel, m *message) {
	before := s.messageJSON(c, m, true)
	s.mark(m)
	if i := slices.Index(c.Pins, m.TS); i >= 0 {
		c.Pins = slices.Delete(c.Pins, i, i+1)
	}
	if m.EphemeralTo == "" {
		s.emitDeleted(c, m, before)
	}
}

// stored finds a message for a test: one that is not there is a mistake.
func (s *Server) stored(c *channel, ts string) *message {
	m := c.byTS[ts]
	if m == nil || m.Deleted {
		panic(fmt.Sprintf("slackfake: there is no message %s in %s", ts, first(c.Name, c.ID)))
	}
	return m
}

func uuid() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
