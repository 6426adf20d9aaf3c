package web

import (
	"net/http"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"batsignal/migrations/pg"
)

// lostPauses are how long a page waits before it reads again after its connection to the
// database was lost. A pool may have several dead ones, of which each try finds one; and a
// server that restarts takes a moment.
var lostPauses = [...]time.Duration{0, 20 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond}

// reads does what only reads, and does it again while connections to the database are lost:
// on a machine that is so busy that our process does not get its turn for some seconds, the
// server ends a transaction that sits idle, and people saw an error page of it.
func (s *site) reads(w http.ResponseWriter, r *http.Request, fn handler) error {
	err := fn(w, r)
	for _, pause := range lostPauses {
		if !pg.IsLost(err) || r.Context().Err() != nil || !mayRepeat(w, r) {
			return err
		}
		s.Log.Info("a page lost its connection to the database and reads again", "route", routeOf(r), "error", err)
		rest(r.Context(), pause)
		err = fn(w, r)
	}
	return err
}

// mayRepeat tells whether a request can be answered from its beginning once more.
func mayRepeat(w http.ResponseWriter, r *http.Request) bool {
	began, ok := w.(middleware.WrapResponseWriter)
	return ok && began.Status() == 0 && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}
