package web

import (
	"fmt"
	"net/http"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
)

// apiJoin asks for a place on a roster.
type apiJoin struct {
	Handle string `json:"handle" doc:"One's own says yes oneself; an administrator adds others, who are asked."`
	Words  string `json:"words,omitempty" doc:"A yes in one's own words."`
}

// apiLeft tells what ended with a membership.
type apiLeft struct {
	Roles     []string       `json:"roles" doc:"What they are not rung for any more."`
	Schedules []string       `json:"schedules" doc:"In which they stand no more."`
	Shifts    []apiLostShift `json:"shifts" doc:"When they would have been on in the next weeks."`
}

// apiLostShift is a shift that somebody would have had.
type apiLostShift struct {
	Schedule string    `json:"schedule"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
}

func (p *api) memberOperations() []operation {
	if p.People == nil {
		return nil
	}
	const group = "Roles"
	return []operation{
		define(operation{
			Name: "addMember", Method: http.MethodPost, Path: "/roles/{name}/members", Group: group, Scope: access.RosterWrite, Status: http.StatusCreated,
			Summary: "Says yes to a role oneself, or adds somebody on an administrator's word. The same once more changes nothing.",
		}, p.addMember),
		define(operation{
			Name: "removeMember", Method: http.MethodDelete, Path: "/roles/{name}/members/{handle}", Group: group, Scope: access.RosterWrite, Status: http.StatusOK,
			Summary: "Leaves a role, or removes somebody from it; it takes effect at once. Tells what ended by it.",
		}, p.removeMember),
	}
}

func (p *api) addMember(a *asked, in apiJoin) (apiStanding, error) {
	role, err := p.role(a)
	if err != nil {
		return apiStanding{}, err
	}
	if in.Handle == a.Handle {
		m, err := p.People.Join(a.ctx(), a.Actor(), role.Name, oncall.Hours{}, in.Words)
		return standingOf(m), err
	}
	if !a.admin() {
		return apiStanding{}, fault.New(fault.Forbidden, "Only administrators add others. Everybody says yes for themselves: send your own handle, %s.", a.Handle)
	}
	if in.Words != "" {
		return apiStanding{}, wrong("words", "Nobody can say yes for somebody else. Leave out words: %s is asked.", oncall.Clip(in.Handle, 64))
	}
	if _, err := p.numberOfHandle(a, "handle", in.Handle); err != nil {
		return apiStanding{}, err
	}
	m, err := p.People.Add(a.ctx(), a.Actor(), in.Handle, role.Name)
	return standingOf(m), err
}

func (p *api) removeMember(a *asked, _ nothing) (apiLeft, error) {
	out := apiLeft{Roles: []string{}, Schedules: []string{}, Shifts: []apiLostShift{}}
	role, err := p.role(a)
	if err != nil {
		return out, err
	}
	person, err := p.person(a)
	if err == nil {
		err = a.own(person)
	}
	if err != nil {
		return out, err
	}
	left, err := p.People.Leave(a.ctx(), a.Actor(), person.Handle, role.Name)
	out.Roles, out.Schedules = append(out.Roles, left.Roles...), append(out.Schedules, left.Schedules...)
	for _, sh := range left.Shifts {
		out.Shifts = append(out.Shifts, apiLostShift{Schedule: sh.Schedule, From: sh.From.UTC(), Until: sh.Until.UTC()})
	}
	return out, err
}

// indexed names an entry of a list in a body.
func indexed(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }
