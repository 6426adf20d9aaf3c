package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// apiPerson is what somebody can change about themselves.
type apiPerson struct {
	Handle    string   `json:"handle" read:"1"`
	Name      string   `json:"name" doc:"What to call them; may be empty."`
	Zone      string   `json:"zone" doc:"Their time zone, by its IANA name."`
	Awake     string   `json:"awake" doc:"When they are awake, on their own clock: 07:00-23:00."`
	Work      *apiWork `json:"work,omitempty" doc:"When they work; missing says nothing about it."`
	Region    string   `json:"region,omitempty" doc:"Whose public holidays are theirs: de or de-by."`
	Languages []string `json:"languages" doc:"Codes of languages, those that they like best first."`
	Version   int      `json:"version" read:"1" doc:"The same number as in the ETag."`
}

func (v apiPerson) version() int { return v.Version }

// apiWork is when somebody works.
type apiWork struct {
	Days  string `json:"days" doc:"mon-fri, or mon,wed, or daily."`
	Hours string `json:"hours" doc:"On their own clock: 09:00-17:00."`
}

// apiSomebody is a person in a list, as they are just now.
type apiSomebody struct {
	Handle    string     `json:"handle"`
	Name      string     `json:"name"`
	Zone      string     `json:"zone"`
	Awake     bool       `json:"awake" doc:"Whether they were heard just now, or their clock is inside their waking hours."`
	AwayUntil *time.Time `json:"away_until,omitempty" doc:"They are away until then."`
	Roles     []string   `json:"roles" doc:"The roles for which they can be rung."`
}

// apiShift is a time at which somebody is on.
type apiShift struct {
	Schedule string     `json:"schedule"`
	Layer    string     `json:"layer,omitempty" doc:"Missing for somebody who comes in addition."`
	Person   string     `json:"person" doc:"A handle."`
	From     time.Time  `json:"from"`
	Until    *time.Time `json:"until,omitempty" doc:"Missing: for as long as nobody changes the schedule."`
	Of       string     `json:"of,omitempty" doc:"Whose turn it is by the rotation, if somebody else's."`
	Away     bool       `json:"away" doc:"They are away: by this layer nobody is on."`
	Shadow   bool       `json:"shadow" doc:"They look on, and are not rung."`
	Override int64      `json:"override,omitempty" doc:"The override that it comes of."`
}

func (p *api) peopleOperations() []operation {
	const group = "People"
	list := []operation{
		define(operation{
			Name: "listPeople", Method: http.MethodGet, Path: "/people", Group: group, Scope: access.Read, Query: pageParams,
			Summary: "Lists everybody by handle, with whether they are awake or away.",
		}, p.listPeople),
		define(operation{
			Name: "getPerson", Method: http.MethodGet, Path: "/people/{handle}", Group: group, Scope: access.Read, Guard: tagged,
			Summary: "Tells what a person says of themselves.",
		}, p.getPerson),
		define(operation{
			Name: "listShiftsOfPerson", Method: http.MethodGet, Path: "/people/{handle}/shifts", Group: group, Scope: access.Read, Query: spanParams,
			Summary: "Lists when somebody is on, by every schedule.",
		}, p.shiftsOfPerson),
	}
	if p.People != nil {
		list = append(list, defineGuarded(operation{
			Name: "putPerson", Method: http.MethodPut, Path: "/people/{handle}", Group: group, Scope: access.RosterWrite,
			Summary: "Changes what is known of a person: their own program may, and administrators'.",
		}, p.putPerson, p.getPerson))
	}
	return list
}

// person is the person that the address names.
func (p *api) person(a *asked) (oncall.Person, error) {
	return oncall.PersonByHandle(a.ctx(), p.DB, a.named("handle"))
}

// own refuses to change what is somebody else's.
func (a *asked) own(person oncall.Person) error {
	if person.ID == a.PersonID || a.admin() {
		return nil
	}
	return fault.New(fault.Forbidden, "Only %s or an administrator can do that.", person.Handle)
}

