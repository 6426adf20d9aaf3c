package slackfake

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// may tells whether the bot's token has a scope.
func (s *Server) may(scope string) bool {
	return scope == "" || s.opts.Scopes == nil || slices.Contains(s.opts.Scopes, scope)
}

// emit sends an event if the app would get it: it has the scope, and the bot is in
// the channel, if there is one.
func (s *Server) emit(c *channel, scope string, event obj) {
	if c == nil || c.has(s.botUser) {
		s.emitAnyway(c, scope, event)
	}
}

// emitPublic sends an event of a channel's life: of public ones the app gets all.
func (s *Server) emitPublic(c *channel, event obj) {
	if !c.Private || c.has(s.botUser) {
		s.emitAnyway(c, c.scope("read"), event)
	}
}

func (s *Server) emitAnyway(c *channel, scope string, event obj) {
	if !s.may(scope) || s.closed {
		return
	}
	outer := obj{
		"token": s.verification, "team_id": s.team, "api_app_id": s.app, "event": event, "type": "event_callback",
		"event_id": s.newID("Ev"), "event_time": s.now().Unix(), "context_team_id": s.team, "context_enterprise_id": s.enterprise(),
		"authorizations": []obj{{
			"enterprise_id": s.enterprise(), "team_id": s.team, "user_id": s.botUser, "is_bot": true, "is_enterprise_install": false,
		}},
		"is_ext_shared_channel": c != nil && s.shared(c), "event_context": "4-" + strings.ToLower(s.newID("")),
	}
	if s.opts.Enterprise != "" {
		outer["enterprise_id"] = s.opts.Enterprise
	}
	payload, err := json.Marshal(outer)
	if err != nil {
		panic(err) // our own objects
	}
	s.enqueueEvent(payload)
}

func (s *Server) enterprise() any {
	if s.opts.Enterprise == "" {
		return nil
	}
	return s.opts.Enterprise
}

// emitMessage tells the app of a new message, and once more if it mentions the bot.
func (s *Server) emitMessage(c *channel, m *message) {
	event := s.messageJSON(c, m, true)
	event["channel"], event["channel_type"], event["event_ts"] = c.ID, c.kind(), m.TS
	if m.Broadcast {
		event["subtype"] = "thread_broadcast"
	}
	for _, key := range []string{"reply_count", "reply_users", "reply_users_count", "is_locked", "subscribed"} {
		delete(event, key)
	}
	if m.User != s.botUser && c.IM == "" && m.Subtype == "" {
		s.emitMention(c, event, m.Text)
	}
	s.emit(c, c.scope("history"), event)
}

func (s *Server) emitMention(c *channel, event obj, text string) {
	if !strings.Contains(text, "<@"+s.botUser+">") && !strings.Contains(text, "<@"+s.botUser+"|") {
		return
	}
	mention := maps.Clone(event)
	mention["type"] = "app_mention"
	delete(mention, "channel_type")
	s.emit(c, "app_mentions:read", mention)
}

// emitChanged tells the app that a message is no longer what it was.
func (s *Server) emitChanged(c *channel, m *message, before obj) {
	stamp := first(m.editedTS, s.stamp())
	s.emit(c, c.scope("history"), obj{
		"type": "message", "subtype": "message_changed", "hidden": true, "channel": c.ID, "channel_type": c.kind(),
		"message": s.messageJSON(c, m, true), "previous_message": before, "ts": stamp, "event_ts": stamp,
	})
}

// emitDeleted tells the app that a message is gone.
func (s *Server) emitDeleted(c *channel, m *message, before obj) {
	stamp := s.stamp()
	s.emit(c, c.scope("history"), obj{
		"type": "message", "subtype": "message_deleted", "hidden": true, "channel": c.ID, "channel_type": c.kind(),
		"deleted_ts": m.TS, "previous_message": before, "ts": stamp, "event_ts": stamp,
	})
}
