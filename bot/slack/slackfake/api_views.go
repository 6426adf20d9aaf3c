package slackfake

const maxStack = 3

func (s *Server) viewsOpen(a args) (obj, error) {
	body, t, err := s.readOpen(a)
	if err != nil {
		return nil, err
	}
	v := s.newView(t.user, body, nil)
	s.modals[t.user] = []*view{v}
	return obj{"view": s.viewJSON(v)}, nil
}

func (s *Server) viewsPush(a args) (obj, error) {
	below := (*view)(nil)
	if t := s.triggers[a.Get("trigger_id")]; t != nil {
		below = s.findView(t.view, "")
		switch stack := s.modals[t.user]; {
		case below == nil || below.Type != "modal" || len(stack) == 0:
			return nil, refuse("invalid_trigger_id") // only a modal's trigger can push
		case len(stack) >= maxStack:
			return nil, refuse("push_limit_reached")
		}
	}
	body, t, err := s.readOpen(a)
	if err != nil {
		return nil, err
	}
	v := s.newView(t.user, body, below)
	s.modals[t.user] = append(s.modals[t.user], v)
	return obj{"view": s.viewJSON(v)}, nil
}

// readOpen judges the view first, so that a mistake does not cost the trigger.
func (s *Server) readOpen(a args) (obj, *trigger, error) {
	body, err := s.readView("modal", a.Get("view"))
	if err != nil {
		return nil, nil, err
	}
	if id := text(body["external_id"]); id != "" && s.findView("", id) != nil {
		return nil, nil, refuse("duplicate_external_id")
	}
	t, err := s.useTrigger(a.Get("trigger_id"))
	return body, t, err
}

func (s *Server) viewsUpdate(a args) (obj, error) {
	v := s.findView(a.Get("view_id"), a.Get("external_id"))
	if v == nil || v.Type == "home" {
		return nil, refuse("not_found")
	}
	if h := a.Get("hash"); h != "" && h != v.Hash {
		return nil, refuse("hash_conflict")
	}
	body, err := s.readView("modal", a.Get("view"))
	if err != nil {
		return nil, err
	}
	s.show(v, body)
	return obj{"view": s.viewJSON(v)}, nil
}

func (s *Server) viewsPublish(a args) (obj, error) {
	u := s.byID[a.Get("user_id")]
	if u == nil || u.Bot {
		return nil, refuse("user_not_found")
	}
	v := s.home[u.ID]
	if h := a.Get("hash"); h != "" && v != nil && h != v.Hash {
		return nil, refuse("hash_conflict")
	}
	body, err := s.readView("home", a.Get("view"))
	if err != nil {
		return nil, err
	}
	if v == nil {
		v = s.newView(u.ID, body, nil)
		s.home[u.ID] = v
	} else {
		s.show(v, body)
	}
	return obj{"view": s.viewJSON(v)}, nil
}
