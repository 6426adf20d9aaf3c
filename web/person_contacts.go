package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// contactsForm is what somebody's ways are, and the forms by which they change. It is for
// their own eyes.
type contactsForm struct {
	List []contactLine
	Kind string // as chosen
	Code string // as typed
	// Seals says how an address is sealed; nil: there is no switchboard.
	Seals *sealsForm
	// Wrong is what is wrong, by field: "address", "code", or "delay-7" of contact 7. What
	// was typed as an address is not shown again: no page holds one.
	Wrong map[string]string
}

// contactLine is one contact with its forms.
type contactLine struct {
	contact.Contact
	Title string // with a number where there are several of a kind
	Delay string // as typed; "" is as usual
	Wrong string // what is wrong with the delay
	// Agreed is what its owner agreed to, and what became of it, of a sealed one only.
	Agreed contact.Agreed
}

// CodeWord is what the button that sends a code says.
func (l contactLine) CodeWord() string {
	if l.Usable() {
		return "Test"
	}
	return "Send a code"
}

// DelayBox is the field for how long after the ring it is used.
func (l contactLine) DelayBox() box {
	return box{ID: fmt.Sprintf("contact-delay-%d", l.ID), Name: "delay", Label: "Wait after the ring", Value: l.Delay, Most: 8, Problem: l.Wrong, Help: "as in 0s or 2m; empty is as usual"}
}

// AddressBox is the field for an address.
func (f *contactsForm) AddressBox() box {
	b := box{ID: "contact-address", Name: "address", Label: "Address, number or topic", Most: 2048, Wide: true, Problem: f.Wrong["address"], Help: "a number with its country, as in +442071838750"}
	if f.Seals != nil { // numbers are sealed
		b.Label, b.Help = "Address, topic or key", "no phone number, which is sealed above; an address as in name@example.org"
	}
	return b
}

// CodeBox is the field for a code.
func (f *contactsForm) CodeBox() box {
	return box{ID: "contact-code", Name: "code", Label: "Code that came there", Value: f.Code, Most: 12, Problem: f.Wrong["code"], Help: "five letters"}
}

// KindBoxes are the kinds of contact.
func (f *contactsForm) KindBoxes() []formDay {
	var out []formDay
	for _, kind := range contact.Kinds() {
		if f.Seals != nil && contact.MustBeSealed(kind) {
			continue
		}
		out = append(out, formDay{kind, contact.Noun(kind), kind == f.Kind})
	}
	return out
}

// contactRoutes are what is changed about one's own ways.
func (s *site) contactRoutes(r chi.Router) {
	r.Post("/people/{handle}/contacts", s.ofSelf(s.addContact))
	r.Post("/people/{handle}/contacts/sealed", s.ofSelf(s.addSealed))
	r.Post("/people/{handle}/contacts/seal", s.ofSelf(s.goToSwitchboard(contact.LinkEnrol, "Seal an address")))
	r.Post("/people/{handle}/contacts/mine", s.ofSelf(s.goToSwitchboard(contact.LinkMine, "Your sealed addresses")))
	r.Post("/people/{handle}/contacts/prove", s.ofSelf(s.proveContact))
	r.Post("/people/{handle}/contacts/{id:[0-9]+}/code", s.ofContact(s.codeContact))
	r.Post("/people/{handle}/contacts/{id:[0-9]+}/delay", s.ofContact(s.delayContact))
	r.Post("/people/{handle}/contacts/{id:[0-9]+}/pause", s.ofContact(s.pauseContact))
	r.Post("/people/{handle}/contacts/{id:[0-9]+}/resume", s.ofContact(s.resumeContact))
	r.Post("/people/{handle}/contacts/{id:[0-9]+}/remove", s.ofContact(s.removeContact))
}

// contactHandler is a form about one contact of the reader's own.
type contactHandler func(w http.ResponseWriter, r *http.Request, p oncall.Person, c contact.Contact) error

// ofContact makes a form for a contact that is the reader's own.
func (s *site) ofContact(fn contactHandler) http.HandlerFunc {
	return s.ofSelf(func(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
		id, err := strconv.ParseInt(segment(r, "id"), 10, 64)
		if err != nil {
			return fault.Wrap(fault.NotFound, err, "This contact was removed.")
		}
		list, err := contact.Of(r.Context(), s.DB, p.ID)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(list, func(c contact.Contact) bool { return c.ID == id })
		if at < 0 {
			return s.afterButton(w, r, p, fault.New(fault.NotFound, "This contact was removed."), "", "")
		}
		return fn(w, r, p, list[at])
	})
}

