package switchboard

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"batsignal/web"
)

const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secure sets what every answer carries. Nothing of this process is kept by a browser.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses what another site makes a browser send.
//
// A browser that does not say Sec-Fetch-Site says "Origin: null" on our own form, because
// we ask for no referrer. Such a request is let through: what is done without a session
// takes a token or a code that a foreign page does not know, and what is done by a session
// takes the token of its forms (inSession).
func (s *site) sameOrigin(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(s.page(func(http.ResponseWriter, *http.Request) error { return errForeign }))
	guarded := guard.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "null" {
			next.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// recover answers after a panic. What was thrown is not logged: it may hold what was typed.
func (s *site) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			thrown := recover()
			if thrown == nil {
				return
			}
			if thrown == http.ErrAbortHandler {
				panic(thrown) // the server's own way of hanging up
			}
			s.Log.Error("a page panicked", "route", web.RouteOf(r), "type", fmt.Sprintf("%T", thrown), "stack", string(debug.Stack()))
			s.refuse(w, r, http.StatusInternalServerError, "It is in the log; please try again.")
		}()
		next.ServeHTTP(w, r)
	})
}
