package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// pagesWithScript are the pages that may run our script, and with it ask this
// server again. Every other page is refused both by its headers. They must all work
// without it.
var pagesWithScript = map[string]bool{
	"/":               true,
	"/incidents/{id}": true,
	"/pages/{id}":     true,

	"/minutes/m/{id:[0-9]+}": true,

	"/sign-in": true,
	"/account": true,

	"/jobs":           true,
	"/jobs/runs/{id}": true,
}

// routes is the whole surface.
func (s *site) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(s.takesAlerts, s.observe, secure, s.recover, middleware.GetHead, s.sameOrigin, s.recognise)

	r.Get("/", s.page(s.overview))
	r.Get("/events", s.page(s.allEvents))
	r.Get("/incidents", s.page(s.incidentList))
	r.Get("/incidents/{id}", s.page(s.incident))
	r.Get("/incidents/{id}/events", s.page(s.incidentEvents))
	r.Get("/incidents/{id}/retro", s.page(s.retro))
	r.Get("/incidents/{id}/retro.md", s.page(s.retroText))
	r.Get("/incidents/{id}/retro/changes", s.page(s.retroChanges))
	r.Get("/signal", s.page(s.signal))
	s.pageRoutes(r)
	r.Get("/status", s.page(s.status))
	s.peopleRoutes(r)
	s.wayRoutes(r)
	r.Get("/commands", s.page(s.commandList))

	if s.Meetings != nil {
		s.minutesRoutes(r)
	}
	if s.Actions != nil {
		s.actionRoutes(r)
	}

	if s.Access != nil {
		s.noiseRoutes(r)
		s.signRoutes(r)
		s.apiRoutes(r)
		s.feedRoutes(r)
	}
	if s.Rota != nil {
		s.scheduleRoutes(r)
	}
	if s.Policies != nil {
		s.policyRoutes(r)
	}
	if s.Alerts != nil {
		s.alertRoutes(r)
	}
	if s.Jobs != nil {
		s.jobRoutes(r)
		s.vaultRoutes(r)
		s.backupRoutes(r)
	}
	if s.Runbooks != nil {
		s.runbookRoutes(r)
	}
	if s.Announcements != nil {
		s.announceRoutes(r)
	}
	if s.Jobs != nil || s.Reminders != nil {
		s.calendarRoutes(r)
	}
	if s.Switchboard != nil {
		s.escrowRoutes(r)
	}

	r.Get("/ack/{token}", s.page(s.showAck))
	r.Post("/ack/{token}", s.page(s.ack))
	r.Get("/retro/edit/{token}", s.page(s.showEdit))
	r.Post("/retro/edit/{token}", s.page(s.edit))

	r.Get("/static/{name}", s.page(s.static))
	r.Get("/healthz", s.alive)
	r.Get("/readyz", s.ready)
	r.Method(http.MethodGet, "/metrics", s.figures.handler())

	for path, hook := range s.Hooks {
		r.Mount(path, http.StripPrefix(path, hook))
	}

	r.NotFound(s.page(notFound))
	r.MethodNotAllowed(s.page(s.wrongMethod))
	return r
}
