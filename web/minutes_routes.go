package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents"
)

// minutesRoutes is the archive. Files have the addresses that the bot says at the end
// of a meeting, so whatever is no page of ours is looked for among them.
func (s *site) minutesRoutes(r chi.Router) {
	r.Get("/minutes", s.page(s.minutesIndex))
	r.Get("/minutes/", s.page(s.minutesIndex))
	r.Get("/minutes/search", s.page(s.minutesSearch))
	r.Get("/minutes/room/{network}/{room}", s.page(s.minutesOfRoom))
	r.Get("/minutes/name/{name}", s.page(s.minutesOfName))
	r.Get("/minutes/{year:[0-9]{4}}/{month:[0-9]{2}}", s.page(s.minutesOfMonth))
	r.Get("/minutes/{year:[0-9]{4}}/{month:[0-9]{2}}/{day:[0-9]{2}}", s.page(s.minutesOfMonth))
	r.Get("/minutes/m/{id:[0-9]+}", s.page(s.meeting))
	r.Get("/minutes/m/{id:[0-9]+}/events", s.page(s.meetingEvents))
	r.Get("/minutes/m/{id:[0-9]+}/log", s.page(s.meetingLog))
	r.Get("/minutes/feed.atom", s.page(s.minutesFeed))
	r.Get("/minutes/room/{network}/{room}/feed.atom", s.page(s.minutesFeed))
	r.Get("/minutes/name/{name}/feed.atom", s.page(s.minutesFeed))
	r.Get("/minutes/*", s.page(s.minutesFile))
}

// actionRoutes is what there is to do.
func (s *site) actionRoutes(r chi.Router) {
	r.Get("/actions", s.page(s.actionList))
	r.Get("/actions/{id}", s.page(s.action))
	r.Get("/actions.ics", s.page(s.actionCalendar))
	r.Get("/actions.json", s.page(s.actionData))
}

// segment is a part of the address as it was before it was escaped for it.
func segment(r *http.Request, name string) string {
	text := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return text
	}
	plain, err := url.PathUnescape(text)
	if err != nil {
		return text
	}
	return plain
}

// roomPath is where the minutes of a room are. The sign before most rooms' names is
// left out, since in an address it would have to be escaped.
func roomPath(network, room string) string {
	if bare, ok := strings.CutPrefix(room, "#"); ok && bare != "" && bare[0] != '#' {
		room = bare
	}
	return "/minutes/room/" + pathSegment(network) + "/" + pathSegment(room)
}

func namePath(name string) string { return "/minutes/name/" + pathSegment(name) }

// pathSegment escapes a name so that nothing takes it for "here" or "above".
func pathSegment(name string) string {
	if strings.Trim(name, ".") == "" {
		return strings.ReplaceAll(name, ".", "%2E")
	}
	return url.PathEscape(name)
}

// filePath is the address of one of a meeting's files.
func filePath(path, ext string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = pathSegment(part)
	}
	return "/minutes/" + strings.Join(parts, "/") + "." + ext
}

// roomOf reads which room an address means.
func roomOf(r *http.Request) incidents.Room {
	return incidents.Room{Network: segment(r, "network"), Room: segment(r, "room")}
}
