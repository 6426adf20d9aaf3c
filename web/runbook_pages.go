package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
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
	Books []book.Book
	Runs  []runbook.Run
}

func (s *site) runbookList(w http.ResponseWriter, r *http.Request) error {
	runs, err := s.Runbooks.List(r.Context(), runbook.Filter{Limit: listMost})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "runbooks", view{Title: "Runbooks", Here: "/jobs", Body: runbooksBody{s.Runbooks.Books, runs}})
}

// runbookBody is one runbook.
type runbookBody struct {
	book.Book
	Wrong string
}

func (s *site) showRunbook(w http.ResponseWriter, r *http.Request) error {
	return s.renderRunbook(w, r, http.StatusOK, "")
}

func (s *site) renderRunbook(w http.ResponseWriter, r *http.Request, status int, wrong string) error {
	b, err := s.Runbooks.Named(chi.URLParam(r, "name"))
	if err != nil {
		return err
	}
	return s.render(w, r, status, "runbook", view{Title: b.Title, Here: "/jobs", Body: runbookBody{s.Runbooks.Bound(b), wrong}})
}

func (s *site) startRunbook(w http.ResponseWriter, r *http.Request) error {
	incident := int64(0)
	if text := strings.TrimSpace(r.PostForm.Get("incident")); text != "" {
		var err error
		if incident, err = strconv.ParseInt(strings.TrimLeft(strings.ToUpper(text), "INC-"), 10, 64); err != nil {
			return s.renderRunbook(w, r, http.StatusUnprocessableEntity, "An incident has a number, such as 7.")
		}
	}
	told, err := s.Runbooks.Start(r.Context(), s.runbookBy(r), chi.URLParam(r, "name"), incident)
	switch {
	case err == nil:
		http.Redirect(w, r, runbookPath(told.Run.ID), http.StatusSeeOther)
		return nil
	case statusOf(err) >= http.StatusInternalServerError || fault.KindOf(err) == fault.NotFound && incident == 0:
		return err
	}
	return s.renderRunbook(w, r, statusOf(err), s.said(err))
}

func (s *site) runbookBy(r *http.Request) runbook.By {
	return runbook.By{Actor: s.visitor(r).Actor(), Admin: s.visitor(r).Admin()}
}

// runbookRunBody is a run: what is at hand, and who did what.
type runbookRunBody struct {
	runbook.Detail
	Wrong string
}

// AtHand is the step at hand.
func (b runbookRunBody) AtHand() book.Step { return b.Book.Steps[b.Where.At] }

// Past says what happened, of one event.
func (b runbookRunBody) Past(e book.Event) string { return b.Book.Past(e) }

func (s *site) showRunbookRun(w http.ResponseWriter, r *http.Request) error {
	return s.renderRunbookRun(w, r, http.StatusOK, "")
}

func (s *site) renderRunbookRun(w http.ResponseWriter, r *http.Request, status int, wrong string) error {
	id, err := runbookRunID(r)
	if err != nil {
		return err
	}
	body := runbookRunBody{Wrong: wrong}
	if body.Detail, err = s.Runbooks.Get(r.Context(), id); err != nil {
		return err
	}
	out := view{Title: body.Ref() + " " + body.Title, Here: "/jobs", Body: body}
	if body.Open() && body.Where.Phase == book.Running {
		out.Refresh = jobRefresh
	}
	return s.render(w, r, status, "runbookrun", out)
}

// inRunbook does what a button says.
func (s *site) inRunbook(w http.ResponseWriter, r *http.Request) error {
	id, err := runbookRunID(r)
	if err != nil {
		return err
	}
	do, ok := map[string]func(context.Context, runbook.By, runbook.Said) (runbook.Told, error){
		"done": s.Runbooks.Done, "next": s.Runbooks.Next, "retry": s.Runbooks.Retry, "skip": s.Runbooks.Skip, "abort": s.Runbooks.Abort,
	}[r.PostForm.Get("do")]
	if !ok {
		return fault.New(fault.Invalid, "This form can only say done, next, retry, skip or abort.")
	}
	step, _ := strconv.Atoi(r.PostForm.Get("step")) // 0 is the one at hand
	text := strings.TrimSpace(r.PostForm.Get("choice") + " " + strings.TrimSpace(r.PostForm.Get("text")))
	_, err = do(r.Context(), s.runbookBy(r), runbook.Said{Run: id, Step: step, Text: text})
	switch {
	case err == nil:
		http.Redirect(w, r, runbookPath(id), http.StatusSeeOther)
		return nil
	case statusOf(err) >= http.StatusInternalServerError || fault.KindOf(err) == fault.NotFound:
		return err
	}
	return s.renderRunbookRun(w, r, statusOf(err), s.said(err))
}

func runbookRunID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(strings.TrimPrefix(strings.ToUpper(chi.URLParam(r, "id")), "R"), 10, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.NotFound, "A run of a runbook has a number, as in /runbooks/runs/3.")
	}
	return id, nil
}

func runbookPath(id int64) string { return "/runbooks/runs/" + strconv.FormatInt(id, 10) }
