package web

import (
	"net/http"

	"batsignal/incidents"
)

// runEventsAt is where the script of a page about runs listens, "" if nobody would tell it
// anything.
func (s *site) runEventsAt(address string) string {
	if s.Runs == nil {
		return ""
	}
	return address
}

// allRunEvents tells of every run that changes.
func (s *site) allRunEvents(w http.ResponseWriter, r *http.Request) error {
	return s.stream(w, r, s.Runs, incidents.Several)
}

// runEvents tells of one run's changes: its state, how far it is, and what it logs.
func (s *site) runEvents(w http.ResponseWriter, r *http.Request) error {
	id, err := runID(r)
	if err != nil {
		return err
	}
	if _, err := s.Jobs.Get(r.Context(), id); err != nil {
		return err
	}
	return s.stream(w, r, s.Runs, id)
}
