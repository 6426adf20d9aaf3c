package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/integrations/job"
	"batsignal/oncall"
)

const (
	jobRefresh = 5 // seconds, while a run goes on: a bar that stands still looks broken
	jobRuns    = 30
)

// jobsBody is every job, and the runs that go on.
type jobsBody struct {
	Jobs []jobRow
	Open []job.Row
}

// jobRow is a job with its last run.
type jobRow struct {
	job.Definition
	Last *job.Row
}

func (s *site) jobList(w http.ResponseWriter, r *http.Request) error {
	last, err := s.Jobs.Last(r.Context())
	if err != nil {
		return err
	}
	var body jobsBody
	for _, d := range s.Jobs.Definitions {
		row := jobRow{Definition: d}
		if ran, ok := last[d.Name]; ok {
			row.Last = &ran
		}
		body.Jobs = append(body.Jobs, row)
	}
	if body.Open, err = s.Jobs.Recent(r.Context(), job.Query{Open: true, Most: 100}); err != nil {
		return err
	}
	out := view{Title: "Jobs", Here: "/jobs", Body: body}
	if len(body.Open) > 0 {
		out.Refresh = jobRefresh * 3
	}
	return s.render(w, r, http.StatusOK, "jobs", out)
}

// jobBody is one job: what it takes, and how it went.
type jobBody struct {
	job.Definition
	Runs   []job.Row
	Values job.Params // as they were sent
	Sent   askedFor
	Wrong  string
	MayAsk bool
}

// askedFor is what stands in the form beside the values.
type askedFor struct {
	Reason        string
	Dry, Override bool
}

func (s *site) showJob(w http.ResponseWriter, r *http.Request) error {
	return s.renderJob(w, r, http.StatusOK, jobBody{})
}

func (s *site) renderJob(w http.ResponseWriter, r *http.Request, status int, body jobBody) error {
	d, err := s.Jobs.Definition(chi.URLParam(r, "job"))
	if err != nil {
		return err
	}
	body.Definition = d
	body.MayAsk = s.visitor(r).May(command.LetIn) && (!d.Policy.Admin || s.visitor(r).Admin())
	if body.Runs, err = s.Jobs.Recent(r.Context(), job.Query{Job: d.Name, Most: jobRuns}); err != nil {
		return err
	}
	return s.render(w, r, status, "job", view{Title: d.Name, Here: "/jobs", Body: body})
}

// askJob asks for a run as the form says. What cannot be is said in the form, with all that
// was written in it.
func (s *site) askJob(w http.ResponseWriter, r *http.Request) error {
	d, err := s.Jobs.Definition(chi.URLParam(r, "job"))
	if err != nil {
		return err
	}
	sent := askedFor{
		Reason: strings.TrimSpace(r.PostForm.Get("reason")), Dry: r.PostForm.Get("dry") != "", Override: r.PostForm.Get("override") != "",
	}
	values := job.Params{}
	for _, p := range d.Params {
		if text := strings.TrimSpace(r.PostForm.Get("value-" + p.Name)); text != "" {
			values[p.Name] = text
		}
	}
	run, err := s.Jobs.Ask(r.Context(), job.Ask{
		Job: d.Name, Params: values, By: s.visitor(r).Actor(), Admin: s.visitor(r).Admin(),
		Reason: sent.Reason, Dry: sent.Dry, Override: sent.Override,
	})
	switch {
	case err == nil:
		http.Redirect(w, r, runPath(run.ID), http.StatusSeeOther)
		return nil
	case statusOf(err) >= http.StatusInternalServerError:
		return err
	}
	return s.renderJob(w, r, statusOf(err), jobBody{Values: values, Sent: sent, Wrong: s.said(err)})
}

// Value is what stands in the field of a parameter.
func (b jobBody) Value(p job.Param) string {
	if b.Values == nil {
		return p.Default
	}
	return b.Values[p.Name]
}

// Treated says in sentences how runs of a job are treated.
func (b jobBody) Treated() []string {
	p := b.Policy
	var says []string
	if p.Admin {
		says = append(says, "Only administrators may ask for it.")
	}
	if p.Approvals > 0 {
		says = append(says, fmt.Sprintf("It begins when %s agreed.", oncall.Plural(p.Approvals, "other person", "other people")))
	}
	if p.Risky {
		says = append(says, "It is refused in a freeze, unless two others agree to override that.")
	}
	if p.Disrupts {
		says = append(says, "People notice it: think of an announcement.")
	}
	if p.Expect > 0 {
		says = append(says, fmt.Sprintf("If no run succeeds for %s, it is an alarm.", oncall.Lasting(p.Expect)))
	}
	return says
}

func runPath(run int64) string { return fmt.Sprintf("/jobs/runs/%d", run) }
