package web

import (
	"net/http"
	"strings"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/selfwatch"
)

const (
	statusRefresh = 60 // seconds: as often as the checks are made
	// checksHold is how long a check says something. They are made once a minute.
	checksHold = 4 * time.Minute
)

// statusBody is how the bot itself is.
type statusBody struct {
	Checks []statusCheck
	Bad    int // checks that fail, or are not made any more
	Routes []incidents.RouteNow
	Down   int // routes that are left alone now
}

// statusCheck is what the bot found of itself.
type statusCheck struct {
	selfwatch.Result
	Stale bool // it is not made any more: the process that made it may be gone
}

// Word says how it is.
func (c statusCheck) Word() string {
	switch {
	case c.Stale:
		return "not checked any more"
	case c.OK:
		return "works"
	case strings.HasPrefix(c.Detail, "held back"):
		return "held back"
	}
	return "fails"
}

// Good tells that there is nothing to look after.
func (c statusCheck) Good() bool { return c.OK && !c.Stale }

func (s *site) status(w http.ResponseWriter, r *http.Request) error {
	results, err := selfwatch.Results(r.Context(), s.DB)
	if err != nil {
		return err
	}
	now := s.Now()
	var body statusBody
	for _, c := range results {
		one := statusCheck{c, now.Sub(c.At) > checksHold}
		if !one.Good() {
			body.Bad++
		}
		body.Checks = append(body.Checks, one)
	}
	if body.Routes, err = s.Incidents.RoutesNow(r.Context()); err != nil {
		return err
	}
	for _, route := range body.Routes {
		if route.Resting(now) {
			body.Down++
		}
	}
	return s.render(w, r, http.StatusOK, "status", view{Title: "Status", Here: "/status", Refresh: statusRefresh, Body: body})
}
