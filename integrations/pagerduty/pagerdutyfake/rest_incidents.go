package pagerdutyfake

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func (f *Fake) incidentJSON(i *Incident) map[string]any {
	s := f.service(func(s *Service) bool { return s.ID == i.Service })
	j := map[string]any{
		"id": i.ID, "type": "incident", "summary": i.Title, "title": i.Title, "incident_number": i.Number, "status": i.Status,
		"created_at": i.At.UTC().Format(time.RFC3339), "html_url": "https://fake.pagerduty.com/incidents/" + i.ID,
		"self": "https://api.pagerduty.com/incidents/" + i.ID, "urgency": "high", "resolve_reason": nil, "incident_key": nil,
		"service":           reference(s.ID, "service_reference", s.Name),
		"escalation_policy": reference(s.Policy, "escalation_policy_reference", s.Name+" policy"),
	}
	if i.Key != "" {
		j["incident_key"] = i.Key
	}
	return j
}

func (f *Fake) listIncidents(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var all []any
	for _, i := range f.incidents {
		// Incidents whose alerts have keys have none themselves, and are found by those.
		byKey := q.Get("incident_key") == "" || i.Key == q.Get("incident_key") ||
			slices.ContainsFunc(i.Alerts, func(a Alert) bool { return a.Key == q.Get("incident_key") })
		if byKey && asked(q, "statuses[]", i.Status) && asked(q, "service_ids[]", i.Service) {
			all = append(all, f.incidentJSON(i))
		}
	}
	list(w, q, "incidents", all)
}

func (f *Fake) getIncident(w http.ResponseWriter, r *http.Request) {
	i := f.incident(r.PathValue("id"))
	if i == nil {
		restError(w, http.StatusNotFound, 2100, "Not Found")
		return
	}
	write(w, http.StatusOK, map[string]any{"incident": f.incidentJSON(i)})
}

func (f *Fake) listAlerts(w http.ResponseWriter, r *http.Request) {
	i := f.incident(r.PathValue("id"))
	if i == nil {
		restError(w, http.StatusNotFound, 2100, "Not Found")
		return
	}
	var all []any
	for _, a := range i.Alerts {
		all = append(all, map[string]any{"id": a.ID, "type": "alert", "alert_key": a.Key, "status": a.Status, "severity": a.Severity, "summary": a.Summary})
	}
	list(w, r.URL.Query(), "alerts", all)
}

// from is the user in whose name something is done; nil after a refusal.
func (f *Fake) from(w http.ResponseWriter, r *http.Request) *User {
	mail := strings.ToLower(r.Header.Get("From"))
	if i := slices.IndexFunc(f.users, func(u *User) bool { return strings.ToLower(u.Mail) == mail && mail != "" }); i >= 0 {
		return f.users[i]
	}
	restError(w, http.StatusBadRequest, 2001, "Invalid Input Provided", "Requester User Not Found")
	return nil
}

func (f *Fake) createIncident(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Incident struct {
			Type, Title string
			Key         string `json:"incident_key"`
			Service     struct{ ID, Type string }
			Urgency     string
			Body        struct{ Type, Details string }
			Policy      struct{ ID, Type string } `json:"escalation_policy"`
		}
	}
	by := f.from(w, r)
	if by == nil {
		return
	}
	if !readJSON(r, &in) || in.Incident.Type != "incident" || in.Incident.Title == "" {
		restError(w, http.StatusBadRequest, 2001, "Invalid Input Provided", "Title can't be blank")
		return
	}
	s := f.service(func(s *Service) bool { return s.ID == in.Incident.Service.ID })
	if s == nil || in.Incident.Service.Type != "service_reference" {
		restError(w, http.StatusBadRequest, 2001, "Invalid Input Provided", "Service not found")
		return
	}
	if slices.ContainsFunc(f.incidents, func(i *Incident) bool {
		return i.Service == s.ID && i.Status != "resolved" && i.Key != "" && i.Key == in.Incident.Key
	}) {
		restError(w, http.StatusBadRequest, 2002, "Arguments Caused Error", "Open incident with matching dedup key already exists on this service")
		return
	}
	if p := in.Incident.Policy; p.ID != "" && (p.Type != "escalation_policy_reference" || f.service(func(s *Service) bool { return s.Policy == p.ID }) == nil) {
		restError(w, http.StatusBadRequest, 2001, "Invalid Input Provided", "Escalation policy not found")
		return
	}
	i := f.open(f.callsFor(s, in.Incident.Policy.ID), in.Incident.Title, in.Incident.Key)
	i.Service, i.Details, i.Urgency, i.Policy = s.ID, in.Incident.Body.Details, in.Incident.Urgency, in.Incident.Policy.ID
	f.tell(i, "incident.triggered", reference(by.ID, "user_reference", by.Name), nil)
	write(w, http.StatusCreated, map[string]any{"incident": f.incidentJSON(i)})
}

// callsFor is the service whose people are called by a policy: the one itself, if it is its
// own.
func (f *Fake) callsFor(s *Service, policy string) *Service {
	if other := f.service(func(o *Service) bool { return o.Policy == policy }); other != nil {
		return other
	}
	return s
}

func (f *Fake) manageIncidents(w http.ResponseWriter, r *http.Request) {
	by := f.from(w, r)
	if by == nil {
		return
	}
	var in struct {
		Incidents []struct{ ID, Status, Resolution string }
	}
	if !readJSON(r, &in) {
		restError(w, http.StatusBadRequest, 2001, "Invalid Input Provided")
		return
	}
	changed := []any{}
	for _, one := range in.Incidents {
		i := f.incident(one.ID)
		if i == nil || i.Status == "resolved" || one.Status != "acknowledged" && one.Status != "resolved" {
			restError(w, http.StatusBadRequest, 2001, "Invalid Input Provided", "Incident Already Resolved")
			return
		}
		i.Solution = one.Resolution
		f.turn(i, one.Status, by.ID, reference(by.ID, "user_reference", by.Name))
		changed = append(changed, f.incidentJSON(i))
	}
	write(w, http.StatusOK, map[string]any{"incidents": changed})
}
