package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/integrations/job"
	"batsignal/integrations/job/clockwork"
	"batsignal/oncall"
)

// jobBody is one job: what it takes, when it runs, and how it went.
type jobBody struct {
	job.Definition
	Runs   []job.Row
	Times  *clockwork.Row // nil does not run by itself
	Values job.Params     // as they were sent, or as an address says
	Sent   askedFor
	Wrong  string
	MayAsk bool
	MaySet bool                 // pause and resume its times
	Open   []incidents.Incident // on whose timeline a run may stand
	Frozen string               // why it is refused now; "" it is not
	Until  time.Time            // until when
}

// askedFor is what stands in the form beside the values.
type askedFor struct {
	Reason        string
	Incident      int64 // 0 is none
	Dry, Override bool
}

// showJob shows a job. What stands in the query is filled in: "ask again" is a link.
func (s *site) showJob(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	body := jobBody{Sent: askedFor{Reason: oncall.Clip(query.Get("reason"), 500)}}
	for name := range query {
		if name, ok := strings.CutPrefix(name, "value-"); ok {
			if body.Values == nil {
				body.Values = job.Params{}
			}
			body.Values[name] = oncall.Clip(query.Get("value-"+name), 300)
		}
	}
	return s.renderJob(w, r, http.StatusOK, body)
}

func (s *site) renderJob(w http.ResponseWriter, r *http.Request, status int, body jobBody) error {
	ctx, v := r.Context(), s.visitor(r)
	d, err := s.Jobs.Definition(chi.URLParam(r, "job"))
	if err != nil {
		return err
	}
	body.Definition = d
	body.MayAsk = v.May(command.LetIn) && (!d.Policy.Admin || v.Admin())
	if body.Runs, err = s.Jobs.Recent(ctx, job.Query{Job: d.Name, Most: jobRuns}); err != nil {
		return err
	}
	times, err := s.jobTimes(r)
	if err != nil {
		return err
	}
	body.Times, body.MaySet = times[d.Name], v.May(command.LetIn)
	if body.MayAsk {
		if body.Open, err = s.Incidents.OpenIncidents(ctx); err != nil {
			return err
		}
	}
	if d.Policy.Risky && s.Jobs.Frozen != nil {
		if body.Frozen, body.Until, err = s.Jobs.Frozen(ctx, s.DB, s.Now()); err != nil {
			return err
		}
	}
	return s.render(w, r, status, "job", view{Title: d.Name, Here: jobsPath, Under: jobsPath, Body: body})
}

// askJob asks for a run as the form says. What cannot be is said in the form, with all that
// was written in it.
func (s *site) askJob(w http.ResponseWriter, r *http.Request) error {
	d, err := s.Jobs.Definition(chi.URLParam(r, "job"))
	if err != nil {
		return err
	}
	sent := askedFor{Reason: field(r, "reason"), Dry: field(r, "do") == "look", Override: field(r, "override") != ""}
	sent.Incident, _ = strconv.ParseInt(field(r, "incident"), 10, 64) // what is no number is none
	values := job.Params{}
	for _, p := range d.Params {
		if text := field(r, "value-"+p.Name); text != "" {
			values[p.Name] = text
		}
	}
	run, err := s.Jobs.Ask(r.Context(), job.Ask{
		Job: d.Name, Params: values, By: s.visitor(r).Actor(), Admin: s.visitor(r).Admin(),
		Reason: sent.Reason, Dry: sent.Dry, Override: sent.Override, Incident: sent.Incident,
	})
	switch {
	case err == nil:
		http.Redirect(w, r, runPath(run.ID), http.StatusSeeOther)
		return nil
	case statusOf(err) == http.StatusInternalServerError:
		return err
	}
	return s.renderJob(w, r, statusOf(err), jobBody{Values: values, Sent: sent, Wrong: s.said(err)})
}

func (s *site) pauseJob(w http.ResponseWriter, r *http.Request) error {
	return s.onTimes(w, r, s.Clock.Pause)
}

func (s *site) resumeJob(w http.ResponseWriter, r *http.Request) error {
	return s.onTimes(w, r, s.Clock.Resume)
}

func (s *site) onTimes(w http.ResponseWriter, r *http.Request, do func(context.Context, oncall.Actor, string) (clockwork.Row, error)) error {
	name := chi.URLParam(r, "job")
	_, err := do(r.Context(), s.visitor(r).Actor(), name)
	return s.after(w, r, jobsPath+"/"+name, err, func(status int, wrong string) error {
		return s.renderJob(w, r, status, jobBody{Wrong: wrong})
	})
}

// Value is what stands in the field of a parameter.
func (b jobBody) Value(p job.Param) string {
	if value, ok := b.Values[p.Name]; ok {
		return value
	}
	return p.Default
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
