package switchboard

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// mostOpenings is how many openings are listed.
const mostOpenings = 200

// Says is what its owner agreed to, in words.
func (c Contact) Says() string {
	p, err := escrow.ParsePolicy(c.Policy)
	if err != nil {
		return "what was agreed to cannot be read, so it is not opened"
	}
	return contact.PolicySays(p)
}

// opened is one opening, in words.
type opened struct {
	ledger.Opening
}

// Why is what it was opened for.
func (o opened) Why() string {
	switch o.Lane {
	case unseal.LaneDial:
		return "to be dialled"
	case unseal.LaneReveal:
		return "to be shown to one person"
	case unseal.LaneOwner:
		return "for you: a code, or to be shown to you"
	}
	return "lane " + string(o.Lane)
}

// Ref is the incident; "" is none.
func (o opened) Ref() string {
	if o.Incident == nil {
		return o.Leaf.Incident
	}
	return incidents.Ref(*o.Incident)
}

// Leaves are its entries in the ledger.
func (o opened) Leaves() string {
	if o.Dialled == nil {
		return fmt.Sprintf("entry %d of the ledger", o.Intent)
	}
	return fmt.Sprintf("entries %d and %d of the ledger", o.Intent, *o.Dialled)
}

func openedOf(list []ledger.Opening) (of []opened) {
	for _, o := range list {
		of = append(of, opened{o})
	}
	return of
}

// mine is one's own page. A link leads to a button first: what only looks at links, as
// programs of chat networks do, uses none up.
func (s *site) mine(w http.ResponseWriter, r *http.Request) error {
	if token := tokenOf(r); !token.Empty() {
		p, err := s.Links.Look(r.Context(), token, contact.LinkMine)
		if err != nil {
			return err
		}
		return s.render(w, r, http.StatusOK, "enter", view{Title: "Your sealed addresses", Zone: p.Zone, Body: struct {
			Person
			Token string
		}{p, token.Reveal()}})
	}
	v, err := s.inMine(w, r)
	if err != nil {
		return err
	}
	list, err := s.Owners.Contacts(r.Context(), v.ID)
	if err != nil {
		return err
	}
	openings, err := s.Owners.Openings(r.Context(), v.ID, mostOpenings)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "mine", view{Title: "Your sealed addresses", Here: "/mine", Visit: v, Body: struct {
		Person
		Did      string
		List     []Contact
		Openings []opened
		MaySeal  bool
	}{v.Person, s.heard(v), list, openedOf(openings), !v.link.Empty()}})
}

// enter uses a link up, and begins a visit.
func (s *site) enter(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, longestForm); err != nil {
		return err
	}
	token := secret.New(r.PostForm.Get("token"))
	p, err := s.Links.Use(r.Context(), token, contact.LinkMine)
	if err != nil {
		return err
	}
	if old, known := s.visit(r); known {
		s.sessions.end(old.token)
	}
	s.setCookie(w, s.sessions.begin(session{Person: p, mine: true, link: token}, s.Now()))
	http.Redirect(w, r, "/mine", http.StatusSeeOther)
	return nil
}

func (s *site) leave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.inSession(w, r)
	if err != nil {
		return err
	}
	s.sessions.end(v.token)
	s.setCookie(w, secret.Text{})
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// own finds one of the visitor's own contacts; anybody else's is not there.
func (s *site) own(ctx context.Context, v visit, id string) (Contact, error) {
	list, err := s.Owners.Contacts(ctx, v.ID)
	if err != nil {
		return Contact{}, err
	}
	for _, c := range list {
		if strconv.FormatInt(c.ID, 10) == id {
			return c, nil
		}
	}
	return Contact{}, fault.New(fault.NotFound, "You have no such sealed address. It may have been deleted.")
}

// inOwn is somebody on a page about one contact of their own.
func (s *site) inOwn(w http.ResponseWriter, r *http.Request) (v visit, c Contact, err error) {
	if v, err = s.inMine(w, r); err == nil {
		c, err = s.own(r.Context(), v, chi.URLParam(r, "id"))
	}
	return v, c, err
}

func (s *site) askDelete(w http.ResponseWriter, r *http.Request) error {
	v, c, err := s.inOwn(w, r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "delete", view{Title: "Delete a sealed address", Here: "/mine", Visit: v, Body: c})
}

func (s *site) delete(w http.ResponseWriter, r *http.Request) error {
	v, c, err := s.inOwn(w, r)
	if err != nil {
		return err
	}
	if err := s.Owners.Delete(r.Context(), v.ID, c.ID); err != nil {
		return err
	}
	s.say(v, "Your "+contact.Noun(c.Kind)+" is deleted. Nobody is rung by it any more.")
	http.Redirect(w, r, "/mine", http.StatusSeeOther)
	return nil
}

// statement gives what the ledger states for the visitor, to be kept and checked elsewhere.
func (s *site) statement(w http.ResponseWriter, r *http.Request) error {
	v, err := s.inMine(w, r)
	if err != nil {
		return err
	}
	text, err := s.Owners.Statement(r.Context(), v.ID)
	if err != nil {
		return err
	}
	return download(w, "batsignal-statement.txt", text)
}

func download(w http.ResponseWriter, name, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = w.Write([]byte(text)) // who went away meanwhile needs no answer
	return nil
}

// By is who had something opened.
func (o opened) By() string {
	if len(o.Leaf.By) == 0 {
		return "" // its owner alone
	}
	return oncall.JoinNames(o.Leaf.By)
}

// Came is what came of it, in the words of the ledger.
func (o opened) Came() string {
	if o.Result == "" {
		return "nothing is known of it yet"
	}
	return strings.TrimSuffix(strings.TrimPrefix(o.Result, "taken: "), ".")
}
