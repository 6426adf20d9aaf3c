package web

import (
	"context"
	"fmt"
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

// visitor is whoever reads a page. The zero visitor is nobody: not signed in, as every
// visitor is where there is no sign-in.
//
// A page that is for some people only is wrapped where it is routed:
//
//	r.Get("/audit", s.signedIn(s.auditPage))
//	r.Post("/policies/{id}", s.needs(command.Admin, s.savePolicy))
//
// Its handler asks s.visitor(r), and acts as v.Actor(). Forms begin with
// {{template "csrf" $}}; that it came back, and how long the form is, was checked before
// the handler is called, and r.PostForm is filled (r.MultipartForm too, for files).
type visitor struct {
	PersonID int64 // 0 is nobody
	Handle   string
	Name     string
	Zone     string        // IANA name; "" reads as UTC
	Rights   command.Right // the same that the person has in chat

	session access.Session
	token   secret.Text // of the session
}

// SignedIn tells whether it is known who this is.
func (v visitor) SignedIn() bool { return v.PersonID != 0 }

// May tells whether the visitor has a right.
func (v visitor) May(right command.Right) bool { return v.SignedIn() && v.Rights.Has(right) }

// Admin tells whether the visitor looks after the roster, for templates.
func (v visitor) Admin() bool { return v.May(command.Admin) }

// Actor is the visitor as lower floors know one.
func (v visitor) Actor() oncall.Actor {
	return oncall.Actor{PersonID: v.PersonID, Handle: v.Handle, Zone: v.Zone, Network: oncall.Web}
}

// Caller is the visitor as somebody who gives commands.
func (v visitor) Caller() command.Caller {
	return command.Caller{Network: oncall.Web, Nick: v.Handle, PersonID: v.PersonID, Handle: v.Handle, Zone: v.Zone, Rights: v.Rights, Addressed: true, Unseen: true}
}

// moment is an instant as a visitor reads it: in UTC, and beside it on their own clock.
type moment struct {
	At    time.Time
	Local string // "" if it is the same
}

// momentFor is {{template "moment" (moment $ .At)}}.
func momentFor(v view, at time.Time) moment {
	m := moment{At: at}
	if v.Visitor.Zone == "" {
		return m
	}
	utc, local := at.UTC(), at.In(oncall.Location(v.Visitor.Zone))
	layout := "15:04"
	if utc.Format(time.DateOnly) != local.Format(time.DateOnly) {
		layout = "2 Jan 15:04"
	}
	if utc.Format(layout) != local.Format(layout) {
		m.Local = local.Format(layout)
	}
	return m
}

type visitorKey struct{}

// visitor says who asks.
func (s *site) visitor(r *http.Request) visitor {
	v, _ := r.Context().Value(visitorKey{}).(visitor)
	return v
}

func withVisitor(r *http.Request, v visitor) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
}

// handler is a page that may fail.
type handler = func(w http.ResponseWriter, r *http.Request) error

// signedIn makes a page that only people see whom we know. Others are sent to sign in,
// and come back after it.
func (s *site) signedIn(fn handler) http.HandlerFunc {
	return s.page(func(w http.ResponseWriter, r *http.Request) error {
		if !s.visitor(r).SignedIn() {
			return s.askToSignIn(w, r)
		}
		return fn(w, r)
	})
}

// needs makes a page for people with a right.
func (s *site) needs(right command.Right, fn handler) http.HandlerFunc {
	return s.signedIn(func(w http.ResponseWriter, r *http.Request) error {
		if err := s.checkRight(r, right); err != nil {
			return err
		}
		return fn(w, r)
	})
}

func (s *site) checkRight(r *http.Request, right command.Right) error {
	v := s.visitor(r)
	if v.May(right) {
		return nil
	}
	return fault.New(fault.Forbidden, "You are signed in as %s, and this is for %s. Ask one of them to do it, or an administrator for the right.",
		v.Handle, s.Commands.WhoMay(right))
}

func (s *site) askToSignIn(w http.ResponseWriter, r *http.Request) error {
	switch {
	case s.Access == nil:
		return fault.New(fault.Forbidden, "This page is for people who are signed in, and nobody can sign in here.")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return fault.New(fault.Forbidden, "You are not signed in any more, so nothing was done. Sign in in another tab, then go back in your browser and send it again: what you wrote is still there.")
	}
	http.Redirect(w, r, signInPath(r), http.StatusSeeOther)
	return nil
}

// signInPath is where one signs in to come back to this page.
func signInPath(r *http.Request) string {
	if r.URL.Path == "/" || strings.HasPrefix(r.URL.Path, "/sign-in") {
		return "/sign-in"
	}
	return "/sign-in?next=" + url.QueryEscape(r.URL.RequestURI())
}

// samePlace is an address of this site to go on to; whatever is none becomes the
// overview. A browser reads //x and /\x as another site.
func samePlace(next string) string {
	u, err := url.Parse(next)
	switch {
	case err != nil, u.Scheme != "", u.Host != "", u.User != nil, u.Opaque != "",
		!strings.HasPrefix(next, "/"), strings.HasPrefix(next, "//"), strings.ContainsAny(next, "\\\r\n\t\x00"), len(next) > 1000,
		strings.HasPrefix(next, "/sign-in"), strings.HasPrefix(next, "/sign-out"), strings.HasPrefix(next, "/api/"):
		return "/"
	}
	return next
}

// bearer is a program that asks in somebody's name.
type bearer struct {
	command.Caller // whose token it is, with their rights as far as the token goes
	Token          access.Token
}

// Actor is the person as lower floors know one.
func (b bearer) Actor() oncall.Actor {
	return oncall.Actor{PersonID: b.PersonID, Handle: b.Handle, Zone: b.Zone, Network: oncall.API}
}

// May is Forbidden, with a sentence, unless the token has the scope.
func (b bearer) May(scope access.Scope) error {
	if b.Token.May(scope) {
		return nil
	}
	return fault.New(fault.Forbidden, "This token is not for that: it lacks the scope %s. Make another one on your account page.", scope)
}

// unproven is what has no token that can be used: 401, where every other refusal is 403.
type unproven struct{ error }

func (u unproven) Unwrap() error { return u.error }

// bearer says in whose name a program asks, by its token. Cookies count for nothing here.
// An error that is unproven (errors.As) means that no good token came with it.
func (s *site) bearer(r *http.Request) (bearer, error) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if s.Access == nil || !strings.EqualFold(scheme, "Bearer") {
		return bearer{}, unproven{fault.New(fault.Forbidden, "Send a token of your account page with it: Authorization: Bearer %s…", access.TokenPrefix)}
	}
	token, err := s.Access.Bearer(r.Context(), secret.New(strings.TrimSpace(text)))
	if fault.KindOf(err) == fault.Forbidden {
		return bearer{}, unproven{err}
	}
	if err != nil {
		return bearer{}, err
	}
	c, err := s.Who.ForPerson(r.Context(), token.Person(), oncall.API)
	if err != nil {
		return bearer{}, fmt.Errorf("what a token's person may do: %w", err)
	}
	if !token.May(access.AdminScope) {
		c.Rights &^= command.Admin
	}
	c.Addressed, c.Unseen = true, true
	return bearer{Caller: c, Token: token}, nil
}
