package web

import (
	"net/http"
	"time"

	"batsignal/incidents"
)

const (
	overviewFull    = 10 // incidents in full
	overviewLines   = 5  // lines of each list
	overviewRefresh = 30 // seconds, without script
)

// overviewBody is the first page.
type overviewBody struct {
	incidents.Overview
	Limit  int           // of the guard, for everybody
	Period time.Duration // in which the limit counts
}

func (s *site) overview(w http.ResponseWriter, r *http.Request) error {
	o, err := s.Incidents.Overview(r.Context(), overviewFull, overviewLines)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "overview", view{
		Title: "Overview", Here: "/", Refresh: overviewRefresh, Events: s.eventsAt("/events"),
		Body: overviewBody{Overview: o, Limit: s.Incidents.Guard.PerOrganisation, Period: s.Incidents.Guard.Period},
	})
}
