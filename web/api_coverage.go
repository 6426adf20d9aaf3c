package web

import (
	"net/http"
	"time"

	"batsignal/oncall/access"
	"batsignal/oncall/coverage"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// apiCoverage is who will be there for a role.
type apiCoverage struct {
	Role      string    `json:"role"`
	Title     string    `json:"title"`
	From      time.Time `json:"from"`
	Until     time.Time `json:"until"`
	Minimum   int       `json:"minimum"`
	Scheduled bool      `json:"scheduled" doc:"A schedule serves the role, so that somebody should be on."`
	Gaps      []apiGap  `json:"gaps" doc:"By time."`
	Sentences []string  `json:"sentences" doc:"The same gaps in words, like ones together, in UTC and on the clock of whose token it is."`
	Spans     []apiSpan `json:"spans,omitempty" doc:"Without a break from the beginning to the end, where one role is asked about."`
}

// apiGap is a time in which a role lacks people.
type apiGap struct {
	Kind  string    `json:"kind" enum:"awake,on" doc:"awake: too few are on or awake; on: nobody is on by any schedule."`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Have  int       `json:"have" doc:"When they are fewest."`
	Want  int       `json:"want"`
	Why   string    `json:"why,omitempty" doc:"As half a sentence."`
}

// apiSpan is a time in which nobody comes or goes.
type apiSpan struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Have  int       `json:"have"`
	On    []string  `json:"on" doc:"Handles."`
	Awake []string  `json:"awake" doc:"Handles."`
}

// apiShare is one person's part of the work.
type apiShare struct {
	Handle   string  `json:"handle"`
	Hours    float64 `json:"hours"`
	Nights   float64 `json:"night_hours" doc:"Between 22:00 and 06:00 on their own clock."`
	Weekends float64 `json:"weekend_hours"`
	Holidays float64 `json:"holiday_hours" doc:"On holidays of their region."`
	Shifts   int     `json:"shifts"`
	Pages    int     `json:"pages" doc:"That rang them."`
}

func (p *api) coverageOperations() []operation {
	list := []operation{define(operation{
		Name: "getCoverage", Method: http.MethodGet, Path: "/coverage", Group: "Coverage", Scope: access.Read,
		Query: []param{
			{Name: "role", Kind: textParam, Help: "Only this role, and with who is there at which time; all if it is missing."},
			{Name: "days", Kind: numberParam, Help: "How far ahead to look: 1 to 60, and 14 if it is missing."},
		},
		Summary: "Tells for each role where there will be too few people.",
	}, p.getCoverage)}
	if p.Rota == nil {
		return list
	}
	return append(list, define(operation{
		Name: "getFairness", Method: http.MethodGet, Path: "/fairness", Group: "Coverage", Scope: access.Read,
		Query:   append([]param{{Name: "schedule", Kind: textParam, Help: "Only this schedule; all if it is missing."}}, spanParams...),
		Summary: "Tells who carried, and will carry, how much. The past is as it happened.",
	}, p.getFairness))
}

func (p *api) getCoverage(a *asked, _ nothing) (apiList[apiCoverage], error) {
	var none apiList[apiCoverage]
	days, err := a.number("days", 1, 60, 14)
	if err != nil {
		return none, err
	}
	only := a.text("role")
	if only != "" {
		if _, err := p.roleNamed(a, only); err != nil {
			return none, err
		}
	}
	reports, err := coverage.Forecast(a.ctx(), p.DB, a.now, time.Duration(days)*24*time.Hour)
	if err != nil {
		return none, err
	}
	out := listOf[apiCoverage](nil)
	for _, r := range reports {
		if only == "" || r.Role.Name == only {
			out.Items = append(out.Items, coverageOf(r, a.Zone, only != ""))
		}
	}
	return out, nil
}

func coverageOf(r coverage.Report, zone string, spans bool) apiCoverage {
	out := apiCoverage{
		Role: r.Role.Name, Title: r.Role.Title, From: r.From.UTC(), Until: r.Until.UTC(), Minimum: r.Role.Minimum, Scheduled: r.Scheduled,
		Gaps: []apiGap{}, Sentences: append([]string{}, coverage.Sentences(r, zone)...),
	}
	for _, g := range r.Gaps {
		out.Gaps = append(out.Gaps, apiGap{Kind: string(g.Kind), From: g.From.UTC(), Until: g.Until.UTC(), Have: g.Have, Want: g.Want, Why: g.Why})
	}
	if !spans {
		return out
	}
	names := func(ids []int64) []string {
		list := make([]string, 0, len(ids))
		for _, id := range ids {
			if person, found := r.Person(id); found {
				list = append(list, person.Handle)
			}
		}
		return list
	}
	for _, s := range r.Spans {
		out.Spans = append(out.Spans, apiSpan{From: s.From.UTC(), Until: s.Until.UTC(), Have: s.Have, On: names(s.On), Awake: names(s.Awake)})
	}
	return out
}

func (p *api) getFairness(a *asked, _ nothing) (apiList[apiShare], error) {
	var none apiList[apiShare]
	from, until, err := a.span()
	if err != nil {
		return none, err
	}
	var only []int64
	if name := a.text("schedule"); name != "" {
		var sched schedule.Schedule
		if sched, err = p.scheduleCalled(a, name); err != nil {
			return none, err
		}
		only = append(only, sched.ID)
	}
	var report rota.Fairness
	if report, err = p.Rota.Report(a.ctx(), from, until, only...); err != nil {
		return none, err
	}
	out := listOf[apiShare](nil)
	for _, s := range report.Shares {
		out.Items = append(out.Items, apiShare{
			Handle: s.Person.Handle, Hours: s.On.Hours(), Nights: s.Nights.Hours(), Weekends: s.Weekends.Hours(), Holidays: s.Holidays.Hours(),
			Shifts: s.Shifts, Pages: s.Pages,
		})
	}
	return out, nil
}
