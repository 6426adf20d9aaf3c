package web

import (
	"net/http"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/duty"
)

// apiOnCall is who is there for a role at an instant: what !oncall tells.
type apiOnCall struct {
	Role   string    `json:"role"`
	Title  string    `json:"title"`
	At     time.Time `json:"at"`
	On     []apiOn   `json:"on" doc:"By the schedules of the role, in order; each person once."`
	Awake  []string  `json:"awake" doc:"Handles of others on the roster who are awake, in order."`
	Asleep []string  `json:"asleep"`
	Away   []string  `json:"away"`
}

// apiOn is somebody who is on by a schedule.
type apiOn struct {
	Handle   string     `json:"handle"`
	Schedule string     `json:"schedule"`
	Layer    string     `json:"layer,omitempty" doc:"Missing for somebody who comes in addition."`
	Until    *time.Time `json:"until,omitempty"`
	Next     string     `json:"next,omitempty" doc:"Who is on after them, for the first of a schedule."`
	Shadow   bool       `json:"shadow" doc:"Looks on, and is not rung."`
	Away     bool       `json:"away" doc:"Is absent, so that nobody is on by this layer."`
	Asleep   bool       `json:"asleep"`
	Agreed   bool       `json:"agreed" doc:"Whether they said yes to the role; who did not is not rung."`
}

func (p *api) oncallOperations() []operation {
	return []operation{define(operation{
		Name: "whoIsOn", Method: http.MethodGet, Path: "/oncall", Group: "Who is on", Scope: access.Read,
		Query:   []param{{Name: "role", Kind: textParam, Help: "Only this role; all if it is missing."}, atParam},
		Summary: "Tells who is on for each role, until when, and who is awake.",
	}, p.whoIsOn)}
}

func (p *api) whoIsOn(a *asked, _ nothing) (apiList[apiOnCall], error) {
	var none apiList[apiOnCall]
	at, err := a.at()
	if err != nil {
		return none, err
	}
	var roles []string
	if name := a.text("role"); name != "" {
		role, err := p.roleNamed(a, name)
		if err != nil {
			return none, err
		}
		roles = []string{role.Name}
	}
	facts, err := duty.Glance(a.ctx(), p.DB, at, at.Add(duty.Ahead))
	if err != nil {
		return none, err
	}
	out := listOf[apiOnCall](nil)
	for _, now := range facts.Now(at, roles...) {
		one := apiOnCall{
			Role: now.Role.Name, Title: now.Role.Title, At: at, On: []apiOn{},
			Awake: handlesOf(now.Awake), Asleep: handlesOf(now.Asleep), Away: handlesOf(now.Away),
		}
		for _, on := range now.On {
			one.On = append(one.On, apiOn{
				Handle: on.Person.Handle, Schedule: on.Schedule, Layer: on.Layer, Until: instantOf(on.Until), Next: on.Next,
				Shadow: on.Shadow, Away: on.Away, Asleep: on.Asleep, Agreed: !on.NoYes,
			})
		}
		out.Items = append(out.Items, one)
	}
	return out, nil
}

func handlesOf(people []*oncall.Person) []string {
	out := make([]string, 0, len(people))
	for _, one := range people {
		out = append(out, one.Handle)
	}
	return out
}
