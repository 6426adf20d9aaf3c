package web

import (
	"net/http"
	"strconv"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
)

// apiIncident is one emergency.
type apiIncident struct {
	Number     int64      `json:"number"`
	Ref        string     `json:"ref" doc:"INC-7."`
	Title      string     `json:"title"`
	Severity   int        `json:"severity" doc:"1 is the worst, 4 minor."`
	Status     string     `json:"status" enum:"open,resolved"`
	OpenedBy   string     `json:"opened_by"`
	OpenedAt   time.Time  `json:"opened_at"`
	ResolvedAt *time.Time `json:"resolved_at,omitempty"`
	FalseAlarm bool       `json:"false_alarm"`
}

// apiIncidentStory is an incident with everything that its page shows.
type apiIncidentStory struct {
	apiIncident
	Lead     string            `json:"lead,omitempty" doc:"Who holds the baton; missing: visibly nobody."`
	Roles    []apiIncidentRole `json:"roles"`
	Pages    []apiPage         `json:"pages" doc:"In the order in which they were made."`
	Timeline []apiLine         `json:"timeline" doc:"The oldest first."`
	Earlier  int               `json:"earlier" doc:"How many lines before these were left out."`
}

// apiIncidentRole is how one role of an incident stands.
type apiIncidentRole struct {
	Role    string   `json:"role"`
	Filled  []string `json:"filled" doc:"Handles of who does it."`
	Rung    []string `json:"rung" doc:"Handles of who is rung for it."`
	Hunting bool     `json:"hunting" doc:"Somebody is still looked for."`
}

// apiPage is somebody who was rung.
type apiPage struct {
	Ref    string    `json:"ref" doc:"P12."`
	Handle string    `json:"handle"`
	Role   string    `json:"role,omitempty"`
	State  string    `json:"state"`
	Rang   int       `json:"rounds" doc:"The last round in which they were rung."`
	At     time.Time `json:"at" doc:"When it was made."`

	For        string     `json:"for" doc:"What for, in words: a role, or they by name."`
	Why        string     `json:"why"`
	Severity   int        `json:"severity"`
	Incident   int64      `json:"incident,omitempty" doc:"The number of the incident that it belongs to; missing is none."`
	Alerts     int64      `json:"alert_group,omitempty" doc:"The group of the alerts that it is about; missing is none."`
	RungAt     *time.Time `json:"rung_at,omitempty" doc:"When they were rung last."`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
	Via        string     `json:"answered_by_way,omitempty" doc:"The network or route of the answer; link is the button in a message, api a program."`
}

// apiLine is a line of a timeline.
type apiLine struct {
	ID   int64     `json:"id"`
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	Who  string    `json:"who,omitempty" doc:"A handle; missing is the bot itself."`
	Text string    `json:"text"`
}

func (p *api) incidentOperations() []operation {
	const group = "Incidents"
	return []operation{
		define(operation{
			Name: "listIncidents", Method: http.MethodGet, Path: "/incidents", Group: group, Scope: access.Read, Query: pageParams,
			Summary: "Lists the incidents, the newest first.",
		}, p.listIncidents),
		define(operation{
			Name: "getIncident", Method: http.MethodGet, Path: "/incidents/{number}", Group: group, Scope: access.Read,
			Query:   []param{{Name: "lines", Kind: numberParam, Help: "How many lines of the timeline, the last ones: 1 to 1000, and 200 if it is missing."}},
			Summary: "Tells everything about an incident that its page shows. What is done in one is a command.",
		}, p.getIncident),
	}
}

func incidentOf(i incidents.Incident) apiIncident {
	out := apiIncident{
		Number: i.ID, Ref: i.Ref(), Title: i.Title, Severity: i.Severity, Status: i.Status, OpenedBy: i.OpenedBy, OpenedAt: i.OpenedAt.UTC(), FalseAlarm: i.FalseAlarm,
	}
	if i.ResolvedAt != nil {
		out.ResolvedAt = instantOf(*i.ResolvedAt)
	}
	return out
}

func (p *api) listIncidents(a *asked, _ nothing) (apiList[apiIncident], error) {
	var none apiList[apiIncident]
	most, err := a.limit()
	if err != nil {
		return none, err
	}
	after, err := a.after()
	if err != nil {
		return none, err
	}
	list, err := p.Incidents.IncidentsBefore(a.ctx(), after, most+1)
	if err != nil {
		return none, err
	}
	page := cut(list, most, func(i incidents.Incident) string { return strconv.FormatInt(i.ID, 10) })
	out := apiList[apiIncident]{Items: []apiIncident{}, Next: page.Next}
	for _, i := range page.Items {
		out.Items = append(out.Items, incidentOf(i))
	}
	return out, nil
}

func (p *api) getIncident(a *asked, _ nothing) (apiIncidentStory, error) {
	out := apiIncidentStory{Roles: []apiIncidentRole{}, Pages: []apiPage{}, Timeline: []apiLine{}}
	id, err := parseIncident(a.named("number"))
	if err != nil {
		return out, fault.New(fault.NotFound, "An incident has a number: %s/incidents/7.", apiPath)
	}
	lines, err := a.number("lines", 1, 1000, incidentLines)
	if err != nil {
		return out, err
	}
	v, err := p.Incidents.View(a.ctx(), id, lines)
	if err != nil {
		return out, err
	}
	out.apiIncident, out.Earlier = incidentOf(v.Incident), v.Earlier
	if v.Baton != nil {
		out.Lead = v.Baton.Handle
	}
	for _, r := range v.Roles {
		one := apiIncidentRole{Role: r.Role.Name, Filled: []string{}, Rung: append([]string{}, r.Rung...), Hunting: r.Hunting}
		for _, who := range r.Filled {
			one.Filled = append(one.Filled, who.Handle)
		}
		out.Roles = append(out.Roles, one)
	}
	for _, page := range v.Pages {
		out.Pages = append(out.Pages, rungOf(page))
	}
	for _, e := range v.Timeline {
		out.Timeline = append(out.Timeline, apiLine{ID: e.ID, At: e.At.UTC(), Kind: e.Kind, Who: e.Who, Text: e.Text})
	}
	return out, nil
}
