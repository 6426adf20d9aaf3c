package web

import (
	"fmt"
	"net/http"
	"path"
	"strings"
)

// This file is what the pages of the switchboard, another process, have in common with
// these: how they look, how somebody's text is shown, and what is said where something
// went wrong.

// Asset is one of our own files, by its name in static/, with its media type.
func Asset(name string) (body []byte, kind string, err error) {
	body, err = staticFiles.ReadFile("static/" + name)
	if err != nil {
		return nil, "", fmt.Errorf("no such file of the pages: %w", err)
	}
	return body, kinds[path.Ext(name)], nil
}

// Visible makes somebody's text harmless to look at: what has no shape of its own and could
// hide or reorder other text is shown by its number. It is no escaping of markup.
func Visible(text string) string { return visible(text) }

// VisibleLines is that for texts in which the ends of lines mean something.
func VisibleLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = visible(line)
	}
	return strings.Join(lines, "\n")
}

// StatusOf maps what went wrong to HTTP, once for all pages.
func StatusOf(err error) int { return statusOf(err) }

// Headline is what a page is called that says what went wrong.
func Headline(status int) string { return headlines[status] }

// NotFound answers where there is no page.
func NotFound(w http.ResponseWriter, r *http.Request) error { return notFound(w, r) }

// RouteOf names the route of a request: a pattern, never the address, which may hold a
// token. What fits none has no name.
func RouteOf(r *http.Request) string { return routeOf(r) }

// Zones are what a field for a time zone offers.
func Zones() []string { return commonZones() }
