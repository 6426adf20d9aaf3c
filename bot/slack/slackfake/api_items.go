package slackfake

import "slices"

// item finds the message of a pin or a reaction.
func (s *Server) item(a args) (*channel, *message, error) {
	c, err := s.joined(a.Get("channel"))
	if err != nil {
		return nil, nil, err
	}
	ts := a.Get("timestamp")
	switch {
	case ts == "":
		return nil, nil, refuse("no_item_specified")
	case !stampForm.MatchString(ts):
		return nil, nil, refuse("bad_timestamp")
	}
	m := c.shown(ts)
	if m == nil {
		return nil, nil, refuse("message_not_found")
	}
	return c, m, nil
}

func (s *Server) pinsAdd(a args) (obj, error) {
	c, m, err := s.item(a)
	switch {
	case err != nil:
		return nil, err
	case slices.Contains(c.Pins, m.TS):
		return nil, refuse("already_pinned")
	case len(c.Pins) >= 100:
		return nil, refuse("too_many_pins")
	}
	c.Pins = append(c.Pins, m.TS)
	s.emitPin("pin_added", c, m)
	return nil, nil
}

func (s *Server) pinsRemove(a args) (obj, error) {
	c, m, err := s.item(a)
	if err != nil {
		return nil, err
	}
	i := slices.Index(c.Pins, m.TS)
	if i < 0 {
		return nil, refuse("no_pin")
	}
	c.Pins = slices.Delete(c.Pins, i, i+1)
	s.emitPin("pin_removed", c, m)
	return nil, nil
}

func (s *Server) emitPin(kind string, c *channel, m *message) {
	s.emit(c, "pins:read", obj{
		"type": kind, "user": s.botUser, "channel_id": c.ID, "has_pins": len(c.Pins) > 0, "event_ts": s.stamp(),
		"item": obj{"type": "message", "channel": c.ID, "message": s.messageJSON(c, m, false), "created": s.now().Unix(), "created_by": s.botUser},
	})
}

func (s *Server) pinsList(a args) (obj, error) {
	c, err := s.visible(a.Get("channel"))
	if err != nil {
		return nil, err
	}
	items := []obj{}
	for _, ts := range slices.Backward(c.Pins) {
		m := s.messageJSON(c, c.byTS[ts], false)
		m["permalink"] = s.permalink(c, c.byTS[ts])
		items = append(items, obj{"type": "message", "channel": c.ID, "message": m, "created": s.now().Unix(), "created_by": s.botUser})
	}
	return obj{"items": items}, nil
}

func (s *Server) reactionsAdd(a args) (obj, error) {
	c, m, err := s.item(a)
	if err != nil {
		return nil, err
	}
	if code := s.react(c, m, s.botUser, a.Get("name")); code != "" {
		return nil, refuse(code)
	}
	return nil, nil
}

func (s *Server) reactionsRemove(a args) (obj, error) {
	c, m, err := s.item(a)
	if err != nil {
		return nil, err
	}
	if code := s.unreact(c, m, s.botUser, a.Get("name")); code != "" {
		return nil, refuse(code)
	}
	return nil, nil
}

func (s *Server) reactionsGet(a args) (obj, error) {
	c, m, err := s.item(a)
	if err != nil {
		return nil, err
	}
	return obj{"type": "message", "channel": c.ID, "message": s.messageJSON(c, m, false)}, nil
}
