package web

import (
	"fmt"
	"path"
)

// This file is what the pages of the switchboard, another process, have in common with
// these: how they look, and how somebody's text is shown.

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

// Zones are what a field for a time zone offers.
func Zones() []string { return commonZones() }
