package pagerdutyfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"unicode/utf8"
)

// enqueue is the Events API v2.
func (f *Fake) enqueue(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 512<<10+1))
	if err != nil {
		return
	}
	if len(body) > 512<<10 {
		eventError(w, http.StatusRequestEntityTooLarge, "Event is too large")
		return
	}
	var e map[string]any
	if json.Unmarshal(body, &e) != nil {
		eventError(w, http.StatusBadRequest, "Invalid JSON")
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := str(e, "routing_key")
	s := f.service(func(s *Service) bool { return s.RoutingKey == key })
	if errs := wrong(e, s); len(errs) > 0 {
		eventError(w, http.StatusBadRequest, errs...)
		return
	}
	payload, _ := e["payload"].(map[string]any)
	in := Event{
		Key: str(e, "dedup_key"), Action: str(e, "event_action"), RoutingKey: key,
		Summary: str(payload, "summary"), Severity: str(payload, "severity"), Body: e,
	}
	if in.Key == "" {
		in.Key = fmt.Sprintf("%032x", len(f.events))
	}
	f.events = append(f.events, in)
	if !f.drop && !s.Disabled {
		f.process(s, in, payload["custom_details"])
	}
	write(w, http.StatusAccepted, map[string]any{"status": "success", "message": "Event processed", "dedup_key": in.Key})
}

// wrong is what PagerDuty would say against an event.
func wrong(e map[string]any, s *Service) (errs []string) {
	switch key := str(e, "routing_key"); {
	case key == "":
		errs = append(errs, "'routing_key' is missing or blank")
	case len(key) != 32:
		errs = append(errs, "'routing_key' is the wrong length (should be 32 characters)")
	case s == nil:
		errs = append(errs, "Invalid routing key")
	}
	action := str(e, "event_action")
	if !slices.Contains([]string{"trigger", "acknowledge", "resolve"}, action) {
		errs = append(errs, "'event_action' is invalid (must be one of: 'trigger', 'acknowledge', 'resolve')")
	}
	key := str(e, "dedup_key")
	if key == "" && action != "trigger" {
		errs = append(errs, "'dedup_key' is missing or blank")
	}
	if utf8.RuneCountInString(key) > 255 {
		errs = append(errs, "'dedup_key' is too long (maximum is 255 characters)")
	}
	if action != "trigger" {
		return errs
	}
	p, _ := e["payload"].(map[string]any)
	for _, name := range []string{"summary", "source", "severity"} {
		if str(p, name) == "" {
			errs = append(errs, "'payload."+name+"' is missing or blank")
		}
	}
	if utf8.RuneCountInString(str(p, "summary")) > 1024 {
		errs = append(errs, "'summary' is too long (maximum is 1024 characters)")
	}
	if s := str(p, "severity"); s != "" && !slices.Contains([]string{"critical", "error", "warning", "info"}, s) {
		errs = append(errs, "'payload.severity' is invalid (must be one of: 'critical', 'error', 'warning', 'info')")
	}
	return errs
}

// process does what an event says. Callers hold mu.
func (f *Fake) process(s *Service, e Event, details any) {
	i, at := f.openAlert(s, e.Key)
	agent := reference(s.Integration, "inbound_integration_reference", "Events API v2")
	switch {
	case i == nil && e.Action != "trigger":
		// There is nothing to acknowledge or resolve: PagerDuty drops it.
	case e.Action == "acknowledge":
		f.turn(i, "acknowledged", "", agent)
	case e.Action == "resolve":
		i.Alerts[at].Status = "resolved"
		if !slices.ContainsFunc(i.Alerts, func(a Alert) bool { return a.Status != "resolved" }) {
			f.turn(i, "resolved", "", agent)
		}
	case i != nil:
		i.Log = append(i.Log, "triggered again")
	default:
		f.trigger(s, e, details, agent)
	}
}

// trigger opens an alert, and an incident unless the service puts it into one.
func (f *Fake) trigger(s *Service, e Event, details any, agent any) {
	a := Alert{ID: f.id("A"), Key: e.Key, Status: "triggered", Severity: e.Severity, Summary: e.Summary, Details: details}
	if s.Group {
		for _, i := range f.incidents {
			if i.Service == s.ID && i.Status != "resolved" {
				i.Alerts = append(i.Alerts, a)
				i.Log = append(i.Log, "alert added")
				return
			}
		}
	}
	i := f.open(s, e.Summary, "")
	if s.KeyInIncident {
		i.Key = e.Key
	}
	i.Alerts = []Alert{a}
	f.tell(i, "incident.triggered", agent, nil)
}

// open opens an incident and rings whoever is on call.
func (f *Fake) open(s *Service, title, key string) *Incident {
	i := &Incident{ID: f.id("N"), Number: len(f.incidents) + 1, Title: title, Status: "triggered", Key: key, Service: s.ID, At: f.now(), Log: []string{"triggered"}}
	f.incidents = append(f.incidents, i)
	for _, u := range s.OnCall {
		i.Assigned = u
		f.rings = append(f.rings, Ring{User: u, Incident: i.ID})
	}
	return i
}

func (f *Fake) openAlert(s *Service, key string) (*Incident, int) {
	for _, i := range f.incidents {
		if i.Service != s.ID || i.Status == "resolved" {
			continue
		}
		for at, a := range i.Alerts {
			if a.Key == key && a.Status != "resolved" {
				return i, at
			}
		}
	}
	return nil, 0
}

// turn changes the status of an incident, and tells.
func (f *Fake) turn(i *Incident, status, by string, agent any) {
	if i.Status == status || i.Status == "resolved" {
		return
	}
	i.Status, i.By = status, by
	i.Log = append(i.Log, status)
	if status == "resolved" {
		for at := range i.Alerts {
			i.Alerts[at].Status = "resolved"
		}
	}
	f.tell(i, "incident."+status, agent, nil)
}

func eventError(w http.ResponseWriter, status int, errs ...string) {
	write(w, status, map[string]any{"status": "invalid event", "message": "Event object is invalid", "errors": errs})
}

func str(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
