package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents"
	"batsignal/oncall/reach"
)

// wayRoutes are the pages about how people are reached. Who could be reached tonight is
// for people who are signed in.
func (s *site) wayRoutes(r chi.Router) {
	r.Get("/routes", s.page(s.routeList))
	if s.Access != nil {
		r.Get("/readiness", s.signedIn(s.readiness))
	}
}

// routesBody is every route and how it fares.
type routesBody struct {
	Routes []incidents.RouteNow
	Quiet  string // what all of them do in quiet hours
	Ready  bool   // readiness has a page
}

func (s *site) routeList(w http.ResponseWriter, r *http.Request) error {
	routes, err := s.Incidents.RoutesNow(r.Context())
	if err != nil {
		return err
	}
	body := routesBody{Routes: routes, Quiet: incidents.QuietHours, Ready: s.Access != nil}
	return s.render(w, r, http.StatusOK, "routes", view{Title: "Routes", Here: "/people", Body: body})
}

// readinessBody is who could be reached tonight.
type readinessBody struct {
	reach.Report
	Waiting []readinessLine // who is not ready, by handle
}

// readinessLine is one person who is not ready.
type readinessLine struct {
	Handle string
	Roles  []string
	Why    string // to stand after their name
}

func (s *site) readiness(w http.ResponseWriter, r *http.Request) error {
	report, err := s.Incidents.Readiness(r.Context())
	if err != nil {
		return err
	}
	body := readinessBody{Report: report}
	for _, p := range report.People {
		if !p.Ready {
			body.Waiting = append(body.Waiting, readinessLine{p.Handle, p.Roles, s.Commands.Localize(p.Why())})
		}
	}
	return s.render(w, r, http.StatusOK, "readiness", view{Title: "Readiness", Here: "/people", Body: body})
}
