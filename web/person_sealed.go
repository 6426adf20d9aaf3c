package web

import (
	"net/http"

	"batsignal/bot/command"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
)

// sealsForm is how somebody seals an address of theirs. What was pasted is not shown again:
// it is long, and of no use to them when it was refused.
type sealsForm struct {
	Command string // to type on their own machine
	Most    int    // letters of what it prints
	Wrong   string
}

// seals says how a person seals an address; nil: there is no switchboard.
func (s *site) seals(p oncall.Person) *sealsForm {
	if s.Switchboard == nil {
		return nil
	}
	return &sealsForm{Most: escrow.MostText, Command: command.SealCommand(s.PublicURL, p.ID)}
}

func (s *site) addSealed(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	if s.Switchboard == nil {
		return errNoSwitchboard()
	}
	sealed, err := escrow.ParseSealed(r.PostForm.Get("sealed"))
	sent := false
	if err == nil {
		_, _, sent, err = s.Incidents.AddSealed(r.Context(), s.visitor(r).Actor(), sealed)
	}
	if err != nil {
		return s.waysAgain(w, r, p, &contactsForm{}, "sealed", err)
	}
	did := "contact-sealed-stored"
	if sent {
		did = "contact-sealed"
	}
	return toPerson(w, r, p, did, "contacts")
}

func errNoSwitchboard() error {
	return fault.New(fault.NotFound, "There is no switchboard here, so nothing can be sealed.")
}

// switchboardBody is the page from which one goes to the switchboard.
type switchboardBody struct{ Title, Address, Back string }

// goToSwitchboard makes a page of a link to the switchboard's own pages: browsers refuse
// forms that end on another site, and a form it must be, since the link is somebody's own.
func (s *site) goToSwitchboard(purpose contact.LinkPurpose, title string) personHandler {
	return func(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
		if s.Switchboard == nil {
			return errNoSwitchboard()
		}
		address, err := s.Switchboard(r.Context(), p.ID, purpose)
		if err != nil {
			return s.afterButton(w, r, p, err, "", "")
		}
		w.Header().Set("Cache-Control", "no-store") // the link is good for whoever has it
		return s.render(w, r, http.StatusOK, "sealgo", view{Title: title, Here: "/me", Body: switchboardBody{title, address.Reveal(), personPath(p.Handle) + "#contacts"}})
	}
}
