package web

import (
	"net/http"

	"batsignal/incidents"
	"batsignal/migrations/pg/leader"
	"batsignal/oncall"
	"batsignal/oncall/selfwatch"
)

// statusRefresh is in seconds: as often as the checks are made.
const statusRefresh = 60

// statusBody is how the bot itself is.
type statusBody struct {
	Leads  string // who is on the networks, in words
	Checks []statusCheck
	Bad    int // checks that fail, or are not made any more
	Beat   *statusCheck
	Routes []incidents.RouteNow
	Down   int // routes that are left alone now
	Jobs   jobTrouble
}

// statusCheck is what the bot found of itself.
type statusCheck struct {
	selfwatch.Result
	Word string // how it is
	Good bool   // there is nothing to look after
}

func (s *site) status(w http.ResponseWriter, r *http.Request) error {
	results, err := selfwatch.Results(r.Context(), s.DB)
	if err != nil {
		return err
	}
	standing, err := leader.Look(r.Context(), s.DB)
	if err != nil {
		return err
	}
	now := s.Now()
	body := statusBody{Leads: oncall.UpperFirst(selfwatch.Leads(standing, now))}
	for _, c := range results {
		one := statusCheck{c, c.Word(now), c.Good(now)}
		if !one.Good {
			body.Bad++
		}
		if body.Checks = append(body.Checks, one); c.Name == selfwatch.Heartbeat {
			body.Beat = &one
		}
	}
	if body.Routes, err = s.Incidents.RoutesNow(r.Context()); err != nil {
		return err
	}
	for _, route := range body.Routes {
		if route.Resting(now) {
			body.Down++
		}
	}
	if body.Jobs, err = s.jobTrouble(r.Context()); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "status", view{Title: "Status", Here: "/status", Refresh: statusRefresh, Body: body})
}
