package slackfake

import (
	"encoding/json"
	"slices"
)

// messageJSON is a message as history, events and payloads show it.
func (s *Server) messageJSON(c *channel, m *message, metadata bool) obj {
	out := obj{"type": "message", "ts": m.TS, "text": m.Text}
	for k, v := range m.extra {
		out[k] = v
	}
	put := func(key, value string) {
		if value != "" {
			out[key] = value
		}
	}
	put("user", m.User)
	put("subtype", m.Subtype)
	put("client_msg_id", m.clientID)
	put("thread_ts", m.ThreadTS)
	put("username", m.Username)
	team := s.team
	if u := s.findUser(m.User); u != nil {
		team = u.Team
		if m.BotID != "" {
			app, bot := s.botOf(u)
			out["app_id"] = app
			out["bot_profile"] = obj{"id": bot, "app_id": app, "name": u.Name, "team_id": u.Team, "deleted": false, "updated": c.created, "icons": obj{}}
		}
		if u.Team != s.team {
			out["user_team"], out["source_team"] = u.Team, u.Team
			out["user_profile"] = obj{"name": u.Name, "real_name": u.RealName, "display_name": u.DisplayName, "team": u.Team, "is_restricted": false, "is_ultra_restricted": false}
		}
	}
	put("bot_id", m.BotID)
	if m.Subtype == "" {
		out["team"] = team
	}
	raw := func(key string, value json.RawMessage) {
		if len(value) > 0 {
			out[key] = value
		}
	}
	raw("blocks", m.Blocks)
	raw("attachments", m.Attachments)
	if metadata {
		raw("metadata", m.Metadata)
	}
	if m.Edited {
		out["edited"] = obj{"user": m.editedBy, "ts": m.editedTS}
	}
	if slices.Contains(c.Pins, m.TS) {
		out["pinned_to"] = []string{c.ID}
	}
	if len(m.Reactions) > 0 {
		out["reactions"] = reactionsJSON(m)
	}
	s.threadJSON(c, m, out)
	return out
}

// threadJSON adds what a reply says of its thread, or the first message of its replies.
func (s *Server) threadJSON(c *channel, m *message, out obj) {
	if m.ThreadTS == "" || m.EphemeralTo != "" {
		return
	}
	if m.ThreadTS != m.TS {
		if root := c.byTS[m.ThreadTS]; root != nil {
			out["parent_user_id"] = root.User
			if m.Broadcast {
				out["root"] = obj{"type": "message", "user": root.User, "text": root.Text, "ts": root.TS, "thread_ts": root.TS}
			}
		}
		return
	}
	replies := c.replies(m.TS)
	users := []string{}
	for _, r := range replies {
		if who := first(r.User, r.BotID); !slices.Contains(users, who) {
			users = append(users, who)
		}
	}
	out["reply_count"], out["reply_users"], out["reply_users_count"] = len(replies), users, len(users)
	out["is_locked"], out["subscribed"] = false, false
	if len(replies) > 0 {
		out["latest_reply"] = replies[len(replies)-1].TS
	}
}

func reactionsJSON(m *message) []obj {
	all := make([]obj, 0, len(m.Reactions))
	for _, r := range m.Reactions {
		all = append(all, obj{"name": r.Name, "count": len(r.Users), "users": slices.Clone(r.Users)})
	}
	return all
}
