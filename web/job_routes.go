package web

import (
	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
)

// jobRoutes are the pages of jobs, for people who are signed in: a log may tell of machines.
func (s *site) jobRoutes(r chi.Router) {
	r.Get("/jobs", s.signedIn(s.jobList))
	r.Get("/jobs/runs/{id}", s.signedIn(s.showRun))
	r.Post("/jobs/runs/{id}/approve", s.needs(command.LetIn, s.approveRun))
	r.Post("/jobs/runs/{id}/deny", s.needs(command.LetIn, s.denyRun))
	r.Post("/jobs/runs/{id}/cancel", s.needs(command.LetIn, s.cancelRun))
	r.Get("/jobs/{job}", s.signedIn(s.showJob))
	r.Post("/jobs/{job}", s.needs(command.LetIn, s.askJob))
}
