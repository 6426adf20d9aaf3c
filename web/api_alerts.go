package web

import (
	"net/http"
	"strconv"
	"time"

	"batsignal/incidents/alert"
	"batsignal/oncall/access"
)

// apiAlert is one thing that a monitoring tool says is wrong.
type apiAlert struct {
	Ref        string     `json:"ref" doc:"A12."`
	Key        string     `json:"key" doc:"The name of the routing key by which it came."`
	Group      int64      `json:"group" doc:"Alerts of one group are one page."`
	DedupKey   string     `json:"dedup_key" doc:"By which the source names it."`
	State      string     `json:"state" enum:"triggered,acknowledged,resolved"`
	Severity   int        `json:"severity" doc:"1 is the worst; 4 is announced and rings nobody."`
	Summary    string     `json:"summary"`
	Source     string     `json:"source"`
	Count      int64      `json:"count" doc:"How often it was triggered."`
	FirstAt    time.Time  `json:"first_at"`
	LastAt     time.Time  `json:"last_at"`
	AckedAt    *time.Time `json:"acknowledged_at,omitempty"`
	AckedBy    string     `json:"acknowledged_by,omitempty" doc:"A handle; missing is the source, or nobody."`
	ResolvedAt *time.Time `json:"resolved_at,omitempty"`
	ResolvedBy string     `json:"resolved_by,omitempty" doc:"A handle; missing is the source, or nobody."`
	Component  string     `json:"component,omitempty"`
	Class      string     `json:"class,omitempty"`
	Part       string     `json:"part,omitempty" doc:"What PagerDuty calls the group."`
	Details    string     `json:"details,omitempty" doc:"What else the source told, most often JSON; cut after 4096 bytes."`
	Links      []apiLink  `json:"links"`
}

// apiLink is an address that the source wants to be shown.
type apiLink struct {
	Href string `json:"href"`
	Text string `json:"text,omitempty"`
}

// apiAlertAnswer is what is done to an alert.
type apiAlertAnswer struct {
	All bool `json:"all,omitempty" doc:"Also to everything else of its group."`
}

// apiAlertKey is a routing key.
type apiAlertKey struct {
	Name       string         `json:"name"`
	Policy     string         `json:"policy" doc:"The escalation policy that says who is rung."`
	Severities map[string]int `json:"severities,omitempty" doc:"What critical, error, warning and info mean, where it is not 2, 2, 3 and 4."`
	Default    int            `json:"default_severity,omitempty" doc:"Of every other word; 2 if it is missing."`
	CreatedAt  *time.Time     `json:"created_at,omitempty" read:"1"`
	CreatedBy  string         `json:"created_by,omitempty" read:"1" doc:"A handle."`
	Open       int            `json:"open,omitempty" read:"1" doc:"Alerts that are not resolved."`
	Secret     string         `json:"routing_key,omitempty" read:"1" doc:"The key itself: only in the answer that made it."`
}

func (p *api) alertOperations() []operation {
	const group = "Alerts"
	if p.Alerts == nil {
		return nil
	}
	return []operation{
		define(operation{
			Name: "listAlerts", Method: http.MethodGet, Path: "/alerts", Group: group, Scope: access.Read,
			Query: append([]param{
				{Name: "state", Kind: textParam, Help: "Only those; all that are not resolved if it is missing.", Choices: []string{"triggered", "acknowledged", "resolved", "all"}},
				{Name: "key", Kind: textParam, Help: "Only what came by the routing key of this name."},
			}, pageParams...),
			Summary: "Lists alerts, the newest first.",
		}, p.listAlerts),
		define(operation{
			Name: "listAlertKeys", Method: http.MethodGet, Path: "/alerts/keys", Group: group, Scope: access.Read, Admin: true,
			Summary: "Lists the routing keys in use, without the keys themselves.",
		}, p.listAlertKeys),
		define(operation{
			Name: "addAlertKey", Method: http.MethodPost, Path: "/alerts/keys", Group: group, Scope: access.PolicyWrite, Admin: true, Status: http.StatusCreated,
			Summary: "Makes a routing key. It is told in this answer and never again.",
		}, p.addAlertKey),
		define(operation{
			Name: "revokeAlertKey", Method: http.MethodDelete, Path: "/alerts/keys/{name}", Group: group, Scope: access.PolicyWrite, Admin: true,
			Summary: "Makes a routing key useless. Alerts that came by it stay.",
		}, p.revokeAlertKey),
		define(operation{
			Name: "getAlert", Method: http.MethodGet, Path: "/alerts/{alert}", Group: group, Scope: access.Read,
			Summary: "Tells everything about an alert.",
		}, p.getAlert),
		define(operation{
			Name: "ackAlert", Method: http.MethodPost, Path: "/alerts/{alert}/ack", Group: group, Scope: access.Command, LetIn: true,
			Summary: "Acknowledges an alert. When nobody is left to ring for in its group, its page ends.",
		}, p.ackAlert),
		define(operation{
			Name: "resolveAlert", Method: http.MethodPost, Path: "/alerts/{alert}/resolve", Group: group, Scope: access.Command, LetIn: true,
			Summary: "Says that what an alert tells of is over.",
		}, p.resolveAlert),
	}
}

