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

// OpenIncident opens an incident on a service, in the name of the person of Config.From,
// or finds the open one that was opened there with the same key: a call of which we never
// heard the end may have opened it. For several roles, call it once for each, with the
// service that stands for the role.
func (c *Client) OpenIncident(ctx context.Context, service, title, key string) (Incident, error) {
	title = oneLine(title, 255)
	switch {
	case !isID(service):
		return Incident{}, notAnID(service)
	case c.from == "":
		return Incident{}, fault.New(fault.Unready, "PagerDuty opens incidents in somebody's name only. Whoever runs me can set pagerduty.from to the mail address of a person there.")
	case title == "" || key == "" || len(key) > LongestDedupKey:
		return Incident{}, fault.New(fault.Internal, "An incident at PagerDuty needs a title and a key.")
	}
	var made Incident
	var twin bool
	err := c.call(ctx, func(ctx context.Context) error {
		seen, _ := ctx.Value(seenKey{}).(*seen)
		one, err := c.lib.CreateIncidentWithContext(ctx, c.from, &pd.CreateIncidentOptions{
			Title: title, IncidentKey: key, Service: &pd.APIReference{ID: service, Type: "service_reference"},
		})
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
	list, found := c.Incidents(ctx, IncidentQuery{Services: []string{service}, Key: key})
	if found != nil {
		return Incident{}, found
	}
	if len(list) == 0 {
		return Incident{}, err // it was resolved a moment ago
	}
	return list[len(list)-1], nil
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
