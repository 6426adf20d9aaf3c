package slackfake

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// User is somebody with an account.
type User struct {
	ID          string // made if empty
	Name        string // the user name, unique
	RealName    string // as Name if empty
	DisplayName string // may be empty, as in Slack
	TZ          string // "Europe/Berlin"; "Etc/UTC" if empty
	Team        string // of a stranger by Slack Connect: another workspace, T…

	Guest              bool // is_restricted
	SingleChannelGuest bool // is_ultra_restricted
	Bot                bool // of another app; see [Server.BotPost]
	Deleted            bool // deactivated
}

// AddUser adds somebody and tells the app (team_join).
func (s *Server) AddUser(u User) User {
	s.mu.Lock()
	defer s.unlock()
	added := s.addUser(u)
	if added.Team == s.team {
		s.emit(nil, "users:read", obj{"type": "team_join", "user": s.userJSON(added), "cache_ts": s.now().Unix(), "event_ts": s.stamp()})
	}
	return *added
}

func (s *Server) addUser(u User) *User {
	if u.Name == "" {
		panic("slackfake: a user needs a name")
	}
	if s.findUser(u.Name) != nil || u.ID != "" && s.findUser(u.ID) != nil {
		panic(fmt.Sprintf("slackfake: there is a user %q (%s) already", u.Name, u.ID))
	}
	if u.ID == "" {
		u.ID = s.newID("U")
	}
	if u.RealName == "" {
		u.RealName = u.Name
	}
	if u.TZ == "" {
		u.TZ = "Etc/UTC"
	}
	if u.Team == "" {
		u.Team = s.team
	}
	s.people = append(s.people, &u)
	s.byID[u.ID] = &u
	return &u
}

// User finds somebody by name or ID. The bot is "@bot" too.
func (s *Server) User(name string) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.user(name)
}

// Users are all accounts, the bot and Slackbot included.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]User, 0, len(s.people))
	for _, u := range s.people {
		all = append(all, *u)
	}
	return all
}

// SetUser changes somebody, found by the ID, or by the name if there is no ID, and
// tells the app (user_change): names, time zone, guest, deactivation.
func (s *Server) SetUser(u User) {
	s.mu.Lock()
	defer s.unlock()
	known := s.user(first(u.ID, u.Name))
	u.ID, u.Name, u.Team = known.ID, first(u.Name, known.Name), first(u.Team, known.Team)
	u.RealName, u.TZ = first(u.RealName, known.RealName), first(u.TZ, known.TZ)
	if other := s.findUser(u.Name); other != nil && other != known {
		panic(fmt.Sprintf("slackfake: there is a user %q already", u.Name))
	}
	*known = u
	s.emit(nil, "users:read", obj{"type": "user_change", "user": s.userJSON(known), "cache_ts": s.now().Unix(), "event_ts": s.stamp()})
}

// user is findUser for tests: whoever is not known is a mistake.
func (s *Server) user(name string) *User {
	u := s.findUser(name)
	if u == nil {
		known := make([]string, 0, len(s.people))
		for _, p := range s.people {
			known = append(known, p.Name)
		}
		panic(fmt.Sprintf("slackfake: nobody is called %q; there are %s", name, strings.Join(known, ", ")))
	}
	return u
}

func (s *Server) findUser(name string) *User {
	if name == "@bot" {
		name = s.botUser
	}
	if u := s.byID[name]; u != nil {
		return u
	}
	i := slices.IndexFunc(s.people, func(u *User) bool { return u.Name == name })
	if i < 0 {
		return nil
	}
	return s.people[i]
}

func (s *Server) userJSON(u *User) obj {
	offset := 0
	if zone, err := time.LoadLocation(u.TZ); err == nil {
		_, offset = s.now().In(zone).Zone()
	}
	profile := obj{
		"real_name": u.RealName, "real_name_normalized": u.RealName, "display_name": u.DisplayName, "display_name_normalized": u.DisplayName,
		"avatar_hash": "g" + strings.ToLower(u.ID), "team": u.Team, "title": "", "phone": "", "skype": "", "status_text": "", "status_emoji": "",
	}
	out := obj{
		"id": u.ID, "team_id": u.Team, "name": u.Name, "deleted": u.Deleted, "profile": profile,
		"is_bot": u.Bot, "is_app_user": false, "updated": s.now().Unix(), "is_stranger": u.Team != s.team,
	}
	if u.Bot {
		profile["api_app_id"], profile["bot_id"] = s.botOf(u)
	}
	if u.Deleted {
		return out // Slack says little of those who have left
	}
	more := obj{
		"color": "9f69e7", "real_name": u.RealName, "tz": u.TZ, "tz_label": u.TZ, "tz_offset": offset,
		"is_admin": false, "is_owner": false, "is_primary_owner": false, "is_email_confirmed": true,
		"is_restricted": u.Guest || u.SingleChannelGuest, "is_ultra_restricted": u.SingleChannelGuest,
		"who_can_share_contact_card": "EVERYONE",
	}
	for k, v := range more {
		out[k] = v
	}
	if s.opts.Enterprise != "" && u.Team == s.team {
		out["enterprise_user"] = obj{"id": u.ID, "enterprise_id": s.opts.Enterprise, "enterprise_name": s.opts.Enterprise, "teams": []string{s.team}}
	}
	return out
}

// botOf tells the app and the bot behind a user.
func (s *Server) botOf(u *User) (app, bot string) {
	if u.ID == s.botUser {
		return s.app, s.bot
	}
	return "A" + u.ID[1:], "B" + u.ID[1:]
}

// first is the first that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
