package web

import (
	"net/http"

	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// apiSchedule is a plan of who is on.
type apiSchedule struct {
	Name    string     `json:"name" doc:"Small letters, digits and hyphens: what is typed."`
	Title   string     `json:"title"`
	Role    string     `json:"role,omitempty" doc:"The role that whoever is on is asked for first; missing serves none."`
	Zone    string     `json:"zone" doc:"Of layers which have none of their own, by its IANA name."`
	Layers  []apiLayer `json:"layers" doc:"Whoever is on by an earlier one is asked first."`
	Version int        `json:"version" read:"1" doc:"The same number as in the ETag."`
}

func (v apiSchedule) version() int { return v.Version }

// apiLayer is one rotation.
type apiLayer struct {
	Name    string      `json:"name"`
	Zone    string      `json:"zone,omitempty" doc:"Missing is the schedule's."`
	Starts  string      `json:"starts" doc:"The first handoff, on the clock of the zone: 2026-03-02 09:00."`
	Ends    string      `json:"ends,omitempty" doc:"The same; missing is never."`
	Unit    string      `json:"unit" enum:"hour,day,week,month" doc:"What turns are counted in."`
	Turns   []int       `json:"turns" doc:"How many units each turn lasts, in turn."`
	Members []string    `json:"members" doc:"Handles, in order; somebody may stand there more than once."`
	Windows []apiWindow `json:"windows,omitempty" doc:"When the layer is on at all; missing is always."`
	Shadow  bool        `json:"shadow,omitempty" doc:"They look on, and are not rung."`
}

// apiWindow is a time of day, on some days of the week.
type apiWindow struct {
	Days  string `json:"days" doc:"mon-fri, or mon,wed, or daily."`
	Hours string `json:"hours" doc:"On the clock of the layer's zone: 09:00-17:00; an end before the beginning is on the next day."`
}

// apiSavedSchedule is a schedule that was saved just now.
type apiSavedSchedule struct {
	apiSchedule
	Warnings []string `json:"warnings,omitempty" doc:"Members whom nobody may ring for the role yet, in sentences."`
}

func (p *api) scheduleOperations() []operation {
	const group = "Schedules"
	list := []operation{
		define(operation{
			Name: "listSchedules", Method: http.MethodGet, Path: "/schedules", Group: group, Scope: access.Read, Summary: "Lists the schedules, by name.",
		}, p.listSchedules),
		define(operation{
			Name: "getSchedule", Method: http.MethodGet, Path: "/schedules/{name}", Group: group, Scope: access.Read, Guard: tagged,
			Summary: "Tells the rules of a schedule.",
		}, p.getSchedule),
		define(operation{
			Name: "listShifts", Method: http.MethodGet, Path: "/schedules/{name}/shifts", Group: group, Scope: access.Read, Query: spanParams,
			Summary: "Lists who is on by a schedule, by time, cut to the time that is asked about.",
		}, p.listShifts),
	}
	if p.Rota == nil {
		return list
	}
	return append(list,
		define(operation{
			Name: "addSchedule", Method: http.MethodPost, Path: "/schedules", Group: group, Scope: access.ScheduleWrite, Admin: true, Guard: tagged,
			Status: http.StatusCreated, Summary: "Makes a schedule.",
		}, p.addSchedule),
		defineGuarded(operation{
			Name: "putSchedule", Method: http.MethodPut, Path: "/schedules/{name}", Group: group, Scope: access.ScheduleWrite, Admin: true,
			Summary: "Changes the rules of a schedule.",
		}, p.putSchedule, p.getSchedule),
		defineGuarded(operation{
			Name: "retireSchedule", Method: http.MethodDelete, Path: "/schedules/{name}", Group: group, Scope: access.ScheduleWrite, Admin: true,
			Summary: "Ends a schedule: nobody is on by it any more. Its past is kept.",
		}, p.retireSchedule, p.getSchedule),
	)
}

// schedule is the schedule that the address names, by its whole name.
func (p *api) schedule(a *asked) (schedule.Schedule, error) {
	return p.scheduleCalled(a, a.named("name"))
}

func (p *api) scheduleCalled(a *asked, name string) (schedule.Schedule, error) {
	sched, err := rota.ByName(a.ctx(), p.DB, name)
	if err == nil && sched.Name != name {
		return sched, fault.New(fault.NotFound, "There is no schedule %q. Did you mean %s?", oncall.Clip(name, 64), sched.Name)
	}
	return sched, err
}

func (p *api) listSchedules(a *asked, _ nothing) (apiList[apiSchedule], error) {
	list, err := rota.Schedules(a.ctx(), p.DB)
	if err != nil {
		return listOf[apiSchedule](nil), err
	}
	written, err := p.writeSchedules(a, list...)
	return listOf(written), err
}

func (p *api) getSchedule(a *asked, _ nothing) (apiSchedule, error) {
	sched, err := p.schedule(a)
	if err != nil {
		return apiSchedule{}, err
	}
	return p.writeSchedule(a, sched)
}

func (p *api) listShifts(a *asked, _ nothing) (apiList[apiShift], error) {
	var none apiList[apiShift]
	sched, from, until, err := during(a, p.schedule)
	if err != nil {
		return none, err
	}
	book, err := rota.Load(a.ctx(), p.DB, from, until)
	if err != nil {
		return none, err
	}
	shifts, err := p.writeShifts(a, sched.Name, book.Shifts(sched, from, until))
	return listOf(shifts), err
}

func (p *api) addSchedule(a *asked, in apiSchedule) (apiSavedSchedule, error) {
	sched, err := p.readSchedule(a, in)
	if err != nil {
		return apiSavedSchedule{}, err
	}
	out, err := p.save(a, 0, sched)
	if err == nil {
		a.made("/schedules/" + out.Name)
	}
	return out, err
}

func (p *api) putSchedule(a *asked, in apiSchedule) (apiSavedSchedule, error) {
	old, err := p.schedule(a)
	if err != nil {
		return apiSavedSchedule{}, err
	}
	sched, err := p.readSchedule(a, in)
	if err != nil {
		return apiSavedSchedule{}, err
	}
	sched.ID = old.ID
	return p.save(a, a.based, sched)
}

func (p *api) save(a *asked, based int, sched schedule.Schedule) (apiSavedSchedule, error) {
	saved, warnings, err := p.Rota.Save(a.ctx(), a.Actor(), based, sched)
	if err != nil {
		return apiSavedSchedule{}, err
	}
	written, err := p.writeSchedule(a, saved)
	return apiSavedSchedule{written, warnings}, err
}

func (p *api) retireSchedule(a *asked, _ nothing) (nothing, error) {
	sched, err := p.schedule(a)
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, p.Rota.Retire(a.ctx(), a.Actor(), a.based, sched.ID)
}
