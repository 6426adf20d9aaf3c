package web

import (
	"net/http"
	"slices"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/duty"
	"batsignal/oncall/fault"
	"batsignal/oncall/skill"
)

// apiRole is a kind of work that an emergency needs somebody for.
type apiRole struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Leads    bool   `json:"leads" doc:"Whoever fills it first leads, if nobody does."`
	Minimum  int    `json:"minimum" doc:"How many should be on or awake at any time."`
	Patience int    `json:"patience_seconds" doc:"How long one person is waited for."`
	Urgent   int    `json:"patience_sev1_seconds" doc:"The same at severity 1."`
	Version  int    `json:"version" doc:"Of its roster and what it prefers."`
}

// apiRanking is who would be asked for a role.
type apiRanking struct {
	Role    apiRole       `json:"role"`
	At      time.Time     `json:"at"`
	Prefers [][]string    `json:"prefers" doc:"Combinations of skills, the best first."`
	Policy  string        `json:"policy,omitempty" doc:"The policy that is followed; missing for the built-in one."`
	People  []apiRanked   `json:"people" doc:"Who would be asked, in order, as a hunt would."`
	LeftOut []apiLeftOut  `json:"left_out" doc:"Who would be asked, and is not then."`
	Members []apiStanding `json:"members" doc:"Everybody of the roster, in its order."`
}

// apiRanked is somebody who can be rung.
type apiRanked struct {
	Handle   string     `json:"handle"`
	Place    int        `json:"place" doc:"From 1."`
	Step     int        `json:"step" doc:"The step of the policy, from 1."`
	Asleep   bool       `json:"asleep"`
	Schedule string     `json:"schedule,omitempty" doc:"By which they are on."`
	Layer    string     `json:"layer,omitempty"`
	Until    *time.Time `json:"until,omitempty" doc:"When that shift ends."`
	Wait     int        `json:"wait_seconds" doc:"How long they are waited for."`
	Why      string     `json:"why" doc:"In words."`
}

// apiLeftOut is somebody who is not asked.
type apiLeftOut struct {
	Handle string     `json:"handle"`
	Reason string     `json:"reason" doc:"In words."`
	Until  *time.Time `json:"until,omitempty"`
}

// apiStanding is somebody's place on a roster.
type apiStanding struct {
	Handle   string     `json:"handle"`
	Active   bool       `json:"active" doc:"Whether they can be rung for it."`
	Standing string     `json:"standing" doc:"In words."`
	Agreed   *time.Time `json:"agreed_at,omitempty" doc:"When they said yes."`
	Approved *time.Time `json:"approved_at,omitempty" doc:"When an administrator let them in."`
	Lapsed   *time.Time `json:"lapsed_at,omitempty" doc:"Since when their yes is too old."`
}

// apiRoster is what can be changed about a role's list.
type apiRoster struct {
	Order   []string `json:"order" doc:"Handles. Members who are missing come after the others, as they stood."`
	Minimum int      `json:"minimum" doc:"How many should be on or awake at any time; 0 asks for nobody."`
	Version int      `json:"version" read:"1" doc:"The same number as in the ETag."`
}

func (v apiRoster) version() int { return v.Version }

// apiPrefers is what a role prefers.
type apiPrefers struct {
	Prefers [][]string `json:"prefers" doc:"Combinations of skills, the best first; owner is whoever owns a component that the incident names."`
	Version int        `json:"version" read:"1" doc:"The same number as in the ETag."`
}

func (v apiPrefers) version() int { return v.Version }

func (p *api) roleOperations() []operation {
	const group = "Roles"
	list := []operation{
		define(operation{
			Name: "listRoles", Method: http.MethodGet, Path: "/roles", Group: group, Scope: access.Read, Summary: "Lists the roles, in their order.",
		}, p.listRoles),
		define(operation{
			Name: "getRole", Method: http.MethodGet, Path: "/roles/{name}", Group: group, Scope: access.Read, Query: []param{atParam},
			Summary: "Tells who would be asked for a role, in order, at an instant, and who is on its roster.",
		}, p.getRole),
		define(operation{
			Name: "getRoster", Method: http.MethodGet, Path: "/roles/{name}/roster", Group: group, Scope: access.Read, Guard: tagged,
			Summary: "Tells the order of a role's roster and its minimum.",
		}, p.getRoster),
		define(operation{
			Name: "getPreferences", Method: http.MethodGet, Path: "/roles/{name}/prefers", Group: group, Scope: access.Read, Guard: tagged,
			Summary: "Tells which skills a role prefers.",
		}, p.getPrefers),
	}
	if p.People != nil {
		list = append(list, defineGuarded(operation{
			Name: "putRoster", Method: http.MethodPut, Path: "/roles/{name}/roster", Group: group, Scope: access.RosterWrite, Admin: true,
			Summary: "Changes the order of a role's roster and its minimum.",
		}, p.putRoster, p.getRoster))
	}
	if p.Skills != nil {
		list = append(list, defineGuarded(operation{
			Name: "putPreferences", Method: http.MethodPut, Path: "/roles/{name}/prefers", Group: group, Scope: access.RosterWrite, Admin: true,
			Summary: "Changes which skills a role prefers.",
		}, p.putPrefers, p.getPrefers))
	}
	return list
}

// role is the role that the address names, by its whole name.
func (p *api) role(a *asked) (oncall.Role, error) { return p.roleNamed(a, a.named("name")) }

