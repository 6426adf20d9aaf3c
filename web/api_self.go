package web

import (
	"net/http"
	"time"

	"batsignal/bot/command"
	"batsignal/oncall/access"
)

// apiSelf is whose token it is, and what it is for.
type apiSelf struct {
	Handle  string    `json:"handle" doc:"Whose token it is."`
	Zone    string    `json:"zone" doc:"Their time zone, by its IANA name."`
	Token   string    `json:"token" doc:"What they call the token."`
	Scopes  []string  `json:"scopes"`
	Expires time.Time `json:"expires"`
	Admin   bool      `json:"admin" doc:"Whether the token may do what administrators may."`
	Fire    bool      `json:"fire" doc:"Whether they may ask for the bat-signal."`
	Confirm bool      `json:"confirm" doc:"Whether they may confirm one."`
}

func (p *api) selfOperations() []operation {
	return []operation{define(operation{
		Name: "getSelf", Method: http.MethodGet, Path: "/me", Group: "About this", Scope: access.Read,
		Summary: "Tells whose token this is, and what it may be used for.",
	}, func(a *asked, _ nothing) (apiSelf, error) {
		out := apiSelf{
			Handle: a.Handle, Zone: a.Zone, Token: a.Token.Title, Expires: a.Token.ExpiresAt.UTC(), Scopes: []string{},
			Admin: a.admin(), Fire: a.Rights.Has(command.Fire), Confirm: a.Rights.Has(command.Confirm),
		}
		for _, scope := range a.Token.Scopes {
			out.Scopes = append(out.Scopes, string(scope))
		}
		return out, nil
	})}
}
