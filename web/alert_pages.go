package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents/alert"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

const (
	alertsOfGroup = 50 // that are shown of each group in the list
	alertRefresh  = 30 // seconds, while something is open
)

// alertsBody is a list of alerts by the group in which they are paged, or all of one group.
type alertsBody struct {
	Groups []alert.Listed
	Key    string // only what came by it
	Past   bool
	Keys   []string // to choose from
	Older  string   // the address of older ones; "" is none
	First  bool

	Group  *alert.Group // all of this one
	Alerts []alert.Alert
}

func (s *site) alertList(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	before, err := beforeOf(r)
	if err != nil {
		return err
	}
	body := alertsBody{Key: oncall.Clip(strings.TrimSpace(q.Get("key")), 48), Past: q.Get("state") == "past", First: before == 0}
	if group := q.Get("group"); group != "" {
		return s.alertsOf(w, r, group, before)
	}
	if body.Groups, err = alert.Groups(r.Context(), s.DB, alert.Query{Past: body.Past, Key: body.Key, Before: before, Most: listMost + 1}, alertsOfGroup); err != nil {
		return err
	}
	if len(body.Groups) > listMost {
		body.Groups = body.Groups[:listMost]
		older := url.Values{"before": {strconv.FormatInt(body.Groups[listMost-1].ID, 10)}}
		if body.Key != "" {
			older.Set("key", body.Key)
		}
		if body.Past {
			older.Set("state", "past")
		}
		body.Older = "/alerts?" + older.Encode()
	}
	keys, err := s.Alerts.Keys(r.Context(), true)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, k := range keys {
		if !seen[k.Name] {
			seen[k.Name] = true
			body.Keys = append(body.Keys, k.Name)
		}
	}
	out := view{Title: "Alerts", Here: "/alerts", Body: body}
	if !body.Past && body.First {
		out.Refresh = alertRefresh
	}
	return s.render(w, r, http.StatusOK, "alerts", out)
}

// alertsOf shows every alert of one group, also those that are over.
func (s *site) alertsOf(w http.ResponseWriter, r *http.Request, text string, before int64) error {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return errNoGroup
	}
	g, found, err := alert.GetGroup(r.Context(), s.DB, id)
	if err != nil {
		return err
	}
	if !found {
		return errNoGroup
	}
	body := alertsBody{Group: &g, First: before == 0}
	if body.Alerts, err = alert.List(r.Context(), s.DB, alert.Query{Past: true, Group: id, Before: before, Most: mostPage + 1}); err != nil {
		return err
	}
	if len(body.Alerts) > mostPage {
		body.Alerts = body.Alerts[:mostPage]
		body.Older = "/alerts?" + url.Values{"group": {text}, "before": {strconv.FormatInt(body.Alerts[mostPage-1].ID, 10)}}.Encode()
	}
	return s.render(w, r, http.StatusOK, "alerts", view{Title: "Alerts from " + g.Key, Here: "/alerts", Body: body})
}

var errNoGroup = fault.New(fault.NotFound, "There are no such alerts. Those that are open: /alerts")

// alertBody is one alert.
type alertBody struct {
	alert.Alert
	Group alert.Group
	Pages []paging.Page // of its group
	Did   string
}

// Others counts the alerts that came with it and are not over.
func (b alertBody) Others() int {
	n := b.Group.Triggered + b.Group.Acknowledged
	if b.State != alert.Resolved {
		n--
	}
	return n
}

// Waiting counts the alerts that came with it and that nobody looks at.
func (b alertBody) Waiting() int {
	if b.State == alert.Triggered {
		return b.Group.Triggered - 1
	}
	return b.Group.Triggered
}

var alertDids = map[string]string{
	"acked": "It is acknowledged.", "resolved": "It is resolved.", "before": "Somebody was first: nothing was left to do.",
}

func (s *site) showAlert(w http.ResponseWriter, r *http.Request) error {
	id, err := alertID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	body := alertBody{Did: alertDids[r.URL.Query().Get("did")]}
	if body.Alert, err = alert.Get(r.Context(), s.DB, id); err != nil {
		return err
	}
	if own := alertPath(id); r.URL.Path != own {
		http.Redirect(w, r, own, http.StatusPermanentRedirect)
		return nil
	}
	if body.Group, _, err = alert.GetGroup(r.Context(), s.DB, body.GroupID); err != nil {
		return err
	}
	if body.Pages, err = paging.Of(r.Context(), s.DB, body.Group.Cause()); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "alert", view{Title: body.Ref() + " " + body.Summary, Here: "/alerts", Body: body})
}

func (s *site) ackAlert(w http.ResponseWriter, r *http.Request) error {
	return s.answerAlert(w, r, "acked", s.Alerts.Ack)
}

func (s *site) resolveAlert(w http.ResponseWriter, r *http.Request) error {
	return s.answerAlert(w, r, "resolved", s.Alerts.Resolve)
}

// answerAlert does something to an alert, or with the field "all" to all that came with it.
func (s *site) answerAlert(w http.ResponseWriter, r *http.Request, did string, do func(context.Context, oncall.Actor, int64, bool) (alert.Answered, error)) error {
	id, err := alertID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	out, err := do(r.Context(), s.visitor(r).Actor(), id, r.PostForm.Get("all") != "")
	if err != nil {
		return err
	}
	if out.Changed == 0 {
		did = "before"
	}
	http.Redirect(w, r, alertPath(id)+"?did="+did, http.StatusSeeOther)
	return nil
}

// alertID reads the number of an alert, as a number or as people write it.
func alertID(text string) (int64, error) {
	if len(text) > 1 && (text[0] == 'A' || text[0] == 'a') {
		text = text[1:]
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.NotFound, "An alert has a number, as in /alerts/A12.")
	}
	return id, nil
}

func alertPath(id int64) string { return "/alerts/" + alert.Ref(id) }
