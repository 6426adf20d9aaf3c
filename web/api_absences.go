package web

import (
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// apiAbsence is a time at which somebody is away.
type apiAbsence struct {
	ID    int64     `json:"id" read:"1"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Note  string    `json:"note,omitempty" doc:"Why; it is shown to them and to administrators only."`
}

// apiNotedAbsence is one that was noted just now.
type apiNotedAbsence struct {
	Absence apiAbsence `json:"absence"`
	Shifts  []apiShift `json:"shifts" doc:"The shifts that they have then, and should have covered."`
}

func (p *api) absenceOperations() []operation {
	if p.Rota == nil {
		return nil
	}
	const group = "Absences"
	return []operation{
		define(operation{
			Name: "listAbsences", Method: http.MethodGet, Path: "/people/{handle}/absences", Group: group, Scope: access.Read, Query: spanParams,
			Summary: "Lists when somebody is away.",
		}, p.listAbsences),
		define(operation{
			Name: "addAbsence", Method: http.MethodPost, Path: "/people/{handle}/absences", Group: group, Scope: access.ScheduleWrite, Status: http.StatusCreated,
			Summary: "Notes that somebody is away, and tells which shifts they have then. The same one twice is one.",
		}, p.addAbsence),
		define(operation{
			Name: "removeAbsence", Method: http.MethodDelete, Path: "/people/{handle}/absences/{id}", Group: group, Scope: access.ScheduleWrite,
			Summary: "Takes an absence back.",
		}, p.removeAbsence),
	}
}

func absenceOf(one schedule.Absence, note bool) apiAbsence {
	out := apiAbsence{ID: one.ID, From: one.From.UTC(), Until: one.Until.UTC()}
	if note {
		out.Note = one.Note
	}
	return out
}

func (p *api) listAbsences(a *asked, _ nothing) (apiList[apiAbsence], error) {
	var none apiList[apiAbsence]
	person, from, until, err := during(a, p.person)
	if err != nil {
		return none, err
	}
	list, err := rota.Absences(a.ctx(), p.DB, person.ID, from, until)
	out := listOf[apiAbsence](nil)
	for _, one := range list {
		out.Items = append(out.Items, absenceOf(one, a.own(person) == nil))
	}
	return out, err
}

func (p *api) addAbsence(a *asked, in apiAbsence) (apiNotedAbsence, error) {
	out := apiNotedAbsence{Shifts: []apiShift{}}
	person, err := p.person(a)
	if err != nil {
		return out, err
	}
	added, hits, err := p.Rota.AddAbsence(a.ctx(), a.Actor(), a.admin(), schedule.Absence{Person: person.ID, From: in.From, Until: in.Until, Note: in.Note})
	if err != nil {
		return out, err
	}
	out.Absence = absenceOf(added, true)
	for _, hit := range hits {
		shifts, err := p.writeShifts(a, hit.Schedule, []schedule.Shift{hit.Shift})
		if err != nil {
			return out, err
		}
		out.Shifts = append(out.Shifts, shifts...)
	}
	return out, nil
}

func (p *api) removeAbsence(a *asked, _ nothing) (nothing, error) {
	person, err := p.person(a)
	if err == nil {
		err = a.own(person)
	}
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, pg.InTx(a.ctx(), p.DB, func(tx pgx.Tx) error {
		removed, err := p.Rota.In(tx).RemoveAbsence(a.ctx(), a.Actor(), a.admin(), a.numbered("id"))
		if err == nil && removed.Person != person.ID {
			err = fault.New(fault.NotFound, "%s has no such absence. GET the list of them for the numbers.", person.Handle)
		}
		return err
	})
}
