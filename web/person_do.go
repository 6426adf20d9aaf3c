package web

import (
	"net/http"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// personDids are what a person's page can say was done, by the word in its address.
var personDids = map[string]string{
	"profile": "The profile is saved.", "terms": "That is in force from now on.", "renewed": "The yes stands for another year.",
	"joined": "The yes is recorded.", "asked": "They are asked. Nobody is rung before saying yes.", "let-in": "They can be rung now.",
	"label": "That is noted.", "unlabel": "The label is taken away.",
	"contact-sent":          "A code is on its way there. Type it below when it comes; on a phone, key the number that you hear.",
	"contact-stored":        "The address is stored. No code could be sent there now: try again later, or ask an administrator whether it is configured.",
	"contact-sealed":        "The sealed address is stored, and a code is on its way there. Type it below when it comes; on a phone, key the number that you hear.",
	"contact-sealed-stored": "The sealed address is stored. No code could be sent there now: try again later, or ask an administrator whether it is configured.",
	"contact-proven":        "That works. Pages go there.", "contact-delay": "That is noted.", "contact-paused": "No page goes there any more.",
	"contact-resumed": "Pages go there again.", "contact-removed": "The address is deleted.",
	"away": "The absence is noted.", "there": "The absence is removed.", "forgotten": "What that calendar said is forgotten.",
}

// personHandler is a page about somebody.
type personHandler func(w http.ResponseWriter, r *http.Request, p oncall.Person) error

// ofPerson makes a page for the person that it is about, and for admins.
func (s *site) ofPerson(fn personHandler) http.HandlerFunc {
	return s.signedIn(func(w http.ResponseWriter, r *http.Request) error {
		p, err := s.ownPerson(r)
		if err != nil {
			return err
		}
		return fn(w, r, p)
	})
}

// ownPerson finds the person that an address names, for themselves and administrators.
func (s *site) ownPerson(r *http.Request) (oncall.Person, error) {
	p, err := s.personOf(r)
	if err != nil {
		return p, err
	}
	if v := s.visitor(r); v.PersonID != p.ID && !v.Admin() {
		return p, fault.New(fault.Forbidden, "You are signed in as %s, and this is for %s and administrators. Ask one of them to do it.", v.Handle, p.Handle)
	}
	return p, nil
}

// ofSelf makes a page for the person that it is about: nobody says yes for another.
func (s *site) ofSelf(fn personHandler) http.HandlerFunc {
	return s.ofPerson(func(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
		if s.visitor(r).PersonID != p.ID {
			return fault.New(fault.Forbidden, "Only %s can say that.", p.Handle)
		}
		return fn(w, r, p)
	})
}

// toPerson leads back to a page, where it is said what was done.
func toPerson(w http.ResponseWriter, r *http.Request, p oncall.Person, did, part string) error {
	http.Redirect(w, r, personPath(p.Handle)+"?did="+did+"#"+part, http.StatusSeeOther)
	return nil
}

// afterButton leads back after a button was pressed. What went wrong is said on the page.
func (s *site) afterButton(w http.ResponseWriter, r *http.Request, p oncall.Person, err error, did, part string) error {
	if err == nil {
		return toPerson(w, r, p, did, part)
	}
	if statusOf(err) >= http.StatusInternalServerError {
		return err
	}
	return s.renderPerson(w, r, statusOf(err), p, personBody{Problem: s.said(err)})
}

// said is the sentence of an error, with commands as they are typed here.
func (s *site) said(err error) string { return s.Commands.Localize(fault.Say(err)) }

// wrongFields are the sentences of an error by field, or by "" if it is about no field.
func (s *site) wrongFields(err error) map[string]string {
	fields := oncall.Fields(err)
	if fields == nil {
		return map[string]string{"": s.said(err)}
	}
	for field, say := range fields {
		fields[field] = s.Commands.Localize(say)
	}
	return fields
}

func (s *site) renewYes(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	_, err := s.People.Renew(r.Context(), s.visitor(r).Actor())
	return s.afterButton(w, r, p, err, "renewed", "roles")
}

func (s *site) joinRole(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	_, err := s.People.Join(r.Context(), s.visitor(r).Actor(), segment(r, "role"), oncall.Hours{})
	return s.afterButton(w, r, p, err, "joined", "roles")
}

// leaveRole ends a membership, and tells what ended with it.
func (s *site) leaveRole(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	left, err := s.People.Leave(r.Context(), s.visitor(r).Actor(), p.Handle, segment(r, "role"))
	if err != nil {
		return s.afterButton(w, r, p, err, "", "")
	}
	return s.renderPerson(w, r, http.StatusOK, p, personBody{Left: &left})
}

// letIn lets somebody into a role, or asks them if they did not say yes to it.
func (s *site) letIn(w http.ResponseWriter, r *http.Request) error {
	p, err := s.personOf(r)
	if err != nil {
		return err
	}
	m, err := s.People.Add(r.Context(), s.visitor(r).Actor(), p.Handle, segment(r, "role"))
	did := "asked"
	if m.Active() {
		did = "let-in"
	}
	return s.afterButton(w, r, p, err, did, "roles")
}

func (s *site) sayLabel(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	_, err := s.Skills.Say(r.Context(), s.visitor(r).Actor(), trimmed(r.PostForm, "label"))
	return s.afterButton(w, r, p, err, "label", "labels")
}

func (s *site) takeLabel(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	err := s.Skills.Take(r.Context(), s.visitor(r).Actor(), p.ID, trimmed(r.PostForm, "label"))
	return s.afterButton(w, r, p, err, "unlabel", "labels")
}

func (s *site) giveLabel(w http.ResponseWriter, r *http.Request) error {
	p, err := s.personOf(r)
	if err != nil {
		return err
	}
	_, err = s.Skills.Give(r.Context(), s.visitor(r).Actor(), p.ID, trimmed(r.PostForm, "label"))
	return s.afterButton(w, r, p, err, "label", "labels")
}
