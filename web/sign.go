package web

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall/access"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// formLife is how long somebody who is not signed in may take for a form.
const formLife = time.Hour

func (s *site) signRoutes(r chi.Router) {
	r.Get("/sign-in", s.page(s.showSignIn))
	r.Get(access.LinkPath+"{token}", s.page(s.showLink))
	r.Post(access.LinkPath+"{token}", s.page(s.useLink))
	r.Get("/sign-in/oidc/{id}", s.page(s.beginProvider))
	r.Get("/sign-in/oidc/{id}/callback", s.page(s.fromProvider))
	r.Post("/sign-in/passkey/begin", s.script(s.beginPasskey))
	r.Post("/sign-in/passkey/finish", s.script(s.finishPasskey))
	r.Post("/sign-out", s.page(s.signOut))
	s.accountRoutes(r)
}

// prepareSignIn reads how people may sign in, so that a mistake is found at start.
func (s *site) prepareSignIn() error {
	s.oidc = map[string]*provider{}
	for _, p := range s.OIDC {
		s.oidc[p.ID] = &provider{Provider: p}
	}
	var err error
	s.passkeys, err = passkeysAt(s.PublicURL)
	return err
}

// signInBody is the page on which one signs in.
type signInBody struct {
	Command   string // that gives a link in chat
	Providers []Provider
	Passkeys  bool
	Next      string // where it goes on
	Plain     bool   // cookies can be read on the way: no https
}

func (s *site) showSignIn(w http.ResponseWriter, r *http.Request) error {
	next := samePlace(r.URL.Query().Get("next"))
	if s.visitor(r).SignedIn() {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.render(w, r, http.StatusOK, "signin", view{
		Title: "Sign in", CSRF: s.newForm(w, next), Passkeys: s.passkeys != nil,
		Body: signInBody{Command: s.Commands.Typed("login"), Providers: s.OIDC, Passkeys: s.passkeys != nil, Next: next},
	})
}

// newForm makes the token of a form for somebody who is not signed in. Its cookie
// remembers where they wanted to go, for those who come back by a link from chat.
func (s *site) newForm(w http.ResponseWriter, next string) string {
	cookie := secret.New(access.Fresh() + "." + base64.RawURLEncoding.EncodeToString([]byte(next)))
	s.setCookie(w, formCookie, cookie, formLife)
	return access.FormToken(cookie)
}

// wanted is where somebody wanted to go before they were asked to sign in.
func (s *site) wanted(r *http.Request) string {
	_, encoded, _ := strings.Cut(s.cookie(r, formCookie).Reveal(), ".")
	next, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return "/"
	}
	return samePlace(string(next))
}

// enter gives the browser the cookie of a session that has just begun.
func (s *site) enter(w http.ResponseWriter, token secret.Text) {
	s.setCookie(w, sessionCookie, token, longestSession)
	s.dropCookie(w, formCookie)
}

// browserOf says which session a browser had and what program it is.
func (s *site) browserOf(r *http.Request) access.Browser {
	return access.Browser{Name: browserName(r.UserAgent()), Old: s.cookie(r, sessionCookie)}
}

// browserName makes a few words of what a browser says of itself.
func browserName(agent string) string {
	find := func(names ...[2]string) string {
		for _, n := range names {
			if strings.Contains(agent, n[0]) {
				return n[1]
			}
		}
		return ""
	}
	// Each also names those after it.
	program := find([2]string{"Edg", "Edge"}, [2]string{"OPR/", "Opera"}, [2]string{"Firefox/", "Firefox"}, [2]string{"FxiOS", "Firefox"},
		[2]string{"Chrom", "Chrome"}, [2]string{"CriOS", "Chrome"}, [2]string{"Safari/", "Safari"})
	system := find([2]string{"Android", "Android"}, [2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"}, [2]string{"Windows", "Windows"},
		[2]string{"Mac OS X", "macOS"}, [2]string{"CrOS", "ChromeOS"}, [2]string{"Linux", "Linux"})
	switch {
	case program == "" && system == "":
		return ""
	case program == "":
		return "A browser on " + system
	case system == "":
		return program
	}
	return program + " on " + system
}

// signOut ends the session of this browser.
func (s *site) signOut(w http.ResponseWriter, r *http.Request) error {
	if v := s.visitor(r); v.SignedIn() {
		if err := s.Access.EndSession(r.Context(), v.Actor(), v.session.ID); err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
	}
	s.dropCookie(w, sessionCookie)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
