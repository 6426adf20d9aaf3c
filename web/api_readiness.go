package web

import (
	"net/http"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/access"
	"batsignal/oncall/reach"
)

// apiRoute is one way to reach people, and how it fares.
type apiRoute struct {
	Name     string     `json:"name"`
	Chat     bool       `json:"chat" doc:"A chat network."`
	Loud     bool       `json:"loud" doc:"It wakes people."`
	Delay    int        `json:"delay_seconds" doc:"How long after the ring it is used, unless its owner chose."`
	Quarter  int        `json:"per_quarter_hour,omitempty" doc:"Most pages to one address below severity 1; missing is no limit."`
	Hour     int        `json:"per_hour,omitempty" doc:"Most pages to one address below severity 1; missing is no limit."`
	Cost     int        `json:"cost_thousandths" doc:"Of one page, in thousandths of the currency of the configuration."`
	ProvenAt *time.Time `json:"proven_at,omitempty" doc:"When a page was last shown to arrive by it."`
	Failures int        `json:"failures" doc:"In a row, on the side of the provider."`
	RestsTo  *time.Time `json:"rests_until,omitempty" doc:"It is not tried before."`
	State    string     `json:"state" doc:"How it fares, in words."`
}

// apiReady is whether one person could be reached tonight.
type apiReady struct {
	Handle string   `json:"handle"`
	Roles  []string `json:"roles" doc:"For which they are rung."`
	Ready  bool     `json:"ready" doc:"By two ways that are proven and were tested in the last 30 days."`
	Ways   []apiWay `json:"ways"`
	Why    string   `json:"why,omitempty" doc:"Why they are not ready and what they type, as half a sentence."`
}

// apiWay is one way to reach a person. No address is ever told.
type apiWay struct {
	Kind     string     `json:"kind"`
	Ready    bool       `json:"ready" doc:"It counts."`
	Standing string     `json:"standing" doc:"Why it counts, or why not, in words."`
	TestedAt *time.Time `json:"tested_at,omitempty"`
}

func (p *api) wayOperations() []operation {
	return []operation{
		define(operation{
			Name: "listRoutes", Method: http.MethodGet, Path: "/routes", Group: "Ways", Scope: access.Read,
			Summary: "Lists the ways to reach people, how each fares, and what a page costs.",
		}, p.listRoutes),
		define(operation{
			Name: "getReadiness", Method: http.MethodGet, Path: "/readiness", Group: "Ways", Scope: access.Read,
			Query:   []param{{Name: "role", Kind: textParam, Help: "Only the people of this role; everybody if it is missing."}},
			Summary: "Tells who could be reached tonight by two ways that are known to work.",
		}, p.getReadiness),
	}
}

func (p *api) listRoutes(a *asked, _ nothing) (apiList[apiRoute], error) {
	routes, err := p.Incidents.RoutesNow(a.ctx())
	out := listOf[apiRoute](nil)
	for _, r := range routes {
		out.Items = append(out.Items, apiRouteOf(r, a.now))
	}
	return out, err
}

func apiRouteOf(r incidents.RouteNow, now time.Time) apiRoute {
	one := apiRoute{
		Name: r.Name, Chat: r.Chat, Loud: r.Loud, Delay: int(r.Delay / time.Second), Quarter: r.PerQuarterHour, Hour: r.PerHour,
		Cost: r.Cost, ProvenAt: inUTC(r.Health.ProvenAt), Failures: r.Health.Failures, State: r.State(now),
	}
	if r.Resting(now) {
		one.RestsTo = inUTC(r.Health.DownUntil)
	}
	return one
}

func (p *api) getReadiness(a *asked, _ nothing) (apiList[apiReady], error) {
	out := listOf[apiReady](nil)
	only := a.text("role")
	if only != "" {
		if _, err := p.roleNamed(a, only); err != nil {
			return out, err
		}
	}
	report, err := p.Incidents.Readiness(a.ctx())
	if err != nil {
		return out, err
	}
	people := report.People
	for _, role := range report.Roles {
		if role.Name == only {
			people = role.People
		}
	}
	for _, one := range people {
		out.Items = append(out.Items, p.readyOf(one))
	}
	return out, nil
}

func (p *api) readyOf(one reach.Person) apiReady {
	out := apiReady{Handle: one.Handle, Roles: one.Roles, Ready: one.Ready, Ways: []apiWay{}, Why: p.Commands.Localize(one.Why())}
	for _, w := range one.Ways {
		out.Ways = append(out.Ways, apiWay{Kind: w.Kind, Ready: w.Ready, Standing: w.Standing(), TestedAt: inUTC(w.TestedAt)})
	}
	return out
}

func inUTC(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := t.UTC()
	return &at
}
