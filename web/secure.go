package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

const (
	contentPolicy           = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	contentPolicyWithScript = contentPolicy + "; script-src 'self'; connect-src 'self'"
)

// secure sets what every answer carries, whatever it is.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

// mayScript tells whether the page of this request is in the table.
func mayScript(r *http.Request) bool {
	return pagesWithScript[chi.RouteContext(r.Context()).RoutePattern()]
}

// sameOrigin refuses what another site makes a browser send. Reading is not
// concerned, and neither is what comes without a browser.
//
// A browser that does not say Sec-Fetch-Site (an old one, or any on plain HTTP) says
// "Origin: null" on our own form, because we ask for no referrer. Such a request is
// let through to a link with a token: there is no cookie whose power a foreign page
// could borrow, and who knows the token needs no browser of somebody else. It is let
// through too with the token of a form that we made for that browser (access.FormToken):
// a foreign page can send our cookie along, but cannot know that. And it is let through
// where nothing is done in anybody's name: a check, and a drill that a custodian signed.
func (s *site) sameOrigin(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(s.page(func(w http.ResponseWriter, r *http.Request) error { return errForeign }))
	guarded := guard.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nameless := r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "null"
		if nameless && (strings.HasPrefix(r.URL.Path, "/ack/") || strings.HasPrefix(r.URL.Path, "/retro/edit/") || inNobodysName(r.URL.Path) || s.ourForm(w, r)) {
			next.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// inNobodysName tells of the addresses where it does not count who sends a form.
func inNobodysName(path string) bool { return path == checkPath || path == drillPath }
