package web

import (
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents/action"
	"batsignal/oncall/fault"
)

// actionsMost is how many actions are on a page.
const actionsMost = 200

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
	by, err := s.reader(r)
	if err != nil {
		return err
	}
	f.Restricted = by.Restricted
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

// actions lists actions, but those of meetings that are not for everybody unless they are
// asked for.
func (s *site) actions(r *http.Request, f action.Filter) ([]action.Item, error) {
	list, err := s.Actions.List(r.Context(), f)
	if err != nil || f.Restricted || s.Meetings == nil || len(list) == 0 {
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
		by, err := s.reader(r)
		if err != nil {
			return err
		}
		m, err := s.Meetings.Summary(r.Context(), by, it.Meeting)
		if fault.KindOf(err) == fault.NotFound { // its meeting is not for this reader
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
