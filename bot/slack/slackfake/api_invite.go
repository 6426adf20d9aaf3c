package slackfake

import "strings"

func (s *Server) conversationsInvite(a args) (obj, error) {
	c, err := s.room(a.Get("channel"))
	if err != nil {
		return nil, err
	}
	ids := strings.FieldsFunc(a.Get("users"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(ids) == 0 {
		return nil, refuse("no_user")
	}
	if len(ids) > 1000 {
		return nil, refuse("too_many_users")
	}
	var wrong []obj
	var fine []*User
	for _, id := range ids {
		if code := s.refuseInvite(c, id); code != "" {
			wrong = append(wrong, obj{"user": id, "ok": false, "error": code})
		} else {
			fine = append(fine, s.byID[id])
		}
	}
	// Unless forced, one wrong name spoils the whole call.
	if len(wrong) > 0 && (!a.flag("force") || len(fine) == 0) {
		return nil, refusal{wrong[0]["error"].(string), obj{"errors": wrong}}
	}
	for _, u := range fine {
		c.Invited = append(c.Invited, u.ID)
		s.join(c, u, s.botUser)
	}
	out := obj{"channel": s.channelJSON(c)}
	if len(wrong) > 0 {
		out["errors"] = wrong
	}
	return out, nil
}

func (s *Server) refuseInvite(c *channel, id string) string {
	u := s.byID[id]
	switch {
	case u == nil:
		return "user_not_found"
	case u.ID == s.botUser:
		return "cant_invite_self"
	case c.has(u.ID):
		return "already_in_channel"
	case u.Deleted || u.ID == "USLACKBOT":
		return "cant_invite"
	case u.Team != s.team:
		return "user_team_not_in_channel"
	case u.SingleChannelGuest:
		return "ura_max_channels"
	case u.Guest:
		return "user_is_restricted"
	}
	return ""
}

func (s *Server) conversationsKick(a args) (obj, error) {
	c, err := s.room(a.Get("channel"))
	if err != nil {
		return nil, err
	}
	u := s.byID[a.Get("user")]
	switch {
	case u == nil:
		return nil, refuse("user_not_found")
	case u.ID == s.botUser:
		return nil, refuse("cant_kick_self")
	case !c.has(u.ID):
		return nil, refuse("not_in_channel")
	}
	s.leave(c, u)
	return obj{"errors": obj{}}, nil
}
