package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/incidents/runbook"
	"batsignal/incidents/runbook/book"
	"batsignal/oncall/fault"
)

// runbookRoutes are the pages of runbooks.
func (s *site) runbookRoutes(r chi.Router) {
	r.Get("/runbooks", s.signedIn(s.runbookList))
	r.Get("/runbooks/runs/{id}", s.signedIn(s.showRunbookRun))
	r.Post("/runbooks/runs/{id}", s.needs(command.LetIn, s.inRunbook))
	r.Get("/runbooks/{name}", s.signedIn(s.showRunbook))
	r.Post("/runbooks/{name}", s.needs(command.LetIn, s.startRunbook))
}

// runbooksBody is what there is, and what goes on.
type runbooksBody struct {
	Books      []book.Book
	Open, Past []runbook.Run
}

func (s *site) runbookList(w http.ResponseWriter, r *http.Request) error {
	body := runbooksBody{Books: s.Runbooks.Books}
	var err error
	if body.Open, err = s.Runbooks.List(r.Context(), runbook.Filter{Open: true}); err != nil {
		return err
	}
	runs, err := s.Runbooks.List(r.Context(), runbook.Filter{Limit: listMost})
	if err != nil {
		return err
	}
	for _, run := range runs {
		if !run.Open() {
			body.Past = append(body.Past, run)
		}
	}
	return s.render(w, r, http.StatusOK, "runbooks", view{Title: "Runbooks", Here: jobsPath, Under: "/runbooks", Body: body})
}

// runbookBody is one runbook.
type runbookBody struct {
	book.Book
	Wrong     string
	Incident  int64 // that was chosen; 0 is none
	Incidents []incidents.Incident
	MayStart  bool
}

func (s *site) showRunbook(w http.ResponseWriter, r *http.Request) error {
	return s.renderRunbook(w, r, http.StatusOK, runbookBody{})
}

func (s *site) renderRunbook(w http.ResponseWriter, r *http.Request, status int, body runbookBody) error {
	b, err := s.Runbooks.Named(chi.URLParam(r, "name"))
	if err != nil {
		return err
	}
	body.Book = s.Runbooks.Bound(b)
	if body.MayStart = s.visitor(r).May(command.LetIn); body.MayStart {
		if body.Incidents, err = s.Incidents.OpenIncidents(r.Context()); err != nil {
			return err
		}
	}
	return s.render(w, r, status, "runbook", view{Title: b.Title, Here: jobsPath, Under: "/runbooks", Body: body})
}

func (s *site) startRunbook(w http.ResponseWriter, r *http.Request) error {
	b, err := s.Runbooks.Named(chi.URLParam(r, "name"))
	if err != nil {
		return err
	}
	var incident int64
	if text := field(r, "incident"); text != "" {
		if incident, err = parseIncident(text); err != nil {
			return s.renderRunbook(w, r, http.StatusBadRequest, runbookBody{Wrong: "An incident has a number, such as 7."})
		}
	}
	told, err := s.Runbooks.Start(r.Context(), s.runbookBy(r), b.Name, incident)
	switch {
	case err == nil:
		http.Redirect(w, r, runbookPath(told.Run.ID), http.StatusSeeOther)
		return nil
	case statusOf(err) == http.StatusInternalServerError:
		return err
	}
	return s.renderRunbook(w, r, statusOf(err), runbookBody{Wrong: s.said(err), Incident: incident})
}

func (s *site) runbookBy(r *http.Request) runbook.By {
	return runbook.By{Actor: s.visitor(r).Actor(), Admin: s.visitor(r).Admin()}
}

func runbookRunID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(strings.TrimPrefix(strings.ToUpper(chi.URLParam(r, "id")), "R"), 10, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.NotFound, "A run of a runbook has a number, as in /runbooks/runs/3.")
	}
	return id, nil
}

func runbookPath(id int64) string { return "/runbooks/runs/" + strconv.FormatInt(id, 10) }
