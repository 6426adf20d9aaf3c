package web

import (
	"crypto/sha256"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// tokenLength is how many letters the token of a link has: 24 bytes in base64.
const tokenLength = 32

const tokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// ackBody is what the page behind a link says, before and after the button.
type ackBody struct {
	Page     paging.Page
	About    string // what the person is needed for
	Incident int64  // 0: a call without one
	Say      string // what the button did; "" before
	Rooms    []incidents.Room
	Others   []paging.Page // what else waits for the same person's answer
}

// Open tells whether the button still does something.
func (b ackBody) Open() bool { return b.Page.State == paging.PageOpen }

// showAck shows what a page is about, and the button. It changes nothing: programs
// that look at links in mails fetch this.
func (s *site) showAck(w http.ResponseWriter, r *http.Request) error {
	token, hash, err := tokenOf(w, r)
	if err != nil {
		return s.noLink(w, r, http.StatusNotFound)
	}
	page, about, err := s.Incidents.PeekToken(r.Context(), token)
	if fault.KindOf(err) == fault.NotFound {
		return s.usedLink(w, r, hash)
	}
	if err != nil {
		return err
	}
	body := ackBody{Page: page, About: about}
	body.Incident, _ = incidents.IncidentOf(page)
	return s.render(w, r, http.StatusOK, "ack", view{Title: "A page for " + page.Handle, Body: body})
}

// ack is the button.
func (s *site) ack(w http.ResponseWriter, r *http.Request) error {
	token, hash, err := tokenOf(w, r)
	if err != nil {
		return s.noLink(w, r, http.StatusNotFound)
	}
	done, err := s.Incidents.AckByToken(r.Context(), token)
	if fault.KindOf(err) == fault.NotFound {
		return s.usedLink(w, r, hash)
	}
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "acked", view{Title: "Acknowledged", Body: ackBody{
		Page: done.Page, Incident: done.Incident.ID, Say: done.Say, Rooms: done.Rooms, Others: done.Others,
	}})
}

// usedLink answers a link that does not work any more. Who pressed the button twice
// must not be told that it failed.
func (s *site) usedLink(w http.ResponseWriter, r *http.Request, hash []byte) error {
	page, found, err := s.Incidents.UsedLink(r.Context(), hash)
	switch {
	case err != nil:
		return err
	case !found:
		return s.noLink(w, r, http.StatusGone)
	}
	body := ackBody{Page: page}
	body.Incident, _ = incidents.IncidentOf(page)
	return s.render(w, r, http.StatusGone, "used", view{Title: "This link was used already", Body: body})
}

// noLink answers what was never a link of ours, or is none any more.
func (s *site) noLink(w http.ResponseWriter, r *http.Request, status int) error {
	return s.render(w, r, status, "nolink", view{Title: "This link does not work"})
}

// tokenOf wraps the token as soon as it is read, so that nothing later can print it.
// The hash finds a link that was used.
func tokenOf(w http.ResponseWriter, r *http.Request) (token secret.Text, hash []byte, err error) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Robots-Tag", "noindex")
	text := chi.URLParam(r, "token")
	if len(text) != tokenLength || strings.Trim(text, tokenLetters) != "" {
		return token, nil, fault.New(fault.NotFound, "This link does not work.")
	}
	sum := sha256.Sum256([]byte(text))
	return secret.New(text), sum[:], nil
}
