package web

import (
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
)

// peopleRoutes are the pages about people, rosters, and who changed what. What is changed
// there takes a desk, and people who are signed in.
func (s *site) peopleRoutes(r chi.Router) {
	r.Get("/people", s.page(s.people))
	r.Get("/people/all", s.page(s.everybody))
	r.Get("/people/{handle}", s.page(s.showPerson))
	r.Get("/rosters/{role}", s.page(s.showRoster))
	if s.Tree != nil && s.Access != nil {
		s.treeRoutes(r)
	}
	if s.People == nil || s.Access == nil {
		return
	}
	r.Get("/me", s.signedIn(s.ownPage))
	s.personRoutes(r)
	s.rosterRoutes(r)
	r.Get("/audit", s.signedIn(s.auditPage))
	r.Get("/invitations", s.needs(command.Admin, s.showInvitations))
	r.Post("/invitations", s.needs(command.Admin, s.invite))
	r.Post("/invitations/{id:[0-9]+}/revoke", s.needs(command.Admin, s.revokeInvitation))
}

// personPath is where somebody's page is. A sign before the name keeps it apart from
// the list of everybody.
func personPath(handle string) string {
	if handle == "all" {
		handle = "@all"
	}
	return "/people/" + pathSegment(handle)
}

func rosterPath(role string) string { return "/rosters/" + pathSegment(role) }

// planned writes an instant as people plan: with the day of the week, and without seconds.
func planned(t time.Time) string { return t.UTC().Format("Mon 2 Jan 15:04") }

// box is one field of a form.
type box struct {
	ID, Name, Label string
	Value           string
	Problem         string // what is wrong with it; "" is nothing
	Help            string
	Type            string // of the input; "" is text
	Mode            string // of the keyboard on a telephone; "" is the usual one
	List            string // id of what it offers; "" is nothing
	Most            int    // letters; 0 does not say
	Wide            bool
}

// Kind is the type of the input.
func (b box) Kind() string {
	if b.Type == "" {
		return "text"
	}
	return b.Type
}

// trimmed is what was typed in a field.
func trimmed(form map[string][]string, name string) string {
	if values := form[name]; len(values) > 0 {
		return strings.TrimSpace(values[0])
	}
	return ""
}