// addWays reads the kinds of somebody's contacts, and for themselves the forms.
func (s *site) addWays(r *http.Request, body *personBody) error {
	list, err := contact.Of(r.Context(), s.DB, body.Person.ID)
	if err != nil {
		return err
	}
	for _, c := range list {
		if !slices.Contains(body.Contacts, c.Kind) {
			body.Contacts = append(body.Contacts, c.Kind)
		}
	}
	if !body.Own {
		return nil
	}
	if body.Ways == nil {
		body.Ways = &contactsForm{}
	}
	if body.Ways.Seals = s.seals(body.Person); body.Ways.Seals != nil {
		body.Ways.Seals.Wrong = body.Ways.Wrong["sealed"]
	}
	agreed, err := contact.AgreedOf(r.Context(), s.DB, body.Person.ID)
	if err != nil {
		return err
	}
	seen := map[string]int{}
	for _, c := range list {
		seen[c.Kind]++
		line := contactLine{Contact: c, Title: contact.Noun(c.Kind), Wrong: body.Ways.Wrong[delayField(c.ID)], Agreed: agreed[c.ID]}
		if n := seen[c.Kind]; n > 1 {
			line.Title += " " + strconv.Itoa(n)
		}
		if c.Delay != nil {
			line.Delay = shortly(*c.Delay)
		}
		if line.Wrong != "" {
			line.Delay = trimmed(r.PostForm, "delay")
		}
		body.Ways.List = append(body.Ways.List, line)
	}
	return nil
}

func delayField(id int64) string { return fmt.Sprintf("delay-%d", id) }

// shortly writes a time as it is typed: "2m", "90s".
func shortly(d time.Duration) string {
	if d%time.Minute == 0 && d > 0 {
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return strconv.Itoa(int(d/time.Second)) + "s"
}

// waysAgain shows the forms again, with what is wrong beside the field.
func (s *site) waysAgain(w http.ResponseWriter, r *http.Request, p oncall.Person, f *contactsForm, field string, err error) error {
	if statusOf(err) >= http.StatusInternalServerError {
		return err
	}
	f.Wrong = map[string]string{field: s.said(err)}
	return s.renderPerson(w, r, statusOf(err), p, personBody{Ways: f})
}

func (s *site) addContact(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	f := &contactsForm{Kind: trimmed(r.PostForm, "kind")}
	_, sent, err := s.Incidents.AddContact(r.Context(), s.visitor(r).Actor(), f.Kind, secret.New(trimmed(r.PostForm, "address")))
	if err != nil {
		return s.waysAgain(w, r, p, f, "address", err)
	}
	did := "contact-stored"
	if sent {
		did = "contact-sent"
	}
	return toPerson(w, r, p, did, "contacts")
}

func (s *site) proveContact(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	f := &contactsForm{Code: trimmed(r.PostForm, "code")}
	if _, err := s.Incidents.ProveByCode(r.Context(), s.visitor(r).Actor(), f.Code); err != nil {
		return s.waysAgain(w, r, p, f, "code", err)
	}
	return toPerson(w, r, p, "contact-proven", "contacts")
}

func (s *site) codeContact(w http.ResponseWriter, r *http.Request, p oncall.Person, c contact.Contact) error {
	purpose := contact.PurposeProof
	if c.Usable() {
		purpose = contact.PurposeTest
	}
	_, err := s.Incidents.Prove(r.Context(), s.visitor(r).Actor(), c.ID, purpose)
	return s.afterButton(w, r, p, err, "contact-sent", "contacts")
}

func (s *site) delayContact(w http.ResponseWriter, r *http.Request, p oncall.Person, c contact.Contact) error {
	var delay *time.Duration
	typed := strings.ToLower(trimmed(r.PostForm, "delay"))
	var err error
	if typed != "" {
		var d time.Duration
		if d, err = time.ParseDuration(typed); err != nil {
			err = fault.New(fault.Invalid, "Write a time like 0s, 90s or 2m, up to an hour; or leave it empty.")
		}
		d = d.Truncate(time.Second)
		delay = &d
	}
	if err == nil {
		err = contact.SetDelay(r.Context(), s.DB, s.Now(), c.ID, delay, contact.By(s.visitor(r).Actor().By()))
	}
	if err != nil {
		return s.waysAgain(w, r, p, &contactsForm{}, delayField(c.ID), err)
	}
	return toPerson(w, r, p, "contact-delay", "contacts")
}

func (s *site) pauseContact(w http.ResponseWriter, r *http.Request, p oncall.Person, c contact.Contact) error {
	err := contact.Suspend(r.Context(), s.DB, s.Now(), c.ID, contact.By(s.visitor(r).Actor().By()))
	return s.afterButton(w, r, p, err, "contact-paused", "contacts")
}

func (s *site) resumeContact(w http.ResponseWriter, r *http.Request, p oncall.Person, c contact.Contact) error {
	err := contact.Resume(r.Context(), s.DB, s.Now(), c.ID, contact.By(s.visitor(r).Actor().By()))
	return s.afterButton(w, r, p, err, "contact-resumed", "contacts")
}

func (s *site) removeContact(w http.ResponseWriter, r *http.Request, p oncall.Person, c contact.Contact) error {
	err := contact.RemoveOne(r.Context(), s.DB, s.Now(), p.ID, c.ID, contact.By(s.visitor(r).Actor().By()))
	return s.afterButton(w, r, p, err, "contact-removed", "contacts")
}
