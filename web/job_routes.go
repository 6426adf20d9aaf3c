package web

import (
	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
)

// jobsPath is the entry of the menu to which the pages about jobs belong.
const jobsPath = "/jobs"

// jobRoutes are the pages of jobs, for people who are signed in: a log may tell of machines.
func (s *site) jobRoutes(r chi.Router) {
	r.Get("/jobs", s.signedIn(s.jobList))
	r.Get("/jobs/events", s.signedIn(s.allRunEvents))
	r.Get("/jobs/runs", s.signedIn(s.runList))
	r.Get("/jobs/runs/{id}", s.signedIn(s.showRun))
	r.Get("/jobs/runs/{id}/events", s.signedIn(s.runEvents))
	r.Post("/jobs/runs/{id}/approve", s.needs(command.LetIn, s.approveRun))
	r.Post("/jobs/runs/{id}/deny", s.needs(command.LetIn, s.denyRun))
	r.Post("/jobs/runs/{id}/cancel", s.needs(command.LetIn, s.cancelRun))
	r.Get("/jobs/{job}", s.signedIn(s.showJob))
	r.Post("/jobs/{job}", s.needs(command.LetIn, s.askJob))
	if s.Clock != nil {
		r.Post("/jobs/{job}/pause", s.needs(command.LetIn, s.pauseJob))
		r.Post("/jobs/{job}/resume", s.needs(command.LetIn, s.resumeJob))
	}
}

// jobShelf are the pages beside that of jobs; here is the one that is shown.
func (s *site) jobShelf(here string) []menuEntry {
	var shelf []menuEntry
	for _, e := range []struct {
		there         bool
		address, name string
	}{
		{s.Jobs != nil, jobsPath, "Jobs"},
		{s.Jobs != nil, "/backups", "Backups"},
		{s.Jobs != nil && len(s.Vaults) > 0, "/vaults", "Vaults"},
		{s.Runbooks != nil, "/runbooks", "Runbooks"},
		{s.Announcements != nil, "/announcements", "Announcements"},
		{s.Jobs != nil || s.Reminders != nil, "/calendar", "Calendar"},
	} {
		if e.there {
			shelf = append(shelf, menuEntry{e.address, e.name, e.address == here})
		}
	}
	return shelf
}
