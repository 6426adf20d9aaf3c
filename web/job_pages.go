package web

import (
	"net/http"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/job/clockwork"
)

const (
	jobRefresh = 5 // seconds, while a run goes on: a bar that stands still looks broken
	jobRuns    = 30
)

// jobsBody is every job, and the runs that go on.
type jobsBody struct {
	Jobs []jobRow
	Open []job.Row
	Late int // jobs that did not succeed when they should have

	Frozen string // why nothing risky is done now, where there is something risky; "" is no freeze
	Until  time.Time
}

// jobRow is a job with its last run and its times.
type jobRow struct {
	job.Definition
	Last  *job.Row
	Times *clockwork.Row // nil has none
}

func (s *site) jobList(w http.ResponseWriter, r *http.Request) error {
	last, err := s.Jobs.Last(r.Context())
	if err != nil {
		return err
	}
	times, err := s.jobTimes(r)
	if err != nil {
		return err
	}
	var body jobsBody
	risky := false
	for _, d := range s.Jobs.Definitions {
		row := jobRow{Definition: d, Times: times[d.Name]}
		if ran, ok := last[d.Name]; ok {
			row.Last = &ran
		}
		if row.Times != nil && row.Times.AlarmedAt != nil {
			body.Late++
		}
		body.Jobs = append(body.Jobs, row)
		risky = risky || d.Policy.Risky
	}
	if risky && s.Jobs.Frozen != nil {
		if body.Frozen, body.Until, err = s.Jobs.Frozen(r.Context(), s.DB, s.Now()); err != nil {
			return err
		}
	}
	if body.Open, err = s.Jobs.Recent(r.Context(), job.Query{Open: true, Most: 100}); err != nil {
		return err
	}
	out := view{Title: "Jobs", Here: jobsPath, Under: jobsPath, Body: body, Events: s.runEventsAt("/jobs/events")}
	if len(body.Open) > 0 {
		out.Refresh = jobRefresh * 3
	}
	return s.render(w, r, http.StatusOK, "jobs", out)
}

// jobTimes are the schedules, by the names of their jobs.
func (s *site) jobTimes(r *http.Request) (map[string]*clockwork.Row, error) {
	if s.Clock == nil {
		return nil, nil
	}
	rows, err := s.Clock.List(r.Context())
	if err != nil {
		return nil, err
	}
	times := make(map[string]*clockwork.Row, len(rows))
	for i := range rows {
		times[rows[i].Job] = &rows[i]
	}
	return times, nil
}

// runsBody is a list of runs of every job.
type runsBody struct {
	Runs  []job.Row
	First bool  // it begins at the newest
	Next  int64 // where older ones begin; 0: there are none
}

func (s *site) runList(w http.ResponseWriter, r *http.Request) error {
	before, err := beforeOf(r)
	if err != nil {
		return err
	}
	list, err := s.Jobs.Recent(r.Context(), job.Query{Before: before, Most: listMost + 1})
	if err != nil {
		return err
	}
	body := runsBody{Runs: list, First: before == 0}
	if len(list) > listMost {
		body.Runs, body.Next = list[:listMost], list[listMost-1].ID
	}
	return s.render(w, r, http.StatusOK, "jobruns", view{Title: "Runs", Here: jobsPath, Under: jobsPath, Body: body})
}
