package web

import (
	"net/http"

	"batsignal/oncall/access"
	"batsignal/oncall/paging"
)

// apiNoise is what one person was put through in one month.
type apiNoise struct {
	Month      string          `json:"month" doc:"2026-03, in UTC."`
	Person     string          `json:"person" doc:"A handle."`
	Pages      int             `json:"pages" doc:"That began in this month."`
	Rings      int             `json:"rings" doc:"Rounds of pages that left by some way."`
	Night      int             `json:"rings_at_night" doc:"Rings outside of their waking hours."`
	Acked      int             `json:"acknowledged"`
	Declined   int             `json:"declined"`
	Unanswered int             `json:"unanswered" doc:"Somebody else was quicker, or it was called off."`
	Open       int             `json:"open" doc:"They wait for an answer."`
	Cost       int             `json:"cost_thousandths" doc:"In thousandths of the currency of the configuration."`
	Routes     []apiRouteNoise `json:"routes"`
}

// apiRouteNoise is how many messages went by one route.
type apiRouteNoise struct {
	Route    string `json:"route"`
	Messages int    `json:"messages" doc:"That its provider took."`
	Cost     int    `json:"cost_thousandths"`
}

// apiNoiseTotal is one month of everybody.
type apiNoiseTotal struct {
	Month  string `json:"month" doc:"2026-03, in UTC."`
	People int    `json:"people" doc:"How many were paged."`
	Pages  int    `json:"pages"`
	Rings  int    `json:"rings"`
	Night  int    `json:"rings_at_night"`
	Acked  int    `json:"acknowledged"`
	Cost   int    `json:"cost_thousandths"`
}

func (p *api) noiseOperations() []operation {
	return []operation{
		define(operation{
			Name: "getNoise", Method: http.MethodGet, Path: "/noise", Group: "Ways", Scope: access.Read,
			Query:   []param{{Name: "month", Kind: textParam, Help: "As 2026-03, in UTC; this month if it is missing."}},
			Summary: "Tells how often people were rung in a month, and what it cost: whose token it is, or for administrators everybody.",
		}, p.getNoise),
		define(operation{
			Name: "getNoiseTotals", Method: http.MethodGet, Path: "/noise/totals", Group: "Ways", Scope: access.Read,
			Summary: "Tells how often everybody together was rung in each of the last twelve months, and what it cost.",
		}, p.getNoiseTotals),
	}
}

func (p *api) getNoise(a *asked, _ nothing) (apiList[apiNoise], error) {
	out := listOf[apiNoise](nil)
	month, err := readMonth(a.text("month"), a.now)
	if err != nil {
		return out, wrong("month", "The parameter month is a month such as 2026-03.")
	}
	who := a.PersonID
	if a.admin() {
		who = 0
	}
	people, err := p.Incidents.Noise(a.ctx(), month, month.AddDate(0, 1, 0), who)
	for _, n := range people {
		out.Items = append(out.Items, apiNoiseOf(n))
	}
	return out, err
}

func apiNoiseOf(n paging.Noise) apiNoise {
	out := apiNoise{
		Month: n.Month.Format("2006-01"), Person: n.Handle, Pages: n.Pages, Rings: n.Rings, Night: n.Night, Acked: n.Acked, Declined: n.Declined,
		Unanswered: n.Unanswered(), Open: n.Open, Cost: n.Cost, Routes: []apiRouteNoise{},
	}
	for _, r := range n.Routes {
		out.Routes = append(out.Routes, apiRouteNoise(r))
	}
	return out
}

func (p *api) getNoiseTotals(a *asked, _ nothing) (apiList[apiNoiseTotal], error) {
	out := listOf[apiNoiseTotal](nil)
	totals, err := p.noiseTotals(a.r, firstOfMonth(a.now))
	for _, t := range totals {
		out.Items = append(out.Items, apiNoiseTotal{
			Month: t.Month.Format("2006-01"), People: t.People, Pages: t.Pages, Rings: t.Rings, Night: t.Night, Acked: t.Acked, Cost: t.Cost,
		})
	}
	return out, err
}
