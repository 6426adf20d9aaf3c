package slackfake

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// badName tells what is wrong with the name of a channel, as Slack would; "" is fine.
func badName(name string) string {
	switch {
	case name == "":
		return "invalid_name_required"
	case utf8.RuneCountInString(name) > 80:
		return "invalid_name_maxlength"
	case strings.Trim(name, "-_") == "":
		return "invalid_name_punctuation"
	}
	for _, r := range name {
		if r == '-' || r == '_' || unicode.IsDigit(r) || unicode.IsLetter(r) && unicode.ToLower(r) == r || unicode.IsMark(r) {
			continue
		}
		return "invalid_name_specials"
	}
	return ""
}

// refuseName is badName, and names that are taken: an archived channel keeps its own.
func (s *Server) refuseName(name string) string {
	if code := badName(name); code != "" {
		return code
	}
	for _, c := range s.channels {
		if c.Name == name {
			return "name_taken"
		}
	}
	return ""
}

func (s *Server) channelJSON(c *channel) obj {
	if c.IM != "" {
		return obj{
			"id": c.ID, "created": c.created, "is_im": true, "is_org_shared": false, "user": c.IM, "is_archived": false,
			"is_open": true, "is_user_deleted": s.user(c.IM).Deleted, "context_team_id": s.team, "priority": 0,
		}
	}
	set := func(v string) obj {
		if v == "" {
			return obj{"value": "", "creator": "", "last_set": 0}
		}
		return obj{"value": v, "creator": c.Creator, "last_set": c.created}
	}
	shared := s.shared(c)
	out := obj{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "created": c.created, "creator": c.Creator, "updated": c.created * 1000,
		"is_channel": !c.Private, "is_group": c.Private, "is_private": c.Private, "is_im": false, "is_mpim": false,
		"is_archived": c.Archived, "is_general": false, "is_member": c.has(s.botUser), "is_shared": shared, "is_ext_shared": shared,
		"is_org_shared": false, "is_pending_ext_shared": false, "pending_shared": []string{}, "pending_connected_team_ids": []string{},
		"context_team_id": s.team, "parent_conversation": nil, "unlinked": 0, "shared_team_ids": s.teams(c),
		"topic": set(c.Topic), "purpose": set(c.Purpose), "previous_names": append([]string{}, c.past...), "num_members": len(c.Members),
	}
	return out
}

// teams are the workspaces in a channel, ours first.
func (s *Server) teams(c *channel) []string {
	teams, seen := []string{s.team}, map[string]bool{s.team: true}
	for _, id := range c.Members {
		if u := s.findUser(id); u != nil && !seen[u.Team] {
			seen[u.Team] = true
			teams = append(teams, u.Team)
		}
	}
	return teams
}
