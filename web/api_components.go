package web

import (
	"net/http"

	"batsignal/oncall/access"
	"batsignal/oncall/component"
)

// apiComponent is something that is looked after.
type apiComponent struct {
	Name    string     `json:"name"`
	Aliases []string   `json:"aliases"`
	Source  string     `json:"source,omitempty" doc:"The list that brought it; missing is by hand."`
	Owners  []apiOwner `json:"owners" doc:"Owners first."`
	Told    []string   `json:"suggested" doc:"What was told about it and is not an entry, in words."`
}

// apiOwner is somebody who owns or knows a component.
type apiOwner struct {
	Handle string `json:"handle,omitempty" doc:"Missing for somebody whom we do not know."`
	Login  string `json:"login,omitempty" doc:"What a list calls them."`
	Rank   string `json:"rank" enum:"owner,co-owner,knows"`
	Says   string `json:"says" doc:"Who says so."`
}

func (p *api) componentOperations() []operation {
	return []operation{define(operation{
		Name: "getComponent", Method: http.MethodGet, Path: "/components/{name}", Group: "Components", Scope: access.Read,
		Summary: "Tells who looks after a component, by its name or an alias.",
	}, p.getComponent)}
}

func (p *api) getComponent(a *asked, _ nothing) (apiComponent, error) {
	found, err := component.Find(a.ctx(), p.DB, a.named("name"))
	if err != nil {
		return apiComponent{}, err
	}
	out := apiComponent{Name: found.Name, Aliases: append([]string{}, found.Aliases...), Source: found.Source, Owners: []apiOwner{}, Told: []string{}}
	owners, err := component.Owners(a.ctx(), p.DB, found.ID)
	if err != nil {
		return out, err
	}
	for _, o := range owners {
		out.Owners = append(out.Owners, apiOwner{Handle: o.Handle, Login: o.Login, Rank: string(o.Rank), Says: o.Says()})
	}
	answers, err := component.Answers(a.ctx(), p.DB, found.Name)
	for _, one := range answers {
		if one.AcceptedBy == "" {
			out.Told = append(out.Told, one.Says())
		}
	}
	return out, err
}
