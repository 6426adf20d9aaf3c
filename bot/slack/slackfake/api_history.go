package slackfake

import "slices"

// within tells whether a message is between oldest and latest. Timestamps compare
// as text, because they all have ten digits before the dot.
func within(ts string, a args) bool {
	oldest, latest := a.Get("oldest"), a.Get("latest")
	if a.flag("inclusive") && (ts == oldest || ts == latest) {
		return true
	}
	return (oldest == "" || oldest == "0" || ts > oldest) && (latest == "" || ts < latest)
}

func (s *Server) readable(a args) (*channel, error) {
	c, err := s.visible(a.Get("channel"))
	switch {
	case err != nil:
		return nil, err
	case !c.has(s.botUser) && !c.Archived:
		return nil, refuse("not_in_channel")
	case !s.may(c.scope("history")):
		return nil, refusal{"missing_scope", obj{"needed": c.scope("history"), "provided": ""}}
	}
	return c, nil
}

func (s *Server) conversationsHistory(a args) (obj, error) {
	c, err := s.readable(a)
	if err != nil {
		return nil, err
	}
	var found []*message
	for _, m := range slices.Backward(c.messages) {
		inThread := m.ThreadTS != "" && m.ThreadTS != m.TS && !m.Broadcast
		if !m.Deleted && m.EphemeralTo == "" && !inThread && within(m.TS, a) {
			found = append(found, m)
		}
	}
	out, err := s.messagePage(c, found, a, 100)
	if err == nil {
		out["pin_count"], out["channel_actions_ts"], out["channel_actions_count"] = len(c.Pins), nil, 0
	}
	return out, err
}

func (s *Server) conversationsReplies(a args) (obj, error) {
	c, err := s.readable(a)
	if err != nil {
		return nil, err
	}
	m := c.shown(a.Get("ts"))
	if m == nil {
		return nil, refuse("thread_not_found")
	}
	root := c.byTS[first(m.ThreadTS, m.TS)]
	found := []*message{root}
	for _, r := range c.replies(root.TS) {
		if within(r.TS, a) {
			found = append(found, r)
		}
	}
	return s.messagePage(c, found, a, 1000)
}

func (s *Server) messagePage(c *channel, found []*message, a args, standard int) (obj, error) {
	from, to, next, err := page(a, len(found), standard, 999)
	if err != nil {
		return nil, err
	}
	messages := []obj{}
	for _, m := range found[from:to] {
		messages = append(messages, s.messageJSON(c, m, a.flag("include_all_metadata")))
	}
	out := obj{"messages": messages, "has_more": next != ""}
	if next != "" {
		out["response_metadata"] = obj{"next_cursor": next}
	}
	return out, nil
}
