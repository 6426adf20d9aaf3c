package pagerdutyfake

import "slices"

// act finds an incident that must be there, for somebody to do something.
func (f *Fake) act(id string, do func(*Incident)) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.incident(id)
	if i == nil {
		f.t.Fatalf("PagerDuty has no incident %q", id)
	}
	do(i)
}

func agentOf(u *User) any { return reference(u.ID, "user_reference", u.Name) }

// Acknowledge has somebody acknowledge an incident in the app.
func (f *Fake) Acknowledge(by *User, incident string) {
	f.t.Helper()
	f.act(incident, func(i *Incident) { f.turn(i, "acknowledged", by.ID, agentOf(by)) })
}

// Resolve has somebody resolve an incident in the app.
func (f *Fake) Resolve(by *User, incident string) {
	f.t.Helper()
	f.act(incident, func(i *Incident) { f.turn(i, "resolved", by.ID, agentOf(by)) })
}

// Merge has somebody make an incident part of another, which resolves it.
func (f *Fake) Merge(by *User, incident, into string) {
	f.t.Helper()
	f.act(incident, func(i *Incident) {
		i.Status, i.By = "resolved", by.ID
		to := f.incident(into)
		to.Alerts = append(to.Alerts, i.Alerts...)
		f.tell(i, "incident.resolved", agentOf(by), map[string]any{
			"resolve_reason": map[string]any{"type": "merge_resolve_reason", "incident": reference(into, "incident_reference", to.Title)},
		})
		i.Alerts = nil
	})
}

// Reassign has somebody give an incident to somebody else, whose phone rings.
func (f *Fake) Reassign(by, to *User, incident string) {
	f.t.Helper()
	f.act(incident, func(i *Incident) {
		i.Assigned = to.ID
		f.rings = append(f.rings, Ring{User: to.ID, Incident: i.ID})
		f.tell(i, "incident.reassigned", agentOf(by), nil)
	})
}

// Annotate has somebody write a note on an incident.
func (f *Fake) Annotate(by *User, incident, words string) {
	f.t.Helper()
	f.act(incident, func(i *Incident) {
		f.tellData(i, "incident.annotated", agentOf(by), map[string]any{
			"id": f.id("O"), "type": "incident_note", "content": words, "trimmed": false, "incident": reference(i.ID, "incident_reference", i.Title),
		})
	})
}

// RunOut lets the acknowledgement of an incident run out: PagerDuty rings again.
func (f *Fake) RunOut(incident string) {
	f.t.Helper()
	f.act(incident, func(i *Incident) {
		i.Status, i.By = "triggered", ""
		f.rings = append(f.rings, Ring{User: i.Assigned, Incident: i.ID})
		f.tell(i, "incident.unacknowledged", reference(i.Service, "service_reference", "service"), nil)
	})
}

// GiveUp lets PagerDuty resolve an incident by itself, because nobody came for hours.
func (f *Fake) GiveUp(incident string) {
	f.t.Helper()
	f.act(incident, func(i *Incident) { f.turn(i, "resolved", "", reference(i.Service, "service_reference", "service")) })
}

// ByKey finds the last incident of a dedup key.
func (f *Fake) ByKey(key string) (Incident, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range slices.Backward(f.incidents) {
		if i.Key == key || slices.ContainsFunc(i.Alerts, func(a Alert) bool { return a.Key == key }) {
			return i.copy(), true
		}
	}
	return Incident{}, false
}
