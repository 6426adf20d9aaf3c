package pagerduty

import (
	"context"
	"strings"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"batsignal/oncall/fault"
)

// Incident is an incident at PagerDuty.
type Incident struct {
	ID      string
	Number  int
	Title   string
	Status  string // "triggered", "acknowledged" or "resolved"
	Key     string // its incident key; "" where its alerts have keys instead
	Service Ref
	URL     string // for people; http or https, or ""
	At      time.Time
}

// Open tells whether it is not resolved.
func (i Incident) Open() bool { return i.Status != "resolved" }

// IncidentQuery is which incidents to list. Its parts narrow it down.
type IncidentQuery struct {
	Services []string // IDs
	Key      string   // its incident key, or the key of one of its alerts
	Over     bool     // resolved ones too, from any time
}

// Incidents lists incidents, oldest first.
func (c *Client) Incidents(ctx context.Context, q IncidentQuery) ([]Incident, error) {
	o := pd.ListIncidentsOptions{Limit: pageSize, IncidentKey: q.Key, ServiceIDs: q.Services, SortBy: "created_at:asc", DateRange: "all"}
	o.Statuses = []string{"triggered", "acknowledged"}
	if q.Over {
		o.Statuses = append(o.Statuses, "resolved")
	}
	return pages(ctx, c, func(ctx context.Context, offset uint) ([]Incident, bool, error) {
		o.Offset = offset
		answer, err := c.lib.ListIncidentsWithContext(ctx, o)
		if err != nil {
			return nil, false, err
		}
		list := make([]Incident, len(answer.Incidents))
		for i, one := range answer.Incidents {
			list[i] = incidentOf(one)
		}
		return list, answer.More, nil
	})
}

// Opening is an incident that is to be opened.
type Opening struct {
	Service string // ID
	Policy  string // ID of the escalation policy that calls; "" is the service's own
	Title   string
	Key     string
	Details string
	Loud    bool // it is urgent, whatever the service says of its hours
}

// OpenIncident opens an incident in the name of the person of Config.From, or finds the
// open one that was opened on that service with the same key: a call of which we never
// heard the end may have opened it.
func (c *Client) OpenIncident(ctx context.Context, o Opening) (Incident, error) {
	title := oneLine(o.Title, 255)
	switch {
	case !isID(o.Service):
		return Incident{}, notAnID(o.Service)
	case o.Policy != "" && !isID(o.Policy):
		return Incident{}, notAnID(o.Policy)
	case c.from == "":
		return Incident{}, noName()
	case title == "" || o.Key == "" || len(o.Key) > LongestDedupKey:
		return Incident{}, fault.New(fault.Internal, "An incident at PagerDuty needs a title and a key.")
	}
	wanted := &pd.CreateIncidentOptions{
		Title: title, IncidentKey: o.Key, Service: &pd.APIReference{ID: o.Service, Type: "service_reference"},
	}
	if o.Policy != "" {
		wanted.EscalationPolicy = &pd.APIReference{ID: o.Policy, Type: "escalation_policy_reference"}
	}
	if o.Details != "" {
		wanted.Body = &pd.APIDetails{Type: "incident_body", Details: o.Details}
	}
	if o.Loud {
		wanted.Urgency = "high"
	}
	var made Incident
	var twin bool
	err := c.call(ctx, func(ctx context.Context) error {
		seen, _ := ctx.Value(seenKey{}).(*seen)
		one, err := c.lib.CreateIncidentWithContext(ctx, c.from, wanted)
		if err == nil {
			made = incidentOf(*one)
		} else if seen != nil && seen.status == 400 {
			twin = strings.Contains(strings.ToLower(string(seen.body)), "matching dedup key")
		}
		return err
	})
	if !twin {
		return made, err
	}
	list, found := c.Incidents(ctx, IncidentQuery{Services: []string{o.Service}, Key: o.Key})
	if found != nil {
		return Incident{}, found
	}
	if len(list) == 0 {
		// It was resolved a moment ago: whoever asks again finds that.
		return Incident{}, fault.Wrap(fault.Unready, silent(err), "PagerDuty had this incident and has it no more.")
	}
	return list[len(list)-1], nil
}

// ResolveIncidents resolves what is open on a service with a key, and tells how many that
// were. There may be none: who resolved them first was there before us.
func (c *Client) ResolveIncidents(ctx context.Context, service, key, why string) (n int, err error) {
	switch {
	case !isID(service):
		return 0, notAnID(service)
	case c.from == "":
		return 0, noName()
	}
	for range 2 { // somebody may resolve one of them while we do
		list, found := c.Incidents(ctx, IncidentQuery{Services: []string{service}, Key: key})
		if found != nil {
			return n, found
		}
		if len(list) == 0 {
			return n, nil
		}
		over := make([]pd.ManageIncidentsOptions, len(list))
		for i, one := range list {
			over[i] = pd.ManageIncidentsOptions{ID: one.ID, Status: "resolved", Resolution: oneLine(why, longestText)}
		}
		err = c.call(ctx, func(ctx context.Context) error {
			_, err := c.lib.ManageIncidentsWithContext(ctx, c.from, over)
			return err
		})
		if err == nil {
			return n + len(list), nil
		}
	}
	return n, err
}

func noName() error {
	return fault.New(fault.Unready, "PagerDuty opens incidents in somebody's name only. Whoever runs me can set pagerduty.from to the mail address of a person there.")
}

// AlertKeys are the keys of the alerts of an incident, oldest first: PagerDuty may put several into
// one, and does not always give it a key of its own.
func (c *Client) AlertKeys(ctx context.Context, incident string) ([]string, error) {
	if !isID(incident) {
		return nil, notAnID(incident)
	}
	return pages(ctx, c, func(ctx context.Context, offset uint) ([]string, bool, error) {
		answer, err := c.lib.ListIncidentAlertsWithContext(ctx, incident, pd.ListIncidentAlertsOptions{Limit: pageSize, Offset: offset, SortBy: "created_at:asc"})
		if err != nil {
			return nil, false, err
		}
		keys := make([]string, len(answer.Alerts))
		for i, a := range answer.Alerts {
			keys[i] = a.AlertKey
		}
		return keys, answer.More, nil
	})
}

func incidentOf(i pd.Incident) Incident {
	title := i.Title
	if title == "" {
		title = i.Summary
	}
	return Incident{
		ID: i.ID, Number: int(i.IncidentNumber), Title: oneLine(title, longestText), Status: i.Status, Key: i.IncidentKey,
		Service: refOf(i.Service), URL: webAddress(i.HTMLURL, "http", "https"), At: moment(i.CreatedAt),
	}
}
