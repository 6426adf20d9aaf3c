package web

import (
	"net/http"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/duty"
	"batsignal/oncall/policy"
)

// apiPolicy is one way to look for somebody.
type apiPolicy struct {
	Name    string    `json:"name" read:"1"`
	Title   string    `json:"title"`
	Repeats int       `json:"repeats" doc:"How often the steps are gone through; 0 is for ever."`
	Needs   int       `json:"needs,omitempty" doc:"How many must answer before the role is filled; 0 is one."`
	Steps   []apiStep `json:"steps"`
	Version int       `json:"version" read:"1" doc:"The same number as in the ETag."`
}

func (v apiPolicy) version() int { return v.Version }

// apiStep is whom to ring at one point.
type apiStep struct {
	Targets []apiTarget `json:"targets"`
	Wait    int         `json:"wait_seconds,omitempty" doc:"For each ring, if nobody answers; missing is the role's patience."`
	All     bool        `json:"all,omitempty" doc:"Ring everybody of the step at once."`
}

// apiTarget is whom a step rings, or the room that it tells.
type apiTarget struct {
	Kind string `json:"kind" enum:"role,schedule,person,room"`
	Name string `json:"name" doc:"Of a room #ops, or libera/#ops on one network only."`
}

// apiPolicies is every policy, with who follows it.
type apiPolicies struct {
	Items []apiPolicy `json:"items"`
	Uses  []apiUse    `json:"uses" doc:"Which role follows which; every other follows the built-in one."`
}

// apiUse is a policy that a role follows.
type apiUse struct {
	Role     string `json:"role"`
	Severity int    `json:"severity" doc:"1 to 4; 0 is every severity without a policy of its own."`
	Policy   string `json:"policy" doc:"Empty is the built-in one."`
}

// apiTrial is what a hunt would do if nobody answered.
type apiTrial struct {
	Role     string       `json:"role"`
	Severity int          `json:"severity"`
	At       time.Time    `json:"at"`
	Policy   string       `json:"policy,omitempty" doc:"That is followed; missing is the built-in one."`
	Events   []apiEvent   `json:"events"`
	LeftOut  []apiLeftOut `json:"left_out"`
}

// apiEvent is one instant of a hunt.
type apiEvent struct {
	At    time.Time `json:"at"`
	Round int       `json:"round"`
	Step  int       `json:"step" doc:"0 while nobody is rung."`
	Ring  []string  `json:"ring" doc:"Handles of who is rung."`
	Rooms []string  `json:"rooms" doc:"That are told."`
	Says  string    `json:"says" doc:"In words."`
	Stop  bool      `json:"stop" doc:"Nobody is rung any more."`
}

func (p *api) policyOperations() []operation {
	const group = "Policies"
	list := []operation{
		define(operation{
			Name: "listPolicies", Method: http.MethodGet, Path: "/policies", Group: group, Scope: access.Read,
			Summary: "Lists the escalation policies, and which role follows which.",
		}, p.listPolicies),
		define(operation{
			Name: "tryPolicy", Method: http.MethodGet, Path: "/policies/try", Group: group, Scope: access.Read,
			Query: []param{
				{Name: "role", Kind: textParam, Needed: true, Help: "Which role is hunted for."},
				{Name: "severity", Kind: numberParam, Help: "1 to 4, and 1 if it is missing."}, atParam,
			},
			Summary: "Tells whom a hunt would ring, and when, if nobody answered. Nobody is rung.",
		}, p.tryPolicy),
		define(operation{
			Name: "getPolicy", Method: http.MethodGet, Path: "/policies/{name}", Group: group, Scope: access.Read, Guard: tagged,
			Summary: "Tells the steps of a policy.",
		}, p.getPolicy),
	}
	if p.Policies == nil {
		return list
	}
	return append(list,
		defineGuarded(operation{
			Name: "putPolicy", Method: http.MethodPut, Path: "/policies/{name}", Group: group, Scope: access.PolicyWrite, Admin: true, Guard: creating,
			Summary: "Changes a policy, or makes it: then with If-None-Match: *",
		}, p.putPolicy, p.getPolicy),
		defineGuarded(operation{
			Name: "removePolicy", Method: http.MethodDelete, Path: "/policies/{name}", Group: group, Scope: access.PolicyWrite, Admin: true,
			Summary: "Deletes a policy that no role follows.",
		}, p.removePolicy, p.getPolicy),
		define(operation{
			Name: "putPolicyOfRole", Method: http.MethodPut, Path: "/roles/{name}/policy", Group: group, Scope: access.PolicyWrite, Admin: true,
			Summary: "Has a role follow a policy at a severity. The same once more changes nothing.",
		}, p.putPolicyOfRole),
	)
}

