package web_test

import (
	"net/http"
	"strings"
	"testing"
)

const (
	wantPolicy       = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	wantScriptPolicy = wantPolicy + "; script-src 'self'; connect-src 'self'"
)

func TestHeaders(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	w.meets(ops, evening, weekly)
	link := w.link("maria")
	for _, c := range []struct {
		path   string
		status int
		script bool
		cache  string
		kind   string
	}{
		{"/", 200, true, "no-cache", "text/html; charset=utf-8"},
		{"/incidents", 200, false, "no-cache", "text/html; charset=utf-8"},
		{"/incidents/1", 200, true, "no-cache", "text/html; charset=utf-8"},
		{"/incidents/7", 404, false, "no-cache", "text/html; charset=utf-8"},
		{"/incidents/INC-1", 308, false, "no-cache", "text/html; charset=utf-8"},
		{"/incidents/7/events", 404, false, "no-cache", "text/html; charset=utf-8"},
		{"/signal", 200, false, "no-cache", "text/html; charset=utf-8"},
		{"/people", 200, false, "no-cache", "text/html; charset=utf-8"},
		{"/commands", 200, false, "no-cache", "text/html; charset=utf-8"},
		{"/minutes", 200, false, "no-cache", "text/html; charset=utf-8"},
		{"/minutes/search?q=fan", 200, false, "no-cache", "text/html; charset=utf-8"},
		{"/minutes/room/libera/ops", 200, false, "no-cache", "text/html; charset=utf-8"},
		{"/minutes/name/weekly-ops-sync", 200, false, "no-cache", "text/html; charset=utf-8"},
		{"/minutes/2026/02", 200, false, "no-cache", "text/html; charset=utf-8"},
		{"/minutes/m/2", 200, true, "no-cache", "text/html; charset=utf-8"},
		{"/minutes/m/7", 404, false, "no-cache", "text/html; charset=utf-8"},
		{"/minutes/m/2/log", 200, false, "no-cache", "text/html; charset=utf-8"},
		{"/minutes/m/7/events", 404, false, "no-cache", "text/html; charset=utf-8"},
		{"/minutes/ops/none.html", 404, false, "no-cache", "text/html; charset=utf-8"},
		{"/minutes/feed.atom", 200, false, "no-cache", "application/atom+xml; charset=utf-8"},
		{"/actions", 200, false, "no-cache", "text/html; charset=utf-8"},
		{"/actions/1", 200, false, "no-cache", "text/html; charset=utf-8"},
		{"/actions.ics", 200, false, "no-cache", "text/calendar; charset=utf-8"},
		{"/actions.json", 200, false, "no-cache", "application/json"},
		{link, 200, false, "no-store", "text/html; charset=utf-8"},
		{"/ack/x", 404, false, "no-store", "text/html; charset=utf-8"},
		{"/nothing", 404, false, "no-cache", "text/html; charset=utf-8"},
		{"/static/style.css", 200, false, "no-cache", "text/css; charset=utf-8"},
		{"/static/live.js", 200, false, "no-cache", "text/javascript; charset=utf-8"},
		{"/static/icon.svg", 200, false, "no-cache", "image/svg+xml"},
		{"/healthz", 200, false, "no-store", "text/plain; charset=utf-8"},
		{"/readyz", 200, false, "no-store", "text/plain; charset=utf-8"},
		{"/metrics", 200, false, "no-cache", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"},
	} {
		a := w.get(c.path)
		a.says(t, c.status)
		policy := wantPolicy
		if c.script {
			policy = wantScriptPolicy
		}
		for name, want := range map[string]string{
			"Content-Security-Policy":    policy,
			"X-Content-Type-Options":     "nosniff",
			"Referrer-Policy":            "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Cache-Control":              c.cache,
			"Content-Type":               c.kind,
			"Set-Cookie":                 "",
		} {
			if got := a.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", c.path, name, got, want)
			}
		}
		if has := strings.Contains(a.body, "<script"); has != c.script {
			t.Errorf("%s: script %v, want %v", c.path, has, c.script)
		}
	}
}

func TestOurFilesAreKeptForEverUnderTheirVersion(t *testing.T) {
	w := newWorld(t)
	_, rest, _ := strings.Cut(w.get("/").body, `href="/static/style.css`)
	query, _, _ := strings.Cut(rest, `"`)
	if got := w.get("/static/style.css" + query).Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("with its version: %q", got)
	}
	if got := w.get("/static/style.css?v=old").Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("with another version: %q", got)
	}
	if n := len(w.get("/static/style.css").body); n >= 22_000 {
		t.Errorf("the style has %d bytes", n)
	}
}

// Without script a page refreshes itself while something goes on; with script it
// need not.
func TestRefreshing(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	const refresh = `<noscript><meta http-equiv="refresh" content="10"></noscript>`
	w.get("/incidents/1").says(t, http.StatusOK, refresh, `data-events="/incidents/1/events"`)
	w.tell("li #inc-1-openssl: !incident resolve done")
	a := w.get("/incidents/1")
	if strings.Contains(a.body, "refresh") || strings.Contains(a.body, "data-events") {
		t.Error("a resolved incident refreshes")
	}
}
