package slackfake

import (
	"slices"
	"strings"
)

// target finds where the app wants to say something: an ID, a name, or a person.
func (s *Server) target(a args) (*channel, error) {
	id := a.Get("channel")
	if u := s.byID[id]; u != nil && u.ID != s.botUser && !u.Deleted {
		c, _ := s.im(u)
		return c, nil
	}
	c := s.findChannel(id)
	if c == nil || c.Private && !c.has(s.botUser) {
		return nil, refuse("channel_not_found")
	}
	return c, nil
}

func (s *Server) chatPostMessage(a args) (obj, error) {
	c, err := s.target(a)
	switch {
	case err != nil:
		return nil, err
	case c.Archived:
		return nil, refuse("is_archived")
	case !c.has(s.botUser) && !slices.Contains(s.opts.Scopes, "chat:write.public"):
		return nil, refuse("not_in_channel")
	}
	b, err := s.readBody(a, maxText)
	if err != nil {
		return nil, err
	}
	m := s.ownMessage(b)
	m.Username = a.Get("username")
	m.UnfurlLinks, m.UnfurlMedia = a.flag("unfurl_links"), a.flagOr("unfurl_media", true)
	if thread := a.Get("thread_ts"); thread != "" {
		if !stampForm.MatchString(thread) {
			return nil, refuse("invalid_thread_ts")
		}
		m.ThreadTS = c.root(thread)
		m.Broadcast = m.ThreadTS != "" && a.flag("reply_broadcast")
	}
	s.store(c, m)
	s.emitMessage(c, m)
	return obj{"channel": c.ID, "ts": m.TS, "message": s.messageJSON(c, m, true)}, nil
}

// ownMessage makes a message of the app.
func (s *Server) ownMessage(b body) *message {
	m := &message{Message: Message{
		User: s.botUser, BotID: s.bot, Text: b.text, Attachments: b.attachments, UnfurlMedia: true,
	}}
	if !none(b.blocks) {
		m.Blocks = b.blocks
	}
	if string(b.metadata) != "{}" {
		m.Metadata = b.metadata
	}
	return m
}

// root finds the first message of a thread: Slack posts beside a thread that is gone.
func (c *channel) root(thread string) string {
	m := c.shown(thread)
	switch {
	case m == nil:
		return ""
	case m.ThreadTS != "":
		return m.ThreadTS
	}
	return m.TS
}

func (s *Server) chatPostEphemeral(a args) (obj, error) {
	c, err := s.target(a)
	switch {
	case err != nil:
		return nil, err
	case c.Archived:
		return nil, refuse("is_archived")
	case !c.has(s.botUser):
		return nil, refuse("not_in_channel")
	case !c.has(a.Get("user")):
		return nil, refuse("user_not_in_channel")
	}
	b, err := s.readBody(a, maxText)
	if err != nil {
		return nil, err
	}
	m := s.ownMessage(b)
	m.EphemeralTo = a.Get("user")
	if thread := a.Get("thread_ts"); thread != "" {
		m.ThreadTS = c.root(thread)
	}
	s.store(c, m)
	return obj{"message_ts": m.TS}, nil
}

func (s *Server) chatUpdate(a args) (obj, error) {
	c, err := s.visible(a.Get("channel"))
	if err != nil {
		return nil, err
	}
	m := c.shown(a.Get("ts"))
	switch {
	case m == nil:
		return nil, refuse("message_not_found")
	case c.Archived:
		return nil, refuse("is_inactive")
	case m.User != s.botUser || m.Subtype != "":
		return nil, refuse("cant_update_message")
	}
	b, err := s.readBody(a, maxUpdateText)
	if err != nil {
		return nil, err
	}
	before := s.messageJSON(c, m, true)
	s.rewrite(m, b)
	s.emitChanged(c, m, before)
	return obj{"channel": c.ID, "ts": m.TS, "text": m.Text, "message": s.messageJSON(c, m, true)}, nil
}

// rewrite changes what was given; "[]" and "{}" take away.
func (s *Server) rewrite(m *message, b body) {
	s.change(m, s.botUser, b.text)
	switch {
	case b.blocks == nil:
	case none(b.blocks):
		m.Blocks = nil
	default:
		m.Blocks = b.blocks
	}
	if b.attachments != nil {
		m.Attachments = b.attachments
	}
	if string(b.metadata) == "{}" {
		m.Metadata = nil
	} else if b.metadata != nil {
		m.Metadata = b.metadata
	}
}

func (s *Server) chatDelete(a args) (obj, error) {
	c, err := s.visible(a.Get("channel"))
	if err != nil {
		return nil, err
	}
	m := c.shown(a.Get("ts"))
	switch {
	case m == nil:
		return nil, refuse("message_not_found")
	case m.User != s.botUser || m.Subtype != "":
		return nil, refuse("cant_delete_message")
	}
	s.delete(c, m)
	return obj{"channel": c.ID, "ts": m.TS}, nil
}

func (s *Server) chatGetPermalink(a args) (obj, error) {
	c, err := s.visible(a.Get("channel"))
	if err != nil {
		return nil, err
	}
	m := c.byTS[a.Get("message_ts")]
	if m == nil || m.Deleted {
		return nil, refuse("message_not_found")
	}
	return obj{"channel": c.ID, "permalink": s.permalink(c, m)}, nil
}

func (s *Server) permalink(c *channel, m *message) string {
	link := s.siteURL() + "archives/" + c.ID + "/p" + strings.ReplaceAll(m.TS, ".", "")
	if m.ThreadTS != "" && m.ThreadTS != m.TS {
		link += "?thread_ts=" + m.ThreadTS + "&cid=" + c.ID
	}
	return link
}
