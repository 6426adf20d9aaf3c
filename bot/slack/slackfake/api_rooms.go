package slackfake

import "unicode/utf8"

func (s *Server) conversationsSetTopic(a args) (obj, error) {
	c, err := s.room(a.Get("channel"))
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(a.Get("topic")) > 250 {
		return nil, refuse("too_long")
	}
	s.setTopic(c, a.Get("topic"), s.botUser)
	return obj{"channel": s.channelJSON(c)}, nil
}

func (s *Server) conversationsSetPurpose(a args) (obj, error) {
	c, err := s.room(a.Get("channel"))
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(a.Get("purpose")) > 250 {
		return nil, refuse("too_long")
	}
	s.setPurpose(c, a.Get("purpose"), s.botUser)
	return obj{"channel": s.channelJSON(c), "purpose": c.Purpose}, nil
}

func (s *Server) conversationsArchive(a args) (obj, error) {
	c, err := s.visible(a.Get("channel"))
	switch {
	case err != nil:
		return nil, err
	case c.IM != "":
		return nil, refuse("method_not_supported_for_channel_type")
	case c.Archived:
		return nil, refuse("already_archived")
	case !c.has(s.botUser):
		return nil, refuse("not_in_channel")
	}
	s.archive(c, s.botUser)
	return nil, nil
}

func (s *Server) conversationsUnarchive(a args) (obj, error) {
	c, err := s.visible(a.Get("channel"))
	switch {
	case err != nil:
		return nil, err
	case !c.Archived:
		return nil, refuse("not_archived")
	}
	return nil, refuse("not_in_channel") // bots leave when a channel is archived
}

func (s *Server) conversationsRename(a args) (obj, error) {
	c, err := s.room(a.Get("channel"))
	if err != nil {
		return nil, err
	}
	if code := s.refuseName(a.Get("name")); code != "" {
		return nil, refuse(code)
	}
	if c.Creator != s.botUser {
		return nil, refuse("not_authorized")
	}
	s.rename(c, a.Get("name"), s.botUser)
	return obj{"channel": s.channelJSON(c)}, nil
}
