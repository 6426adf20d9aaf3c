package slackfake

import (
	"net/url"
	"slices"
)

func (s *Server) bookmarksAdd(a args) (obj, error) {
	c, err := s.room(a.Get("channel_id"))
	switch {
	case err != nil:
		return nil, err
	case a.Get("title") == "" || a.Get("type") == "":
		return nil, refuse("invalid_arguments")
	case a.Get("type") != "link":
		return nil, refuse("invalid_bookmark_type")
	case !webAddress(a.Get("link")):
		return nil, refuse("invalid_link")
	case len(c.Bookmarks) >= 100:
		return nil, refuse("too_many_bookmarks")
	}
	b := Bookmark{ID: s.newID("Bk"), Title: a.Get("title"), Link: a.Get("link"), Emoji: a.Get("emoji")}
	c.Bookmarks = append(c.Bookmarks, b)
	return obj{"bookmark": s.bookmarkJSON(c, b)}, nil
}

func (s *Server) bookmarksEdit(a args) (obj, error) {
	c, i, err := s.bookmark(a)
	if err != nil {
		return nil, err
	}
	b := &c.Bookmarks[i]
	if a.Has("link") {
		if !webAddress(a.Get("link")) {
			return nil, refuse("invalid_link")
		}
		b.Link = a.Get("link")
	}
	if a.Has("title") {
		b.Title = a.Get("title")
	}
	if a.Has("emoji") {
		b.Emoji = a.Get("emoji")
	}
	return obj{"bookmark": s.bookmarkJSON(c, *b)}, nil
}

func (s *Server) bookmarksRemove(a args) (obj, error) {
	c, i, err := s.bookmark(a)
	if err != nil {
		return nil, err
	}
	c.Bookmarks = slices.Delete(c.Bookmarks, i, i+1)
	return nil, nil
}

func (s *Server) bookmarksList(a args) (obj, error) {
	c, err := s.visible(a.Get("channel_id"))
	if err != nil {
		return nil, err
	}
	out := []obj{}
	for _, b := range c.Bookmarks {
		out = append(out, s.bookmarkJSON(c, b))
	}
	return obj{"bookmarks": out}, nil
}

func (s *Server) bookmark(a args) (*channel, int, error) {
	c, err := s.room(a.Get("channel_id"))
	if err != nil {
		return nil, 0, err
	}
	i := slices.IndexFunc(c.Bookmarks, func(b Bookmark) bool { return b.ID == a.Get("bookmark_id") })
	if i < 0 {
		return nil, 0, refuse("not_found")
	}
	return c, i, nil
}

func (s *Server) bookmarkJSON(c *channel, b Bookmark) obj {
	return obj{
		"id": b.ID, "channel_id": c.ID, "title": b.Title, "link": b.Link, "emoji": b.Emoji, "icon_url": "", "type": "link",
		"entity_id": nil, "date_created": c.created, "date_updated": 0, "rank": "U", "app_id": s.app,
		"last_updated_by_user_id": s.botUser, "last_updated_by_team_id": s.team, "shortcut_id": nil,
	}
}

func webAddress(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
