package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents"
	"batsignal/incidents/action"
	"batsignal/incidents/meeting"
	"batsignal/incidents/runbook"
	"batsignal/integrations/job"
	"batsignal/oncall/fault"
)

const (
	incidentRefresh = 10  // seconds, without script, while it is open
	incidentLines   = 200 // of the timeline, unless all are asked for
	incidentPages   = 25  // of each slot, unless all are asked for
	incidentRuns    = 10  // of jobs, and of runbooks, the newest ones
	listMost        = 50
)

// incidentBody is one incident.
type incidentBody struct {
	incidents.View
	Timeline []dayLines
	Slots    []slotStory
	Board    []boardRow
	All      bool // nothing is left out
	Retro    bool // there is a retrospective
	Took     time.Duration
	Meetings []meeting.Summary // its minutes
	Actions  []action.Item     // what came of it to do
	Runs     []job.Row         // of jobs, for whoever may read them
	Books    []runbook.Run     // the same of runbooks
}

func (s *site) incident(w http.ResponseWriter, r *http.Request) error {
	id, err := incidentID(r)
	if err != nil {
		return err
	}
	if own := incidentPath(id); r.URL.Path != own {
		http.Redirect(w, r, own, http.StatusPermanentRedirect)
		return nil
	}
	all := r.URL.Query().Has("all")
	lines, pages := incidentLines, incidentPages
	if all {
		lines, pages = 0, 0
	}
	v, err := s.Incidents.View(r.Context(), id, lines)
	if err != nil {
		return err
	}
	body := incidentBody{View: v, Timeline: byDay(v.Timeline), Slots: bySlot(v, pages, s.Now()), All: all}
	if v.Incident.ResolvedAt != nil {
		body.Took = v.Incident.ResolvedAt.Sub(v.Incident.OpenedAt)
	}
	if body.Board, err = s.board(r, id); err != nil {
		return err
	}
	if err := s.afterwards(r, id, &body); err != nil {
		return err
	}
	if body.Retro, err = s.hasRetro(r, id); err != nil {
		return err
	}
	out := view{Title: v.Incident.Ref() + " " + v.Incident.Title, Here: "/incidents", Body: body}
	if v.Incident.Open() {
		out.Refresh, out.Events = incidentRefresh, s.eventsAt(incidentPath(id)+"/events")
	}
	return s.render(w, r, http.StatusOK, "incident", out)
}

// afterwards reads what else is kept of an incident: its minutes, and what is to do.
func (s *site) afterwards(r *http.Request, id int64, body *incidentBody) (err error) {
	if s.Meetings != nil {
		if body.Meetings, err = s.Meetings.Meetings(r.Context(), meeting.Filter{Incident: id, Most: listMost}); err != nil {
			return err
		}
	}
	if s.Actions != nil {
		if body.Actions, err = s.actions(r, action.Filter{Incident: id}); err != nil {
			return err
		}
	}
	if !s.visitor(r).SignedIn() {
		return nil
	}
	if s.Jobs != nil {
		if body.Runs, err = s.Jobs.Recent(r.Context(), job.Query{Incident: id, NoDry: true, Most: incidentRuns}); err != nil {
			return err
		}
	}
	if s.Runbooks != nil {
		body.Books, err = s.Runbooks.List(r.Context(), runbook.Filter{Incident: id, Limit: incidentRuns})
	}
	return err
}

// incidentListBody is a list of incidents.
type incidentListBody struct {
	Incidents []incidents.Incident
	First     bool  // it begins at the newest
	Next      int64 // where older ones begin; 0: there are none
}

func (s *site) incidentList(w http.ResponseWriter, r *http.Request) error {
	before, err := beforeOf(r)
	if err != nil {
		return err
	}
	list, err := s.Incidents.IncidentsBefore(r.Context(), before, listMost+1)
	if err != nil {
		return err
	}
	body := incidentListBody{Incidents: list, First: before == 0}
	if len(list) > listMost {
		body.Incidents, body.Next = list[:listMost], list[listMost-1].ID
	}
	return s.render(w, r, http.StatusOK, "incidents", view{Title: "Incidents", Here: "/incidents", Body: body})
}

// incidentID reads the number in an address.
func incidentID(r *http.Request) (int64, error) {
	return parseIncident(chi.URLParam(r, "id"))
}

// parseIncident reads the number of an incident, as a number or as people write it.
func parseIncident(text string) (int64, error) {
	if len(text) > 4 && strings.EqualFold(text[:4], "INC-") {
		text = text[4:]
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.NotFound, "An incident has a number, as in /incidents/7.")
	}
	return id, nil
}

func incidentPath(id int64) string { return "/incidents/" + strconv.FormatInt(id, 10) }

// beforeOf reads where a list goes on; 0 is its beginning.
func beforeOf(r *http.Request) (int64, error) {
	text := r.URL.Query().Get("before")
	if text == "" {
		return 0, nil
	}
	before, err := strconv.ParseInt(text, 10, 64)
	if err != nil || before < 1 {
		return 0, fault.New(fault.Invalid, "A list goes on at a number, as in ?before=50.")
	}
	return before, nil
}
