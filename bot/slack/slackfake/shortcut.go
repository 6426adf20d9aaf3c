package slackfake

import "maps"

// Shortcut has somebody use a global shortcut of the app.
func (s *Server) Shortcut(user, callbackID string) *Invocation {
	s.mu.Lock()
	defer s.unlock()
	u := s.user(user)
	i := s.invoke(u, "")
	payload := s.interaction("shortcut", u, i)
	maps.Copy(payload, obj{"callback_id": callbackID, "action_ts": s.stamp()})
	return s.interact(payload, i)
}

// MessageShortcut has somebody use a shortcut of the app on a message.
func (s *Server) MessageShortcut(user, callbackID, channel, ts string) *Invocation {
	s.mu.Lock()
	defer s.unlock()
	u, c, m := s.seen(user, channel, ts)
	i := s.invoke(u, "")
	i.ResponseURL = s.newReply(c, u, nil).url
	payload := s.interaction("message_action", u, i)
	maps.Copy(payload, obj{
		"callback_id": callbackID, "action_ts": s.stamp(), "message_ts": m.TS, "response_url": i.ResponseURL,
		"channel": obj{"id": c.ID, "name": s.channelName(c)}, "message": s.messageJSON(c, m, false),
	})
	return s.interact(payload, i)
}