func alertOf(a alert.Alert) apiAlert {
	out := apiAlert{
		Ref: a.Ref(), Key: a.Key, Group: a.GroupID, DedupKey: a.DedupKey, State: string(a.State), Severity: a.Severity, Summary: a.Summary, Source: a.Source,
		Count: a.Count, FirstAt: a.FirstAt.UTC(), LastAt: a.LastAt.UTC(), AckedBy: a.AckedBy, ResolvedBy: a.ResolvedBy,
		Component: a.Component, Class: a.Class, Part: a.Part, Details: a.Details, Links: []apiLink{},
	}
	if a.AckedAt != nil {
		out.AckedAt = instantOf(*a.AckedAt)
	}
	if a.ResolvedAt != nil {
		out.ResolvedAt = instantOf(*a.ResolvedAt)
	}
	for _, l := range a.Links {
		out.Links = append(out.Links, apiLink(l))
	}
	return out
}

func (p *api) listAlerts(a *asked, _ nothing) (apiList[apiAlert], error) {
	var none apiList[apiAlert]
	most, err := a.limit()
	if err != nil {
		return none, err
	}
	q := alert.Query{Key: a.text("key"), Most: most + 1, State: alert.State(a.text("state"))}
	if q.State == "all" {
		q.State, q.Past = "", true
	}
	if q.Before, err = a.after(); err != nil {
		return none, err
	}
	list, err := alert.List(a.ctx(), p.DB, q)
	if err != nil {
		return none, err
	}
	page := cut(list, most, func(one alert.Alert) string { return strconv.FormatInt(one.ID, 10) })
	out := apiList[apiAlert]{Items: []apiAlert{}, Next: page.Next}
	for _, one := range page.Items {
		out.Items = append(out.Items, alertOf(one))
	}
	return out, nil
}

func (p *api) getAlert(a *asked, _ nothing) (apiAlert, error) {
	id, err := alertID(a.named("alert"))
	if err != nil {
		return apiAlert{}, err
	}
	one, err := alert.Get(a.ctx(), p.DB, id)
	return alertOf(one), err
}

func (p *api) ackAlert(a *asked, in apiAlertAnswer) (apiAlert, error) {
	id, err := alertID(a.named("alert"))
	if err != nil {
		return apiAlert{}, err
	}
	out, err := p.Alerts.Ack(a.ctx(), a.Actor(), id, in.All)
	return alertOf(out.Alert), err
}

func (p *api) resolveAlert(a *asked, in apiAlertAnswer) (apiAlert, error) {
	id, err := alertID(a.named("alert"))
	if err != nil {
		return apiAlert{}, err
	}
	out, err := p.Alerts.Resolve(a.ctx(), a.Actor(), id, in.All)
	return alertOf(out.Alert), err
}

func alertKeyOf(k alert.Key) apiAlertKey {
	return apiAlertKey{
		Name: k.Name, Policy: k.Policy, Severities: k.Severities, Default: k.Default, CreatedAt: instantOf(k.CreatedAt), CreatedBy: k.CreatedBy, Open: k.Open,
	}
}

func (p *api) listAlertKeys(a *asked, _ nothing) (apiList[apiAlertKey], error) {
	keys, err := p.Alerts.Keys(a.ctx(), false)
	out := apiList[apiAlertKey]{Items: []apiAlertKey{}}
	for _, k := range keys {
		out.Items = append(out.Items, alertKeyOf(k))
	}
	return out, err
}

func (p *api) addAlertKey(a *asked, in apiAlertKey) (apiAlertKey, error) {
	text, made, err := p.Alerts.AddKey(a.ctx(), a.Actor(), alert.Key{Name: in.Name, Policy: in.Policy, Severities: in.Severities, Default: in.Default})
	if err != nil {
		return apiAlertKey{}, err
	}
	out := alertKeyOf(made)
	out.Secret = text.Reveal()
	return out, nil
}

func (p *api) revokeAlertKey(a *asked, _ nothing) (nothing, error) {
	return nothing{}, p.Alerts.RevokeKey(a.ctx(), a.Actor(), a.named("name"))
}