func (p *api) listPeople(a *asked, _ nothing) (apiList[apiSomebody], error) {
	var none apiList[apiSomebody]
	most, err := a.limit()
	if err != nil {
		return none, err
	}
	people, err := oncall.People(a.ctx(), p.DB)
	if err != nil {
		return none, err
	}
	members, err := oncall.Members(a.ctx(), p.DB)
	if err != nil {
		return none, err
	}
	book, err := rota.Load(a.ctx(), p.DB, a.now, a.now)
	if err != nil {
		return none, err
	}
	roles := map[int64][]string{}
	for _, m := range members {
		if m.Active() {
			roles[m.Person.ID] = append(roles[m.Person.ID], m.Role)
		}
	}
	after := a.text("after")
	people = slices.DeleteFunc(people, func(one oncall.Person) bool { return after != "" && strings.Compare(one.Handle, after) <= 0 })
	slices.SortFunc(people, func(x, y oncall.Person) int { return strings.Compare(x.Handle, y.Handle) })
	list := cut(people, most, func(one oncall.Person) string { return one.Handle })
	out := apiList[apiSomebody]{Items: []apiSomebody{}, Next: list.Next}
	for _, one := range list.Items {
		item := apiSomebody{Handle: one.Handle, Name: one.Name, Zone: one.Zone, Awake: one.Awake(a.now), Roles: append([]string{}, roles[one.ID]...)}
		if until, away := book.Away(one.ID, a.now); away {
			item.AwayUntil, item.Awake = instantOf(until), false
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

func (p *api) getPerson(a *asked, _ nothing) (apiPerson, error) {
	person, err := p.person(a)
	return personOf(person), err
}

func personOf(person oncall.Person) apiPerson {
	out := apiPerson{
		Handle: person.Handle, Name: person.Name, Zone: person.Zone, Awake: oncall.Minutes(person.Wakes) + "-" + oncall.Minutes(person.Sleeps),
		Region: person.Region, Languages: append([]string{}, strings.Fields(person.Languages)...), Version: person.Version,
	}
	if person.WorksFrom != nil && person.WorksUntil != nil {
		out.Work = &apiWork{Days: oncall.WriteDays(person.WorksDays), Hours: oncall.Minutes(*person.WorksFrom) + "-" + oncall.Minutes(*person.WorksUntil)}
	}
	return out
}

func (p *api) putPerson(a *asked, in apiPerson) (apiPerson, error) {
	person, err := p.person(a)
	if err == nil {
		err = a.own(person)
	}
	if err != nil {
		return apiPerson{}, err
	}
	profile := oncall.Profile{Name: in.Name, Zone: in.Zone, Region: in.Region, Languages: strings.Join(in.Languages, " ")}
	if profile.Wakes, profile.Sleeps, err = oncall.ParseHours(in.Awake); err != nil {
		return apiPerson{}, wrong("awake", "%s", fault.Say(err))
	}
	if in.Work != nil {
		from, until, err := oncall.ParseHours(in.Work.Hours)
		if err != nil {
			return apiPerson{}, wrong("work.hours", "%s", fault.Say(err))
		}
		if profile.WorksDays, err = oncall.ParseDays(in.Work.Days); err != nil {
			return apiPerson{}, wrong("work.days", "%s", fault.Say(err))
		}
		profile.WorksFrom, profile.WorksUntil = &from, &until
	}
	person, err = p.People.SetProfile(a.ctx(), a.Actor(), person.ID, a.based, profile)
	return personOf(person), err
}

func (p *api) shiftsOfPerson(a *asked, _ nothing) (apiList[apiShift], error) {
	var none apiList[apiShift]
	person, from, until, err := during(a, p.person)
	if err != nil {
		return none, err
	}
	book, err := rota.Load(a.ctx(), p.DB, from, until)
	if err != nil {
		return none, err
	}
	var out []apiShift
	for _, sched := range book.Schedules {
		shifts := slices.DeleteFunc(book.Shifts(sched, from, until), func(sh schedule.Shift) bool { return sh.Person != person.ID })
		written, err := p.writeShifts(a, sched.Name, shifts)
		if err != nil {
			return none, err
		}
		out = append(out, written...)
	}
	slices.SortStableFunc(out, func(x, y apiShift) int { return x.From.Compare(y.From) })
	return listOf(out), nil
}

// writeShifts writes shifts with the handles of people.
func (p *api) writeShifts(a *asked, name string, shifts []schedule.Shift) ([]apiShift, error) {
	var ids []int64
	for _, sh := range shifts {
		ids = append(ids, sh.Person, sh.Of)
	}
	handles, err := p.handles(a, ids...)
	out := make([]apiShift, 0, len(shifts))
	for _, sh := range shifts {
		one := apiShift{
			Schedule: name, Layer: sh.Layer, Person: handles[sh.Person], From: sh.From.UTC(), Of: handles[sh.Of],
			Away: sh.Away, Shadow: sh.Shadow, Override: sh.Override,
		}
		if !sh.Endless() {
			one.Until = instantOf(sh.Until)
		}
		out = append(out, one)
	}
	return out, err
}

// handles names people.
func (p *api) handles(a *asked, ids ...int64) (map[int64]string, error) {
	out := map[int64]string{}
	if len(ids) == 0 {
		return out, nil
	}
	slices.Sort(ids)
	people, err := oncall.PeopleAmong(a.ctx(), p.DB, slices.Compact(ids))
	for _, one := range people {
		out[one.ID] = one.Handle
	}
	return out, err
}

// numberOfHandle finds somebody whom a body names; "" is nobody.
func (p *api) numberOfHandle(a *asked, field, handle string) (int64, error) {
	if handle == "" {
		return 0, nil
	}
	person, err := oncall.PersonByHandle(a.ctx(), p.DB, handle)
	if fault.KindOf(err) == fault.NotFound {
		return 0, wrong(field, "%s", fault.Say(err))
	}
	return person.ID, err
}

// instantOf is an instant that may be missing.
func instantOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
