package slackfake

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) conversationsList(a args) (obj, error) {
	return s.listChannels(a, func(c *channel) bool { return !c.Private || c.has(s.botUser) })
}

func (s *Server) usersConversations(a args) (obj, error) {
	user := first(a.Get("user"), s.botUser)
	if s.byID[user] == nil {
		return nil, refuse("user_not_found")
	}
	return s.listChannels(a, func(c *channel) bool { return c.has(user) && (c.has(s.botUser) || !c.Private && c.IM == "") })
}

func (s *Server) listChannels(a args, wanted func(*channel) bool) (obj, error) {
	types := strings.Split(first(a.Get("types"), "public_channel"), ",")
	names := map[string]string{"channel": "public_channel", "group": "private_channel", "im": "im"}
	for i, t := range types {
		types[i] = strings.TrimSpace(t)
		if !slices.Contains([]string{"public_channel", "private_channel", "im", "mpim"}, types[i]) {
			return nil, refuse("invalid_types")
		}
		scope := map[string]string{"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read", "mpim": "mpim:read"}[types[i]]
		if !s.may(scope) {
			return nil, refusal{"missing_scope", obj{"needed": scope, "provided": strings.Join(s.scopes(), ",")}}
		}
	}
	var found []*channel
	for _, c := range s.channels {
		if slices.Contains(types, names[c.kind()]) && wanted(c) && !(c.Archived && a.flag("exclude_archived")) {
			found = append(found, c)
		}
	}
	from, to, next, err := page(a, len(found), 100, 1000)
	if err != nil {
		return nil, err
	}
	out := []obj{}
	for _, c := range found[from:to] {
		out = append(out, s.channelJSON(c))
	}
	return obj{"channels": out, "response_metadata": obj{"next_cursor": next}}, nil
}

// page cuts a list by limit and cursor.
func page(a args, n, standard, most int) (from, to int, next string, err error) {
	if c := a.Get("cursor"); c != "" {
		raw, err := base64.StdEncoding.DecodeString(c)
		if err != nil {
			return 0, 0, "", refuse("invalid_cursor")
		}
		if from, err = strconv.Atoi(string(raw)); err != nil || from < 0 {
			return 0, 0, "", refuse("invalid_cursor")
		}
	}
	from = min(from, n)
	to = min(from+a.limit(standard, most), n)
	if to < n {
		next = base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(to)))
	}
	return from, to, next, nil
}
