package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall/access"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// linkBody is the page behind a link from chat.
type linkBody struct {
	Holder  access.Holder
	Instead string // who is signed in now, if somebody else
}

// showLink shows whom a link signs in, and the button. It uses nothing up: chat programs
// fetch links to show what is behind them.
func (s *site) showLink(w http.ResponseWriter, r *http.Request) error {
	holder, err := s.Access.PeekLink(r.Context(), linkToken(w, r))
	if fault.KindOf(err) == fault.NotFound {
		return s.noSignIn(w, r, err)
	}
	if err != nil {
		return err
	}
	body := linkBody{Holder: holder}
	v := view{Title: "Sign in as " + holder.Handle}
	if now := s.visitor(r); !now.SignedIn() {
		v.CSRF = s.newForm(w, s.wanted(r))
	} else if now.PersonID != holder.PersonID {
		body.Instead = now.Handle
	}
	v.Body = body
	return s.render(w, r, http.StatusOK, "signlink", v)
}

// useLink is the button.
func (s *site) useLink(w http.ResponseWriter, r *http.Request) error {
	link := linkToken(w, r)
	if !s.ourForm(w, r) {
		return errNoFormToken
	}
	token, _, err := s.Access.UseLink(r.Context(), link, s.browserOf(r))
	if fault.KindOf(err) == fault.NotFound {
		return s.noSignIn(w, r, err)
	}
	if err != nil {
		return err
	}
	next := s.wanted(r)
	s.enter(w, token)
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// noSignIn says why somebody is not signed in, and which ways there are.
func (s *site) noSignIn(w http.ResponseWriter, r *http.Request, why error) error {
	return s.render(w, r, statusOf(why), "signnot", view{Title: "You are not signed in", Body: fault.Say(why)})
}

// linkToken wraps the token as soon as it is read, so that nothing later can print it.
func linkToken(w http.ResponseWriter, r *http.Request) secret.Text {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Robots-Tag", "noindex")
	return secret.New(strings.TrimSpace(chi.URLParam(r, "token")))
}
