package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"batsignal/bot/command"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// longestSession is how long a browser keeps the cookie; the session may be over before.
const longestSession = 60 * 24 * time.Hour

var (
	errNoFormToken = fault.New(fault.Forbidden, "This form was not made for you, or is from before you signed in, so nothing was done. Go back, load the page again, and send it once more.")
	errTooLong     = fault.New(fault.Invalid, "That is more than a form may hold, so nothing was done.")
)

// recognise finds out who asks. A session's cookie says who reads; to change something it
// takes, besides, the token that only our own forms have. Links with a token in them, and
// programs, have their own proof: what they do, the cookie has no part in.
func (s *site) recognise(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Access == nil || s.knowsNobody(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		var v visitor
		err := s.reads(w, r, func(w http.ResponseWriter, r *http.Request) (err error) { v, err = s.whoAsks(w, r); return err })
		if err == nil && changes(r) {
			if err = s.readForm(w, r); err == nil && v.SignedIn() && !access.FormTokenFits(v.token, formTokenOf(r)) {
				if !strings.HasPrefix(r.URL.Path, "/sign-in/") {
					err = errNoFormToken
				}
				v = visitor{} // signing in anew: the form's own cookie counts
			}
		}
		if err != nil {
			s.page(func(http.ResponseWriter, *http.Request) error { return err })(w, r)
			return
		}
		w.Header().Add("Vary", "Cookie")
		if v.SignedIn() {
			w.Header().Set("Cache-Control", "private, no-store")
		}
		next.ServeHTTP(w, withVisitor(r, v))
	})
}

// knowsNobody tells whether cookies count for nothing at a path.
func (s *site) knowsNobody(path string) bool {
	for _, prefix := range []string{"/static/", "/api/", access.FeedPath, "/ack/", "/retro/edit/", "/healthz", "/readyz", "/metrics"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	for hook := range s.Hooks {
		if path == hook || strings.HasPrefix(path, hook+"/") {
			return true
		}
	}
	return false
}

// whoAsks reads the session of a browser. A cookie of a session that is over is removed.
func (s *site) whoAsks(w http.ResponseWriter, r *http.Request) (visitor, error) {
	token := s.cookie(r, sessionCookie)
	if token.Empty() {
		return visitor{}, nil
	}
	session, found, err := s.Access.Session(r.Context(), token)
	if err != nil {
		return visitor{}, err
	}
	if !found {
		s.dropCookie(w, sessionCookie)
		return visitor{}, nil
	}
	c, err := s.Who.ForPerson(r.Context(), session.Person(), oncall.Web)
	if err != nil {
		return visitor{}, err
	}
	if session.Over(s.Now(), c.Rights.Has(command.Admin)) {
		s.dropCookie(w, sessionCookie)
		return visitor{}, nil
	}
	if err := s.Access.See(r.Context(), session); err != nil {
		s.Log.Warn("that a session was used could not be noted", "error", err)
	}
	return visitor{
		PersonID: session.PersonID, Handle: session.Handle, Name: session.Name, Zone: session.Zone, Rights: c.Rights,
		session: session, token: token,
	}, nil
}

// changes tells whether a request may change something.
func changes(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return true
}

// readForm reads what a browser sends, once, and no more than longestForm.
func (s *site) readForm(w http.ResponseWriter, r *http.Request) error {
	if r.PostForm != nil {
		return nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	parse := r.ParseForm
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		parse = func() error { return r.ParseMultipartForm(longestForm) }
	}
	if err := parse(); err != nil {
		return fault.Wrap(fault.Invalid, err, "%s", errTooLong.Say)
	}
	return nil
}

// formTokenOf is what our own forms carry, and our own script in a header.
func formTokenOf(r *http.Request) string {
	if h := r.Header.Get("X-Csrf-Token"); h != "" {
		return h
	}
	return r.PostForm.Get("csrf")
}

// ourForm tells whether a form was made by us for this very browser, whatever the browser
// says of where it comes from.
func (s *site) ourForm(w http.ResponseWriter, r *http.Request) bool {
	if s.Access == nil || s.knowsNobody(r.URL.Path) || s.readForm(w, r) != nil {
		return false
	}
	token := formTokenOf(r)
	return access.FormTokenFits(s.cookie(r, sessionCookie), token) || access.FormTokenFits(s.cookie(r, formCookie), token)
}

// The cookies, without what stands before their names on https.
const (
	sessionCookie = "batsignal"
	formCookie    = "batsignal-form" // of forms for people who are not signed in
	attemptCookie = "batsignal-attempt"
)

// overTLS tells whether people reach these pages by https. Browsers take __Host- cookies
// from there only: no other host, and nobody on the way, can set one.
func (s *site) overTLS() bool {
	u, err := url.Parse(s.PublicURL)
	return err == nil && u.Scheme == "https"
}

func (s *site) cookieName(name string) string {
	if s.overTLS() {
		return "__Host-" + name
	}
	return name
}

// cookie wraps a cookie as soon as it is read, so that nothing later can print it.
func (s *site) cookie(r *http.Request, name string) secret.Text {
	c, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return secret.Text{}
	}
	return secret.New(c.Value)
}

func (s *site) setCookie(w http.ResponseWriter, name string, value secret.Text, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(name), Value: value.Reveal(), Path: "/", MaxAge: int(life / time.Second),
		Secure: s.overTLS(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func (s *site) dropCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(name), Path: "/", MaxAge: -1, Secure: s.overTLS(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
