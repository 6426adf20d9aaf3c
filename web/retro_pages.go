package web

import (
	"net/http"
	"strconv"

	"batsignal/incidents"
	"batsignal/incidents/retrospective"
	"batsignal/oncall/fault"
)

// retroBody is the document about an incident.
type retroBody struct {
	Incident incidents.Incident
	Edition  retrospective.Edition
	Newest   int
	Heading  string
	Doc      []docBlock
	Editions []retrospective.Edition // newest first
}

// Old tells whether this is not how the document is now.
func (b retroBody) Old() bool { return b.Edition.Number != b.Newest }

// retro shows the document about an incident, or an edition of it.
func (s *site) retro(w http.ResponseWriter, r *http.Request) error {
	inc, moved, err := s.retroOf(w, r, "")
	if err != nil || moved {
		return err
	}
	number, err := editionOf(r, "edition", 0)
	if err != nil {
		return err
	}
	body := retroBody{Incident: inc}
	if body.Edition, err = s.Retro.Get(r.Context(), inc.ID, number); err != nil {
		return err
	}
	if body.Editions, err = s.Retro.Editions(r.Context(), inc.ID); err != nil {
		return err
	}
	body.Newest = body.Editions[0].Number
	body.Heading, body.Doc = drawDocument(body.Edition.Text)
	if body.Heading == "" {
		body.Heading = "Retrospective of " + inc.Ref()
	}
	return s.render(w, r, http.StatusOK, "retro", view{Title: "Retrospective of " + inc.Ref(), Here: "/incidents", Body: body})
}

// retroText is the same as it is written.
func (s *site) retroText(w http.ResponseWriter, r *http.Request) error {
	inc, moved, err := s.retroOf(w, r, ".md")
	if err != nil || moved {
		return err
	}
	number, err := editionOf(r, "edition", 0)
	if err != nil {
		return err
	}
	e, err := s.Retro.Get(r.Context(), inc.ID, number)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(e.Text)) // who went away meanwhile needs no answer
	return nil
}

// changesBody is what one edition changed of another.
type changesBody struct {
	Incident incidents.Incident
	From, To retrospective.Edition
	Lines    []diffLine
	More     int
}

// retroChanges compares two editions.
func (s *site) retroChanges(w http.ResponseWriter, r *http.Request) error {
	inc, moved, err := s.retroOf(w, r, "/changes")
	if err != nil || moved {
		return err
	}
	to, err := editionOf(r, "to", 0)
	if err != nil {
		return err
	}
	body := changesBody{Incident: inc}
	if body.To, err = s.Retro.Get(r.Context(), inc.ID, to); err != nil {
		return err
	}
	from, err := editionOf(r, "from", body.To.Number-1)
	if err != nil {
		return err
	}
	if from == 0 {
		return fault.New(fault.NotFound, "The first edition has nothing before it to be compared with.")
	}
	if body.From, err = s.Retro.Get(r.Context(), inc.ID, from); err != nil {
		return err
	}
	body.Lines, body.More = drawDiff(body.From.Text, body.To.Text)
	return s.render(w, r, http.StatusOK, "retrochanges", view{Title: "What changed in the retrospective of " + inc.Ref(), Here: "/incidents", Body: body})
}

// retroOf finds the incident of an address. moved is true if the browser was sent to the
// address that it should have used.
func (s *site) retroOf(w http.ResponseWriter, r *http.Request, tail string) (inc incidents.Incident, moved bool, err error) {
	if s.Retro == nil {
		return inc, false, notFound(w, r)
	}
	id, err := incidentID(r)
	if err != nil {
		return inc, false, err
	}
	if own := retrospective.Path(id) + tail; r.URL.Path != own {
		if r.URL.RawQuery != "" {
			own += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, own, http.StatusPermanentRedirect)
		return inc, true, nil
	}
	inc, err = s.Incidents.Get(r.Context(), id)
	return inc, false, err
}

// editionOf reads the number of an edition from an address.
func editionOf(r *http.Request, name string, unsaid int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return unsaid, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return 0, fault.New(fault.Invalid, "An edition has a number, as in ?%s=2.", name)
	}
	return int(n), nil
}

// hasRetro tells whether there is something to link to.
func (s *site) hasRetro(r *http.Request, incident int64) (bool, error) {
	if s.Retro == nil {
		return false, nil
	}
	return s.Retro.Exists(r.Context(), incident)
}
