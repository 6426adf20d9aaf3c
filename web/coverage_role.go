package web

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/coverage"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/when"
)

// mostNames is how many people of one time are named.
const mostNames = 12

// coverageRoleBody is the coverage of one role.
type coverageRoleBody struct {
	coverage.Role
	Zone      zoned
	Scheduled bool
	Empty     bool
	Members   int // who can be rung
	Sentences []string
	Map       heatMap
	Days      []coverageDay
	Schedules []scheduleName
	Away      []string
	Holidays  []string
	Elsewhere string // who is on call for it now at other paging services; "" is nothing
}

type scheduleName struct{ Name, Title string }

// coverageDay is a day with its times.
type coverageDay struct {
	Title string
	Spans []coverageSpan
}

// coverageSpan is a time in which nobody comes or goes.
type coverageSpan struct {
	Times     string // in the chosen zone
	UTC       string // "" if that is the same
	On, Awake string
	Have      int
	Short     bool
}

func (s *site) coverageOf(w http.ResponseWriter, r *http.Request) error {
	name := chi.URLParam(r, "role")
	from := s.Now().UTC().Truncate(time.Minute)
	until := from.Add(coverage.Ahead)
	inputs, err := coverage.Load(r.Context(), s.DB, from, until)
	if err != nil {
		return err
	}
	inputs = slices.DeleteFunc(inputs, func(in coverage.Input) bool { return in.Role.Name != name })
	if len(inputs) == 0 {
		return fault.New(fault.NotFound, "There is no role of that name. Coverage lists all of them.")
	}
	report := coverage.Look(inputs, from, until)[0]
	body := coverageRoleBody{
		Role: report.Role, Zone: s.zoneOf(r, ""), Scheduled: report.Scheduled, Empty: report.Empty(),
		Sentences: coverage.Sentences(report, s.visitor(r).Zone), Elsewhere: s.elsewhere(r, name),
	}
	body.Map = dayRows(report, body.Zone)
	body.Days = coverageDays(report, body.Zone)
	schedules, err := rota.Schedules(r.Context(), s.DB)
	if err != nil {
		return err
	}
	for _, one := range schedules {
		if one.Role == name {
			body.Schedules = append(body.Schedules, scheduleName{one.Name, one.Title})
		}
	}
	if err := s.addMembers(r, &body, report); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "coveragerole", view{Title: "Coverage of " + report.Role.Title, Here: "/coverage", Body: body})
}

// addMembers tells who is away, and which holidays there are where people live.
func (s *site) addMembers(r *http.Request, body *coverageRoleBody, report coverage.Report) error {
	regions := map[string][]string{}
	for _, m := range report.Members {
		if !m.Active {
			continue
		}
		body.Members++
		if m.Person.Region != "" {
			regions[m.Person.Region] = append(regions[m.Person.Region], m.Person.Handle)
		}
		for _, a := range m.Absences {
			if a.Until.After(report.From) && a.From.Before(report.Until) {
				body.Away = append(body.Away, m.Person.Handle+" is away "+when.EchoSpan(a.From, a.Until, body.Zone.Name))
			}
		}
	}
	for _, region := range slices.Sorted(maps.Keys(regions)) {
		list, err := rota.Holidays(r.Context(), s.DB, region, report.From, report.Until)
		if err != nil {
			return err
		}
		for _, h := range list {
			body.Holidays = append(body.Holidays, h.Day.Time().Format("Mon 2 Jan")+": "+h.Name+" in "+region+" ("+oncall.JoinNames(fewNames(regions[region]))+")")
		}
	}
	return nil
}

// fewNames cuts a list that nobody would read.
func fewNames(names []string) []string {
	if more := len(names) - mostNames; more > 0 {
		return append(slices.Clone(names[:mostNames]), oncall.Plural(more, "other", "others"))
	}
	return names
}

// coverageDays tells the spans of a report in words, by the day.
func coverageDays(report coverage.Report, z zoned) []coverageDay {
	handles := map[int64]string{}
	for _, m := range report.Members {
		handles[m.Person.ID] = m.Person.Handle
	}
	named := func(people []int64) string {
		names := make([]string, len(people))
		for i, p := range people {
			names[i] = handles[p]
		}
		return oncall.JoinNames(fewNames(names))
	}
	short := func(from, until time.Time) bool {
		return slices.ContainsFunc(report.Gaps, func(g coverage.Gap) bool { return g.From.Before(until) && g.Until.After(from) })
	}
	var days []coverageDay
	for _, span := range report.Spans {
		for from := span.From; from.Before(span.Until); {
			until := civil.Earlier(span.Until, z.addDays(from, 1))
			if !until.After(from) {
				until = span.Until
			}
			local := from.In(z.In)
			if title := local.Format("Monday 2 January"); len(days) == 0 || days[len(days)-1].Title != title {
				days = append(days, coverageDay{Title: title})
			}
			one := coverageSpan{
				Times: clocks(from, until, z.In), On: named(span.On), Awake: named(span.Awake), Have: span.Have, Short: short(from, until),
			}
			if !z.UTC() {
				one.UTC = clocks(from, until, time.UTC)
			}
			day := &days[len(days)-1]
			day.Spans = append(day.Spans, one)
			from = until
		}
	}
	return days
}

// clocks writes from when until when of a day: its end is 24:00.
func clocks(from, until time.Time, in *time.Location) string {
	end := until.In(in).Format("15:04")
	if end == "00:00" {
		end = "24:00"
	}
	return from.In(in).Format("15:04") + "–" + end
}
