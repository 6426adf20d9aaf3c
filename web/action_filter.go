package web

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"batsignal/incidents/action"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// actionAsked is what a list of actions was asked for, in the words of its form.
type actionAsked struct {
	Person, Room, Network, Incident, Series, State string
}

// actionFilter reads what a list is asked for from its address.
func (s *site) actionFilter(r *http.Request) (f action.Filter, asked actionAsked, err error) {
	q := r.URL.Query()
	get := func(name string) string {
		text := strings.TrimSpace(q.Get(name))
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) || utf8.RuneCountInString(text) > 200 {
			err = fault.New(fault.Invalid, "What was asked for as %s cannot be read.", name)
		}
		return text
	}
	asked = actionAsked{get("person"), get("room"), get("network"), get("incident"), get("series"), get("state")}
	if err != nil {
		return f, asked, err
	}
	f = action.Filter{Network: asked.Network, Room: asked.Room, Series: asked.Series}
	switch asked.State {
	case "":
		asked.State, f.State = "open", action.Open
	case "open", "done", "dropped":
		f.State = action.State(asked.State)
	case "all":
	default:
		return f, asked, fault.New(fault.Invalid, "An action is open, done or dropped; state=all lists all of them.")
	}
	if asked.Person != "" {
		p, err := oncall.PersonByHandle(r.Context(), s.DB, strings.ToLower(asked.Person))
		if err != nil {
			return f, asked, err
		}
		f.Person = p.ID
	}
	if asked.Incident != "" {
		if f.Incident, err = parseIncident(asked.Incident); err != nil {
			return f, asked, err
		}
	}
	return f, asked, nil
}

// query is the same as an address has it.
func (a actionAsked) query() string {
	q := url.Values{}
	for name, value := range map[string]string{
		"person": a.Person, "room": a.Room, "network": a.Network, "incident": a.Incident, "series": a.Series,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if a.State != "open" {
		q.Set("state", a.State)
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// actionsPath is where actions are listed: names and values in turn say which.
func actionsPath(asked ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(asked); i += 2 {
		q.Set(asked[i], asked[i+1])
	}
	return "/actions?" + q.Encode()
}
