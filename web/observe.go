package web

import (
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// observe logs and counts each request. It names the route and never the path: a
// path may hold a token.
func (s *site) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now() // how long it really took, whatever the clock of the play says
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(ww, r)

		status := ww.Status()
		if status == 0 {
			status = http.StatusOK
		}
		route := routeOf(r)
		took := time.Since(began)
		s.figures.request(r.Method, route, status, took)
		s.Log.Debug("request", "method", knownMethod(r.Method), "route", route, "status", status, "took", took.Round(time.Microsecond))
	})
}

// recover makes a page of a panic, and a line in the log.
func (s *site) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}
			if fault == http.ErrAbortHandler {
				panic(fault) // the server's own way of hanging up
			}
			s.Log.Error("a page panicked", "route", routeOf(r), "panic", fault, "stack", string(debug.Stack()))
			s.apologize(w, r)
		}()
		next.ServeHTTP(w, r)
	})
}

// routeOf names the route of a request that was routed; what fits none has no name.
func routeOf(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil {
		if pattern := c.RoutePattern(); pattern != "" {
			return pattern
		}
	}
	return "none"
}

// knownMethod keeps invented methods out of logs and labels.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete:
		return m
	}
	return "other"
}
