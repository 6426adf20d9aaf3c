package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents"
	"batsignal/incidents/alert"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// pageRoutes are the pages about pages, that is, about people who were rung. Those of
// incidents are as public as the incidents. What alerts say, and why somebody was called
// by name, is for people who are signed in.
func (s *site) pageRoutes(r chi.Router) {
	r.Get("/pages", s.page(s.pageList))
	r.Get("/pages/{id}", s.page(s.showPage))
}

const (
	openPagesMost = 100 // above the list of the others
	foldedMost    = 200 // alerts that are named with their page
)

// pageListBody is a list of pages.
type pageListBody struct {
	State, Person, About string // the filters
	Open                 []pageLine
	Lines                []pageLine
	Public               bool // only those of incidents are shown
	First                bool
	Older                string // the address of older ones; "" is none
}

// pageLine is one page in a list.
type pageLine struct {
	incidents.PageLine
	Path, For, Word, Answered string
	Incident                  int64
}

var (
	pageStates = []string{"open", "acked", "declined", "closed"}
	pageAbouts = []string{"incident", "alert", "call"}
)

func (s *site) pageList(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	before, err := beforeOf(r)
	if err != nil {
		return err
	}
	body := pageListBody{
		State: oneFrom(q.Get("state"), pageStates), About: oneFrom(q.Get("about"), pageAbouts),
		Person: oncall.Clip(strings.TrimPrefix(strings.TrimSpace(q.Get("person")), "@"), 48),
		First:  before == 0, Public: !s.visitor(r).SignedIn(),
	}
	ask := incidents.PageQuery{State: body.State, Person: body.Person, About: body.About, Before: before, Most: listMost + 1}
	if body.Public {
		ask.About = "incident"
	}
	if body.State == "" {
		ask.State = "past"
		if body.First {
			open := ask
			open.State, open.Most = "open", openPagesMost
			if body.Open, err = s.pageLines(r, open); err != nil {
				return err
			}
		}
	}
	if body.Lines, err = s.pageLines(r, ask); err != nil {
		return err
	}
	if len(body.Lines) > listMost {
		body.Lines = body.Lines[:listMost]
		older := url.Values{"before": {strconv.FormatInt(body.Lines[listMost-1].ID, 10)}}
		for name, value := range map[string]string{"state": body.State, "person": body.Person, "about": body.About} {
			if value != "" {
				older.Set(name, value)
			}
		}
		body.Older = "/pages?" + older.Encode()
	}
	return s.render(w, r, http.StatusOK, "pages", view{Title: "Pages", Here: "/incidents", Body: body})
}

func (s *site) pageLines(r *http.Request, q incidents.PageQuery) ([]pageLine, error) {
	list, err := s.Incidents.Pages(r.Context(), q)
	if err != nil {
		return nil, err
	}
	out := make([]pageLine, len(list))
	for i, p := range list {
		out[i] = pageLine{PageLine: p, Path: pagePath(p.ID), For: slotTitle(p.Slot), Word: pageStateWord(p.State), Answered: viaWord(p.Via, s.isNetwork(p.Via))}
		out[i].Incident, _ = p.About()
	}
	return out, nil
}

// pageBody is one page with all that became of it.
type pageBody struct {
	incidents.PageDetail
	For, Word, Answered string
	Incident            *incidents.Incident
	Alerts              *alert.Group
	Folded              []alert.Alert // the oldest first
	FoldedMore          int           // alerts of the group that are not among them
	Rounds              []pageRound
}

func (s *site) showPage(w http.ResponseWriter, r *http.Request) error {
	id, err := pageID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	d, found, err := s.Incidents.PageDetail(r.Context(), id)
	if err != nil {
		return err
	}
	if !found {
		return fault.New(fault.NotFound, "There is no page P%d. The last ones: /pages", id)
	}
	incident, alerts := incidents.CauseOf(d.Page)
	if incident == 0 && !s.visitor(r).SignedIn() {
		return s.askToSignIn(w, r)
	}
	if own := pagePath(id); r.URL.Path != own {
		http.Redirect(w, r, own, http.StatusPermanentRedirect)
		return nil
	}
	// What is left of it is not shown to anybody: whoever knows these could answer for others.
	d.Code, d.Digits = "", 0
	body := pageBody{PageDetail: d, For: slotTitle(d.Slot), Word: pageStateWord(d.State), Answered: viaWord(d.Via, s.isNetwork(d.Via))}
	if body.Rounds, err = s.roundsOf(r, d); err != nil {
		return err
	}
	out := view{Title: "P" + strconv.FormatInt(id, 10) + " for " + d.Handle, Here: "/incidents", Body: &body}
	switch {
	case incident != 0:
		v, err := s.Incidents.Get(r.Context(), incident)
		if err != nil {
			return err
		}
		body.Incident = &v
		if v.Open() && d.State == paging.PageOpen {
			out.Events = s.eventsAt(incidentPath(incident) + "/events")
		}
	case alerts != 0:
		if err := s.folded(r, alerts, &body); err != nil {
			return err
		}
		out.Here = "/alerts"
	}
	if d.State == paging.PageOpen {
		out.Refresh = incidentRefresh
	}
	return s.render(w, r, http.StatusOK, "page", out)
}

// folded names the alerts that one page is for.
func (s *site) folded(r *http.Request, group int64, body *pageBody) error {
	g, found, err := alert.GetGroup(r.Context(), s.DB, group)
	if err != nil || !found {
		return err
	}
	body.Alerts = &g
	if body.Folded, err = alert.List(r.Context(), s.DB, alert.Query{Past: true, Group: group, Most: foldedMost}); err != nil {
		return err
	}
	slices.Reverse(body.Folded)
	body.FoldedMore = max(g.Total-len(body.Folded), 0)
	return nil
}

// isNetwork tells whether that is a chat network, and not another route.
func (s *site) isNetwork(name string) bool {
	for _, n := range s.Incidents.Networks {
		if n.Name == name {
			return true
		}
	}
	return false
}

// pageID reads the number of a page, as a number or as people write it.
func pageID(text string) (int64, error) {
	if len(text) > 1 && (text[0] == 'P' || text[0] == 'p') {
		text = text[1:]
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.NotFound, "A page has a number, as in /pages/P12.")
	}
	return id, nil
}

func pagePath(id int64) string { return "/pages/P" + strconv.FormatInt(id, 10) }

// oneFrom is a choice, or "" if it is none of them.
func oneFrom(text string, choices []string) string {
	if slices.Contains(choices, text) {
		return text
	}
	return ""
}