func (p *api) roleNamed(a *asked, name string) (oncall.Role, error) {
	roles, err := oncall.Roles(a.ctx(), p.DB)
	if err != nil {
		return oncall.Role{}, err
	}
	for _, r := range roles {
		if r.Name == name {
			return r, nil
		}
	}
	return oncall.Role{}, fault.New(fault.NotFound, "There is no role %q. The roles are %s.", oncall.Clip(name, 64), oncall.RoleNames(roles))
}

func roleOf(r oncall.Role) apiRole {
	return apiRole{
		Name: r.Name, Title: r.Title, Leads: r.Leads, Minimum: r.Minimum, Version: r.Version,
		Patience: int(r.Patience.Seconds()), Urgent: int(r.PatienceSev1.Seconds()),
	}
}

func (p *api) listRoles(a *asked, _ nothing) (apiList[apiRole], error) {
	roles, err := oncall.Roles(a.ctx(), p.DB)
	out := listOf[apiRole](nil)
	for _, r := range roles {
		out.Items = append(out.Items, roleOf(r))
	}
	return out, err
}

func (p *api) getRole(a *asked, _ nothing) (apiRanking, error) {
	at, err := a.at()
	if err != nil {
		return apiRanking{}, err
	}
	role, err := p.role(a)
	if err != nil {
		return apiRanking{}, err
	}
	ask := duty.Ask{Role: role.Name, Severity: 1}
	facts, err := duty.Load(a.ctx(), p.DB, ask, at, at.Add(duty.Ahead))
	if err != nil {
		return apiRanking{}, err
	}
	members, err := oncall.MembersOf(a.ctx(), p.DB, role.Name)
	if err != nil {
		return apiRanking{}, err
	}
	ranking := facts.Rank(ask, at)
	out := apiRanking{
		Role: roleOf(role), At: at, Prefers: append([][]string{}, facts.Prefers[role.Name]...), Policy: ranking.Policy.Name,
		People: rankedOf(ranking.People), LeftOut: leftOutOf(ranking.LeftOut), Members: []apiStanding{},
	}
	for _, m := range members {
		out.Members = append(out.Members, standingOf(m))
	}
	return out, nil
}

func rankedOf(people []duty.Ranked) []apiRanked {
	out := make([]apiRanked, 0, len(people))
	for _, r := range people {
		out = append(out, apiRanked{
			Handle: r.Handle(), Place: r.Place, Step: r.Tier, Asleep: r.Asleep, Schedule: r.Schedule, Layer: r.Layer,
			Until: instantOf(r.Until), Wait: int(r.Wait.Seconds()), Why: r.Why,
		})
	}
	return out
}

func leftOutOf(people []duty.LeftOut) []apiLeftOut {
	out := make([]apiLeftOut, 0, len(people))
	for _, l := range people {
		out = append(out, apiLeftOut{Handle: l.Handle, Reason: string(l.Reason), Until: instantOf(l.Until)})
	}
	return out
}

func standingOf(m oncall.Member) apiStanding {
	out := apiStanding{Handle: m.Person.Handle, Active: m.Active(), Standing: m.Standing()}
	for at, to := range map[*time.Time]**time.Time{m.AgreedAt: &out.Agreed, m.ApprovedAt: &out.Approved, m.LapsedAt: &out.Lapsed} {
		if at != nil {
			*to = instantOf(*at)
		}
	}
	return out
}

func (p *api) getRoster(a *asked, _ nothing) (apiRoster, error) {
	role, err := p.role(a)
	if err != nil {
		return apiRoster{}, err
	}
	return p.rosterOf(a, role)
}

func (p *api) rosterOf(a *asked, role oncall.Role) (apiRoster, error) {
	members, err := oncall.MembersOf(a.ctx(), p.DB, role.Name)
	out := apiRoster{Order: []string{}, Minimum: role.Minimum, Version: role.Version}
	for _, m := range members {
		out.Order = append(out.Order, m.Person.Handle)
	}
	return out, err
}

func (p *api) putRoster(a *asked, in apiRoster) (apiRoster, error) {
	role, err := p.role(a)
	if err != nil {
		return apiRoster{}, err
	}
	members, err := oncall.MembersOf(a.ctx(), p.DB, role.Name)
	if err != nil {
		return apiRoster{}, err
	}
	var order []int64
	for i, handle := range in.Order {
		at := slices.IndexFunc(members, func(m oncall.Member) bool { return m.Person.Handle == handle })
		if at < 0 {
			return apiRoster{}, wrong(indexed("order", i), "%s is not on the roster of %s. Add them first: POST %s/roles/%s/members.", oncall.Clip(handle, 64), role.Name, apiPath, role.Name)
		}
		order = append(order, members[at].Person.ID)
	}
	if role, err = p.People.SetRoster(a.ctx(), a.Actor(), role.Name, a.based, order, in.Minimum); err != nil {
		return apiRoster{}, err
	}
	return p.rosterOf(a, role)
}

func (p *api) getPrefers(a *asked, _ nothing) (apiPrefers, error) {
	role, err := p.role(a)
	if err != nil {
		return apiPrefers{}, err
	}
	prefers, version, err := skill.Preferences(a.ctx(), p.DB, role.Name)
	return apiPrefers{Prefers: append([][]string{}, prefers...), Version: version}, err
}

func (p *api) putPrefers(a *asked, in apiPrefers) (apiPrefers, error) {
	role, err := p.role(a)
	if err != nil {
		return apiPrefers{}, err
	}
	if _, err := p.Skills.SetPreferences(a.ctx(), a.Actor(), role.Name, a.based, in.Prefers); err != nil {
		return apiPrefers{}, err
	}
	return p.getPrefers(a, nothing{})
}
