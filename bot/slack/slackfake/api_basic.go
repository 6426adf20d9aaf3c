package slackfake

func (s *Server) apiTest(a args) (obj, error) {
	if code := a.Get("error"); code != "" {
		return nil, refuse(code)
	}
	return obj{"args": a.Values}, nil
}

func (s *Server) authTest(args) (obj, error) {
	out := obj{
		"url": s.siteURL(), "team": s.opts.TeamName, "user": s.user(s.botUser).Name, "team_id": s.team,
		"user_id": s.botUser, "bot_id": s.bot, "is_enterprise_install": false,
	}
	if s.opts.Enterprise != "" {
		out["enterprise_id"] = s.opts.Enterprise
	}
	return out, nil
}

// siteURL is where people would see the workspace.
func (s *Server) siteURL() string { return "https://" + s.opts.Domain + ".slack.com/" }

func (s *Server) teamInfo(args) (obj, error) {
	team := obj{
		"id": s.team, "name": s.opts.TeamName, "domain": s.opts.Domain, "url": s.siteURL(), "email_domain": "",
		"icon": obj{"image_default": true},
	}
	if s.opts.Enterprise != "" {
		team["enterprise_id"], team["enterprise_name"] = s.opts.Enterprise, s.opts.Enterprise
	}
	return obj{"team": team}, nil
}

func (s *Server) botsInfo(a args) (obj, error) {
	for _, u := range s.people {
		app, bot := s.botOf(u)
		if u.Bot && bot == a.Get("bot") {
			return obj{"bot": obj{"id": bot, "app_id": app, "user_id": u.ID, "name": u.Name, "deleted": u.Deleted, "updated": s.now().Unix(), "icons": obj{}}}, nil
		}
	}
	return nil, refuse("bot_not_found")
}

func (s *Server) usersInfo(a args) (obj, error) {
	u := s.byID[a.Get("user")]
	if u == nil {
		return nil, refuse("user_not_found")
	}
	return obj{"user": s.userJSON(u)}, nil
}

func (s *Server) usersList(a args) (obj, error) {
	from, to, next, err := page(a, len(s.people), 1000, 1000)
	if err != nil {
		return nil, err
	}
	members := []obj{}
	for _, u := range s.people[from:to] {
		members = append(members, s.userJSON(u))
	}
	return obj{"members": members, "cache_ts": s.now().Unix(), "response_metadata": obj{"next_cursor": next}}, nil
}
