package web

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// noiseMonths is how many months the totals go back, this one included.
const noiseMonths = 12

// noiseRoutes are the report of how often people are rung, and what it costs. People see
// what they were put through themselves; administrators see everybody, since they can
// change it; what it is all together is for everybody who is signed in.
func (s *site) noiseRoutes(r chi.Router) {
	r.Get("/noise", s.signedIn(s.noise))
	r.Get("/noise.csv", s.signedIn(s.noiseFile))
}

// noiseBody is the report.
type noiseBody struct {
	Month    string // "2026-03"
	Title    string // "March 2026"
	Months   []string
	People   []paging.Noise
	Routes   []string // by which anybody of People was rung, by name
	Totals   []noiseTotal
	All      bool // People is everybody, and not the visitor alone
	Currency string
}

// noiseTotal is one month of everybody.
type noiseTotal struct {
	paging.Noise
	Title  string
	People int
}

func (s *site) noise(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(r)
	body := noiseBody{All: v.Admin(), Currency: s.Currency}
	month, people, err := s.noiseOf(r, v)
	if err != nil {
		return err
	}
	body.Month, body.Title, body.People, body.Routes = month.Format("2006-01"), month.Format("January 2006"), people, routesOf(people)
	this := firstOfMonth(s.Now())
	for i := range noiseMonths {
		body.Months = append(body.Months, this.AddDate(0, -i, 0).Format("2006-01"))
	}
	if !slices.Contains(body.Months, body.Month) {
		body.Months = append(body.Months, body.Month)
	}
	if body.Totals, err = s.noiseTotals(r, this); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "noise", view{Title: "Noise and cost", Here: "/people", Body: body})
}

// noiseOf reads what a visitor may see of the month that is asked for.
func (s *site) noiseOf(r *http.Request, v visitor) (month time.Time, people []paging.Noise, err error) {
	if month, err = readMonth(r.URL.Query().Get("month"), s.Now()); err != nil {
		return month, nil, err
	}
	who := v.PersonID
	if v.Admin() {
		who = 0
	}
	people, err = s.Incidents.Noise(r.Context(), month, month.AddDate(0, 1, 0), who)
	return month, people, err
}

// noiseTotals adds the months up until the end of one, the last one first.
func (s *site) noiseTotals(r *http.Request, last time.Time) ([]noiseTotal, error) {
	list, err := s.Incidents.Noise(r.Context(), last.AddDate(0, 1-noiseMonths, 0), last.AddDate(0, 1, 0), 0)
	if err != nil {
		return nil, err
	}
	var totals []noiseTotal
	for _, n := range list {
		if len(totals) == 0 || !totals[len(totals)-1].Month.Equal(n.Month) {
			totals = append(totals, noiseTotal{Noise: paging.Noise{Month: n.Month}, Title: n.Month.Format("January 2006")})
		}
		t := &totals[len(totals)-1]
		t.People++
		t.Add(n)
	}
	return totals, nil
}

// noiseFile is the report as a table for other programs.
func (s *site) noiseFile(w http.ResponseWriter, r *http.Request) error {
	month, people, err := s.noiseOf(r, s.visitor(r))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="noise-`+month.Format("2006-01")+`.csv"`)
	routes := routesOf(people)
	head := []string{"month", "person", "pages", "rings", "rings_at_night", "acknowledged", "declined", "unanswered", "open", "cost", "currency"}
	for _, route := range routes {
		head = append(head, cell("by_"+route))
	}
	out := csv.NewWriter(w)
	_ = out.Write(head)
	for _, n := range people {
		row := []string{
			month.Format("2006-01"), cell(n.Handle), strconv.Itoa(n.Pages), strconv.Itoa(n.Rings), strconv.Itoa(n.Night), strconv.Itoa(n.Acked),
			strconv.Itoa(n.Declined), strconv.Itoa(n.Unanswered()), strconv.Itoa(n.Open), paging.Money(n.Cost), cell(s.Currency),
		}
		for _, route := range routes {
			row = append(row, strconv.Itoa(n.By(route)))
		}
		_ = out.Write(row)
	}
	out.Flush() // who went away meanwhile needs no answer
	return nil
}

// routesOf lists by which routes anybody was rung, by name.
func routesOf(people []paging.Noise) []string {
	var names []string
	for _, n := range people {
		for _, r := range n.Routes {
			if !slices.Contains(names, r.Route) {
				names = append(names, r.Route)
			}
		}
	}
	slices.Sort(names)
	return names
}

// readMonth reads a month of UTC; "" is this one.
func readMonth(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return firstOfMonth(now), nil
	}
	month, err := time.Parse("2006-01", text)
	if err != nil || month.Year() < 1970 || month.Year() > 9000 {
		return month, fault.New(fault.Invalid, "Write a month like %s.", firstOfMonth(now).Format("2006-01"))
	}
	return month, nil
}

// firstOfMonth is the first instant of the month that an instant is in.
func firstOfMonth(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// ByRoute says how many messages went by which route: "3 by mail and 1 by sms".
func (b noiseBody) ByRoute(n paging.Noise) string {
	var parts []string
	for _, route := range b.Routes {
		if k := n.By(route); k > 0 {
			parts = append(parts, strconv.Itoa(k)+" by "+route)
		}
	}
	if len(parts) == 0 {
		return "no message"
	}
	return oncall.JoinNames(parts)
}