func policyOf(from policy.Policy) apiPolicy {
	out := apiPolicy{Name: from.Name, Title: from.Title, Repeats: from.Repeats, Needs: from.Needs, Steps: []apiStep{}, Version: from.Version}
	for _, s := range from.Steps {
		step := apiStep{Targets: []apiTarget{}, Wait: int(s.Wait.Seconds()), All: s.All}
		for _, t := range s.Targets {
			step.Targets = append(step.Targets, apiTarget{string(t.Kind), t.Name})
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}

func (p *api) listPolicies(a *asked, _ nothing) (apiPolicies, error) {
	set, err := policy.Load(a.ctx(), p.DB)
	out := apiPolicies{Items: []apiPolicy{}, Uses: []apiUse{}}
	for _, one := range set.Policies {
		out.Items = append(out.Items, policyOf(one))
	}
	for _, u := range set.Uses {
		out.Uses = append(out.Uses, apiUse(u))
	}
	return out, err
}

func (p *api) getPolicy(a *asked, _ nothing) (apiPolicy, error) {
	found, err := policy.Get(a.ctx(), p.DB, a.named("name"))
	return policyOf(found), err
}

func (p *api) putPolicy(a *asked, in apiPolicy) (apiPolicy, error) {
	next := policy.Policy{Name: a.named("name"), Title: in.Title, Version: a.based, Repeats: in.Repeats, Needs: in.Needs}
	for _, s := range in.Steps {
		step := policy.Step{Wait: time.Duration(s.Wait) * time.Second, All: s.All}
		for _, t := range s.Targets {
			step.Targets = append(step.Targets, policy.Target{Kind: policy.Kind(t.Kind), Name: t.Name})
		}
		next.Steps = append(next.Steps, step)
	}
	saved, err := p.Policies.Save(a.ctx(), a.Actor(), next)
	return policyOf(saved), err
}

func (p *api) removePolicy(a *asked, _ nothing) (nothing, error) {
	return nothing{}, p.Policies.Remove(a.ctx(), a.Actor(), a.named("name"), a.based)
}

const (
	triedFor  = 24 * time.Hour
	triedMost = 50 // events that are told
)

func (p *api) tryPolicy(a *asked, _ nothing) (apiTrial, error) {
	at, err := a.at()
	if err != nil {
		return apiTrial{}, err
	}
	severity, err := a.number("severity", 1, 4, 1)
	if err != nil {
		return apiTrial{}, err
	}
	var role oncall.Role
	if role, err = p.roleNamed(a, a.text("role")); err != nil {
		return apiTrial{}, err
	}
	ask := duty.Ask{Role: role.Name, Severity: severity}
	facts, err := duty.Load(a.ctx(), p.DB, ask, at, at.Add(triedFor))
	if err != nil {
		return apiTrial{}, err
	}
	ranking := facts.Rank(ask, at)
	out := apiTrial{
		Role: role.Name, Severity: severity, At: at, Policy: ranking.Policy.Name, Events: []apiEvent{}, LeftOut: leftOutOf(ranking.LeftOut),
	}
	for _, e := range facts.Simulate(ask, at, at.Add(triedFor), triedMost) {
		one := apiEvent{At: e.At.UTC(), Round: e.Round, Step: e.Tier, Ring: []string{}, Rooms: append([]string{}, e.Rooms...), Says: e.Words, Stop: e.Stop}
		for _, r := range e.Ring {
			one.Ring = append(one.Ring, r.Handle())
		}
		out.Events = append(out.Events, one)
	}
	return out, nil
}

// apiFollows is a policy that a role is to follow.
type apiFollows struct {
	Severity int    `json:"severity" doc:"1 to 4; 0 is every severity without a policy of its own."`
	Policy   string `json:"policy" doc:"Empty is the built-in one."`
}

func (p *api) putPolicyOfRole(a *asked, in apiFollows) (apiUse, error) {
	role, err := p.role(a)
	if err != nil {
		return apiUse{}, err
	}
	u := policy.Use{Role: role.Name, Severity: in.Severity, Policy: in.Policy}
	return apiUse(u), p.Policies.Assign(a.ctx(), a.Actor(), u)
}
