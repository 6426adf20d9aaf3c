package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents/action"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// actionsMost is how many actions are on a page.
const actionsMost = 200

// actionAsked is what a list of actions was asked for, in the words of its form.
type actionAsked struct {
	Person, Room, Network, Incident, Series, State string
}

// actionListBody is a list of actions.
type actionListBody struct {
	Asked   actionAsked
	Actions []action.Item
	More    bool
	Query   string // of the same list in other forms
	Narrow  bool   // something was asked for
}

func (s *site) actionList(w http.ResponseWriter, r *http.Request) error {
	f, asked, err := s.actionFilter(r)
	if err != nil {
		return err
	}
	list, err := s.actions(r, f)
	if err != nil {
		return err
	}
	body := actionListBody{Asked: asked, Actions: list, Query: asked.query(), Narrow: asked != actionAsked{State: "open"}}
	if body.More = len(list) > actionsMost; body.More {
		body.Actions = list[:actionsMost]
	}
	return s.render(w, r, http.StatusOK, "actions", view{Title: "Actions", Here: "/actions", Body: body})
}

// actions lists actions, but those of meetings that are not for everybody.
func (s *site) actions(r *http.Request, f action.Filter) ([]action.Item, error) {
	list, err := s.Actions.List(r.Context(), f)
	if err != nil || s.Meetings == nil || len(list) == 0 {
		return list, err
	}
	ids := make([]int64, 0, len(list))
	for _, a := range list {
		if a.Meeting != 0 {
			ids = append(ids, a.Meeting)
		}
	}
	hidden, err := s.Meetings.Restricted(r.Context(), ids)
	open := list[:0]
	for _, a := range list {
		if !hidden[a.Meeting] {
			open = append(open, a)
		}
	}
	return open, err
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

// actionBody is one action with what was done to it.
type actionBody struct {
	action.Item
	History []action.Change
	Source  string // the address of the line that it was noted in
	Meeting string // its title
}

func (s *site) action(w http.ResponseWriter, r *http.Request) error {
	text := chi.URLParam(r, "id")
	if len(text) > 1 && (text[0] == 'A' || text[0] == 'a') {
		text = text[1:]
	}
	id, ok := number(text)
	if !ok || id < 1 {
		return fault.New(fault.NotFound, "An action has a number, as in /actions/12.")
	}
	if own := "/actions/" + strconv.Itoa(id); r.URL.Path != own {
		http.Redirect(w, r, own, http.StatusPermanentRedirect)
		return nil
	}
	it, err := s.Actions.Get(r.Context(), int64(id))
	if fault.KindOf(err) == fault.NotFound {
		return noAction(int64(id))
	}
	if err != nil {
		return err
	}
	body := actionBody{Item: it}
	if s.Meetings != nil && it.Meeting != 0 {
		m, err := s.Meetings.Summary(r.Context(), it.Meeting)
		if fault.KindOf(err) == fault.NotFound { // its meeting is restricted
			return noAction(it.ID)
		}
		if err != nil {
			return err
		}
		body.Meeting = m.Title
	}
	if body.History, err = s.Actions.History(r.Context(), it.ID); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "action", view{Title: action.Ref(it.ID) + " " + it.Text, Here: "/actions", Body: body})
}

// noAction is what is said of an action that is not there, or not for everybody.
func noAction(id int64) error {
	return fault.New(fault.NotFound, "There is no action %s.", action.Ref(id))
}

// number reads a number of an address.
func number(text string) (int, bool) {
	n, err := strconv.ParseInt(text, 10, 32)
	return int(n), err == nil
}
