package slackfake

import "strings"

// visible finds a channel that the bot may know of.
func (s *Server) visible(id string) (*channel, error) {
	c := s.findChannel(id)
	if c == nil || c.ID != id || c.Private && !c.has(s.botUser) {
		return nil, refuse("channel_not_found")
	}
	return c, nil
}

// joined finds a channel that the bot is in, and that goes on.
func (s *Server) joined(id string) (*channel, error) {
	c, err := s.visible(id)
	switch {
	case err != nil:
		return nil, err
	case c.Archived:
		return nil, refuse("is_archived")
	case !c.has(s.botUser):
		return nil, refuse("not_in_channel")
	}
	return c, nil
}

// room is joined without direct messages.
func (s *Server) room(id string) (*channel, error) {
	c, err := s.joined(id)
	if err == nil && c.IM != "" {
		return nil, refuse("method_not_supported_for_channel_type")
	}
	return c, err
}

func (s *Server) conversationsCreate(a args) (obj, error) {
	name := a.Get("name")
	if code := s.refuseName(name); code != "" {
		return nil, refuse(code)
	}
	c := s.newChannel(name, a.flag("is_private"), s.botUser)
	c.Members = []string{s.botUser}
	s.emitPublic(c, obj{
		"type": "channel_created", "event_ts": s.stamp(),
		"channel": obj{"id": c.ID, "is_channel": true, "name": c.Name, "name_normalized": c.Name, "created": c.created, "creator": s.botUser, "context_team_id": s.team},
	})
	return obj{"channel": s.channelJSON(c)}, nil
}

func (s *Server) conversationsJoin(a args) (obj, error) {
	c, err := s.visible(a.Get("channel"))
	switch {
	case err != nil:
		return nil, err
	case c.IM != "" || c.Private && !c.has(s.botUser):
		return nil, refuse("method_not_supported_for_channel_type")
	case c.Archived:
		return nil, refuse("is_archived")
	case c.has(s.botUser):
		return obj{"channel": s.channelJSON(c), "warning": "already_in_channel", "response_metadata": obj{"warnings": []string{"already_in_channel"}}}, nil
	}
	s.join(c, s.user(s.botUser), "")
	return obj{"channel": s.channelJSON(c)}, nil
}

func (s *Server) conversationsLeave(a args) (obj, error) {
	c, err := s.visible(a.Get("channel"))
	switch {
	case err != nil:
		return nil, err
	case c.IM != "":
		return nil, refuse("method_not_supported_for_channel_type")
	case c.Archived:
		return nil, refuse("is_archived")
	case !c.has(s.botUser):
		return obj{"not_in_channel": true}, nil
	}
	s.leave(c, s.user(s.botUser))
	return nil, nil
}

func (s *Server) conversationsInfo(a args) (obj, error) {
	c, err := s.visible(a.Get("channel"))
	if err != nil {
		return nil, err
	}
	out := s.channelJSON(c)
	if !a.flag("include_num_members") {
		delete(out, "num_members")
	}
	return obj{"channel": out}, nil
}

func (s *Server) conversationsMembers(a args) (obj, error) {
	c, err := s.visible(a.Get("channel"))
	if err != nil {
		return nil, err
	}
	from, to, next, err := page(a, len(c.Members), 100, 1000)
	if err != nil {
		return nil, err
	}
	return obj{"members": append([]string{}, c.Members[from:to]...), "response_metadata": obj{"next_cursor": next}}, nil
}

func (s *Server) conversationsOpen(a args) (obj, error) {
	if id := a.Get("channel"); id != "" {
		c, err := s.visible(id)
		if err != nil || c.IM == "" {
			return nil, refuse("channel_not_found")
		}
		return obj{"channel": s.channelJSON(c), "no_op": true, "already_open": true}, nil
	}
	id := a.Get("users")
	switch {
	case id == "":
		return nil, refuse("users_list_not_supplied")
	case strings.Contains(id, ","):
		return nil, refuse("not_supported_by_slackfake")
	}
	u := s.byID[id]
	switch {
	case u == nil:
		return nil, refuse("user_not_found")
	case u.ID == s.botUser || u.ID == "USLACKBOT":
		return nil, refuse("cannot_dm_bot")
	case u.Deleted:
		return nil, refuse("user_disabled")
	}
	c, opened := s.im(u)
	out := obj{"channel": obj{"id": c.ID}}
	if a.flag("return_im") {
		out["channel"] = s.channelJSON(c)
	}
	if !opened {
		out["no_op"], out["already_open"] = true, true
	}
	return out, nil
}
