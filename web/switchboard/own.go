package switchboard

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/web"
)

// codePage asks for the code that went to one of the visitor's addresses.
type codePage struct {
	Contact
	Say  string
	Sent bool
	Code box
}

func (s *site) codeForm(w http.ResponseWriter, r *http.Request) error {
	v, c, err := s.inOwn(w, r)
	if err != nil {
		return err
	}
	say := s.heard(v)
	return s.renderCode(w, r, http.StatusOK, v, codePage{Contact: c, Say: say, Sent: v.sent == c.ID, Code: codeBox("")})
}

func (s *site) renderCode(w http.ResponseWriter, r *http.Request, status int, v visit, p codePage) error {
	return s.render(w, r, status, "code", view{Title: "See your " + contact.Noun(p.Kind), Here: "/mine", Visit: v, Body: p})
}

func (s *site) sendCode(w http.ResponseWriter, r *http.Request) error {
	v, c, err := s.inOwn(w, r)
	if err != nil {
		return err
	}
	say, err := s.Owners.SendCode(r.Context(), v.ID, c.ID)
	if err != nil {
		return err
	}
	s.sessions.find(v.token, s.Now(), func(n *session) { n.say, n.sent = say, c.ID })
	http.Redirect(w, r, fmt.Sprintf("/mine/%d/code", c.ID), http.StatusSeeOther)
	return nil
}

// opens opens one of the visitor's own addresses by the code that they typed. answered
// tells that there was an answer already: the code was wrong.
func (s *site) opens(w http.ResponseWriter, r *http.Request, v visit, c Contact) (address secret.Text, answered bool, err error) {
	address, err = s.Owners.Show(r.Context(), v.ID, c.ID, strings.ToUpper(strings.ReplaceAll(typed(r, "code"), " ", "")))
	if fault.KindOf(err) != fault.Invalid {
		return address, false, err
	}
	if err := s.wrongCode(w, v); err != nil {
		return address, false, err
	}
	return address, true, s.renderCode(w, r, http.StatusBadRequest, v, codePage{Contact: c, Sent: true, Code: codeBox(fault.Say(err))})
}

// showAddress is the one page that shows somebody an address of theirs.
func (s *site) showAddress(w http.ResponseWriter, r *http.Request) error {
	v, c, err := s.inOwn(w, r)
	if err != nil {
		return err
	}
	address, answered, err := s.opens(w, r, v, c)
	if answered || err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "address", view{Title: "Your " + contact.Noun(c.Kind), Here: "/mine", Visit: v, Body: shown{
		Label: "Your " + contact.Noun(c.Kind), Address: address.Reveal(),
	}})
}

// shown is an address on the page that shows it.
type shown struct {
	Label, Address string
	Showing        *Showing // lane D; nil is its owner's own
}

// export gives everything that is known of the visitor's sealed addresses as text, with
// the address that the code went to.
func (s *site) export(w http.ResponseWriter, r *http.Request) error {
	v, err := s.inMine(w, r)
	if err != nil {
		return err
	}
	c, err := s.own(r.Context(), v, typed(r, "contact"))
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
	statement, err := s.Owners.Statement(r.Context(), v.ID)
	if err != nil {
		return err
	}
	address, answered, err := s.opens(w, r, v, c) // last: a code is good once
	if answered || err != nil {
		return err
	}
	return download(w, "batsignal-sealed-addresses.txt", exported(s.Now(), v.Person, list, openedOf(openings), statement, c.ID, address))
}

// exported is the text of an export.
func exported(now time.Time, p Person, list []Contact, openings []opened, statement string, open int64, address secret.Text) string {
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(web.Visible(fmt.Sprintf(format, args...)) + "\n") }
	line("Sealed addresses of %s, as of %s UTC", p.Handle, at(now))
	for _, c := range list {
		line("")
		line("%s, %s", kindTitle(c.Kind), c.Standing)
		line("  record: %s", c.Record)
		line("  sealed: %s UTC", at(c.SealedAt))
		line("  agreed to: %s", c.Says())
		line("  as it is bound to the record: %s", c.Policy)
		if c.ID == open {
			line("  address: %s", address.Reveal())
		} else {
			line("  address: not in this file, since no code was typed for it")
		}
	}
	line("")
	line("Openings: %d", len(openings))
	for _, o := range openings {
		line("  %s UTC, %s, %s, %s", at(o.At), kindTitle(o.Kind), o.Why(), o.Leaves())
		line("    record %s; lane %s; incident %s; by %s; %s", o.Record, o.Lane, orNone(o.Ref()), orNone(o.By()), o.Came())
	}
	line("")
	line("What the ledger states, signed. Check it with: batsignal ledger check-statement FILE")
	return b.String() + "\n" + statement
}

func at(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
