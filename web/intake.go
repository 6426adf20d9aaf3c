package web

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"batsignal/incidents/alert"
	"batsignal/integrations/pagerduty"
	"batsignal/oncall/fault"
)

// Where monitoring tools send alerts. The first is PagerDuty's own path: a tool that can
// page PagerDuty pages us when its base URL is changed.
const (
	enqueuePath = "/v2/enqueue"
	changePath  = "/v2/change/enqueue"
	intakePath  = "/intake/"
)

// intakeRetry is when a sender who was turned away should come back, in seconds.
const intakeRetry = "5"

// takesAlerts answers what monitoring tools send, before anything that is made for
// browsers: no session is read, and no cookie counts. A routing key is a secret, and that
// of /intake/… is in the path: what is logged and counted here is the route alone.
func (s *site) takesAlerts(next http.Handler) http.Handler {
	if s.Alerts == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var take func(http.ResponseWriter, *http.Request, []byte) int
		route := r.URL.Path
		switch {
		case route == enqueuePath:
			take = s.enqueue
		case route == changePath:
			take = refuseChange
		case strings.HasPrefix(route, intakePath):
			route, take = intakePath+"{key}", s.takeSimple
		default:
			next.ServeHTTP(w, r)
			return
		}
		began := time.Now() // how long it really took, whatever the clock of the play says
		status := s.intake(w, r, route, take)
		took := time.Since(began)
		s.figures.request(r.Method, route, status, took)
		s.Log.Debug("request", "method", knownMethod(r.Method), "route", route, "status", status, "took", took.Round(time.Microsecond))
	})
}

// intake reads a body and hands it on.
func (s *site) intake(w http.ResponseWriter, r *http.Request, route string, take func(http.ResponseWriter, *http.Request, []byte) int) (status int) {
	defer func() {
		if fault := recover(); fault != nil {
			s.Log.Error("the intake panicked", "route", route, "panic", fault, "stack", string(debug.Stack()))
			status = answerJSON(w, http.StatusInternalServerError, intakeFault("Something broke on our side. Send it again."))
		}
	}()
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		h.Set("Allow", http.MethodPost)
		return answerJSON(w, http.StatusMethodNotAllowed, intakeFault("Alerts are sent here with POST."))
	}
	body, err := readAlert(w, r)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return answerJSON(w, http.StatusRequestEntityTooLarge, intakeFault("The body is larger than 512 kB."))
	case err != nil:
		return answerJSON(w, http.StatusBadRequest, intakeFault("The body could not be read to its end."))
	}
	return take(w, r, body)
}

// readAlert reads a body of up to the largest size that there is, unpacked too.
func readAlert(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limited := http.MaxBytesReader(w, r.Body, pagerduty.LargestEvent)
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(limited)
	}
	unpacked, err := gzip.NewReader(limited)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(unpacked, pagerduty.LargestEvent+1))
	if err == nil && len(body) > pagerduty.LargestEvent {
		err = &http.MaxBytesError{Limit: pagerduty.LargestEvent}
	}
	return body, err
}

// enqueue takes an event of PagerDuty's Events API v2. The answer, like the question, is
// PagerDuty's; it comes after the commit.
func (s *site) enqueue(w http.ResponseWriter, r *http.Request, body []byte) int {
	e, err := pagerduty.Decode(body)
	var refused *pagerduty.EventError
	if errors.As(err, &refused) {
		return answerJSON(w, refused.Status(), refused.Body())
	}
	if err != nil {
		return s.turnAway(w, err)
	}
	if e.DedupKey == "" {
		e.DedupKey = pagerduty.NewDedupKey()
	}
	if _, err = s.Alerts.Take(r.Context(), e.RoutingKey, eventOf(e)); err != nil {
		return s.turnAway(w, err)
	}
	return answerJSON(w, http.StatusAccepted, pagerduty.Accepted(e.DedupKey))
}

func refuseChange(w http.ResponseWriter, _ *http.Request, _ []byte) int {
	refused := pagerduty.ChangeRefused()
	return answerJSON(w, refused.Status(), refused.Body())
}

// eventOf makes an event of PagerDuty's one of ours. Its pictures become addresses.
func eventOf(e pagerduty.Event) alert.Event {
	out := alert.Event{
		Action: alert.Action(e.Action), DedupKey: e.DedupKey, Summary: e.Summary, Source: e.Source, Severity: string(e.Severity),
		Component: e.Component, Class: e.Class, Part: e.Group, Details: string(e.Details),
	}
	if e.ClientURL != "" {
		out.Links = append(out.Links, alert.Link{Href: e.ClientURL, Text: e.Client})
	}
	for _, l := range e.Links {
		out.Links = append(out.Links, alert.Link(l))
	}
	for _, i := range e.Images {
		out.Links = append(out.Links, alert.Link{Href: i.Src, Text: i.Alt})
	}
	return out
}

// turnAway answers in PagerDuty's shape why an event was not taken.
func (s *site) turnAway(w http.ResponseWriter, err error) int {
	switch fault.KindOf(err) {
	case fault.NotFound:
		unknown := pagerduty.UnknownKey()
		return answerJSON(w, unknown.Status(), unknown.Body())
	case fault.Limited:
		w.Header().Set("Retry-After", intakeRetry)
		return answerJSON(w, http.StatusTooManyRequests, pagerduty.Throttled())
	case fault.Invalid:
		return answerJSON(w, http.StatusBadRequest, intakeFault(fault.Say(err)))
	case fault.Unready:
		w.Header().Set("Retry-After", intakeRetry)
		return answerJSON(w, http.StatusServiceUnavailable, intakeFault(fault.Say(err)))
	}
	s.Log.Error("an alert was not taken", "error", err)
	return answerJSON(w, http.StatusInternalServerError, intakeFault(fault.Say(err)))
}

// answerJSON writes an answer that is JSON already, and returns its status.
func answerJSON(w http.ResponseWriter, status int, body []byte) int {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // who went away meanwhile needs no answer
	return status
}
