package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"batsignal/integrations/job/freeze"
	"batsignal/oncall/access"
)

// apiFreeze is a time in which nothing risky is done.
type apiFreeze struct {
	Ref      string     `json:"ref" doc:"F3."`
	Title    string     `json:"title"`
	BeginsAt time.Time  `json:"begins_at"`
	EndsAt   time.Time  `json:"ends_at" doc:"The first instant that is free again."`
	MadeBy   string     `json:"made_by"`
	LiftedBy string     `json:"lifted_by,omitempty"`
	LiftedAt *time.Time `json:"lifted_at,omitempty"`
}

// apiFreezes is the calendar of freezes.
type apiFreezes struct {
	Frozen bool        `json:"frozen" doc:"Nothing risky is done at that instant."`
	Why    string      `json:"why,omitempty" doc:"Why, as the end of a sentence."`
	Until  *time.Time  `json:"until,omitempty" doc:"The first instant that is free again."`
	Weekly string      `json:"weekly,omitempty" doc:"On which days of each week nothing risky is done, in words."`
	Items  []apiFreeze `json:"items" doc:"What goes on or is to come."`
}

// apiNewFreeze is a freeze that is to be set.
type apiNewFreeze struct {
	Title    string    `json:"title"`
	BeginsAt time.Time `json:"begins_at"`
	EndsAt   time.Time `json:"ends_at"`
}

func (p *api) calendarOperations() []operation {
	const group = "Calendar"
	if p.Jobs == nil && p.Reminders == nil {
		return nil
	}
	return append([]operation{
		define(operation{
			Name: "listFreezes", Method: http.MethodGet, Path: "/freezes", Group: group, Scope: access.Read, Query: []param{atParam},
			Summary: "Tells whether anything risky may be done at an instant, and lists the freezes that are not over.",
		}, p.listFreezes),
		define(operation{
			Name: "addFreeze", Method: http.MethodPost, Path: "/freezes", Group: group, Scope: access.Command, LetIn: true, Status: http.StatusCreated,
			Summary: "Sets a freeze.",
		}, p.addFreeze),
		define(operation{
			Name: "liftFreeze", Method: http.MethodPost, Path: "/freezes/{freeze}/lift", Group: group, Scope: access.Command, LetIn: true,
			Summary: "Ends a freeze early: for whoever set it, and for administrators.",
		}, p.liftFreeze),
	}, p.reminderOperations(group)...)
}

func (p *api) listFreezes(a *asked, _ nothing) (apiFreezes, error) {
	out := apiFreezes{Items: []apiFreeze{}, Weekly: p.Freezes.Words()}
	at, err := a.at()
	if err != nil {
		return out, err
	}
	windows, err := freeze.List(a.ctx(), p.DB, at)
	if err != nil {
		return out, err
	}
	for _, w := range windows {
		out.Items = append(out.Items, freezeOf(w))
	}
	var until time.Time
	if out.Why, until = p.Freezes.At(windows, at); out.Why != "" {
		out.Frozen, out.Until = true, instantOf(until)
	}
	return out, nil
}

func (p *api) addFreeze(a *asked, in apiNewFreeze) (apiFreeze, error) {
	w, err := freeze.Add(a.ctx(), p.DB, a.now, a.Actor(), in.BeginsAt, in.EndsAt, in.Title)
	return freezeOf(w), err
}

func (p *api) liftFreeze(a *asked, _ nothing) (apiFreeze, error) {
	w, err := freeze.Lift(a.ctx(), p.DB, a.now, a.Actor(), a.admin(), a.reference("freeze", "F"))
	return freezeOf(w), err
}

func freezeOf(w freeze.Window) apiFreeze {
	return apiFreeze{
		Ref: w.Ref(), Title: w.Title, BeginsAt: w.BeginsAt.UTC(), EndsAt: w.EndsAt.UTC(), MadeBy: w.MadeBy,
		LiftedBy: w.LiftedBy, LiftedAt: maybeInstant(w.LiftedAt),
	}
}

// reference reads what people call F3, as such or as a number. What is neither is nobody's.
func (a *asked) reference(part, prefix string) int64 {
	n, _ := strconv.ParseInt(strings.TrimPrefix(strings.ToUpper(a.named(part)), prefix), 10, 64)
	return n
}
