package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
)

// newVisited is a site over a database with ada, who is an admin, and bert.
func newVisited(t *testing.T) (s *site, ada, bert oncall.Actor) {
	t.Helper()
	db := pgtest.Fresh(t).Pool
	now := func() time.Time { return time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC) }
	set, err := command.NewSet(command.Options{Now: now}, command.Vocabulary(command.Services{DB: db}))
	if err != nil {
		t.Fatal(err)
	}
	s = &site{Options: Options{
		DB: db, Now: now, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Commands: set, Incidents: &incidents.Service{DB: db, Now: now},
		Access: &access.Service{DB: db, Now: now}, Who: &bot.Identity{DB: db, Policy: bot.Policy{Admins: []string{"libera/ada"}}},
		PublicURL: "https://bat.example",
	}}
	if s.files, err = readFiles(); err != nil {
		t.Fatal(err)
	}
	if s.pages, err = s.parsePages(); err != nil {
		t.Fatal(err)
	}
	var people []oncall.Actor
	for _, handle := range []string{"ada", "bert"} {
		id, err := oncall.AddPerson(t.Context(), db, now(), oncall.Person{Handle: handle, Zone: "Europe/Berlin", Wakes: 420, Sleeps: 1380})
		if err != nil {
			t.Fatal(err)
		}
		if err := oncall.BindAccount(t.Context(), db, now(), id, oncall.Account{Network: "libera", Name: handle}); err != nil {
			t.Fatal(err)
		}
		people = append(people, oncall.Actor{PersonID: id, Handle: handle, Zone: "Europe/Berlin", Network: "web"})
	}
	return s, people[0], people[1]
}

// asks serves a request through what every request goes through.
func (s *site) asks(fn http.Handler, r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	secure(s.sameOrigin(s.recognise(fn))).ServeHTTP(rec, r)
	return rec
}

// as gives a request the session of somebody.
func (s *site) as(t *testing.T, a oncall.Actor, r *http.Request) *http.Request {
	t.Helper()
	token, _, err := s.Access.SignIn(t.Context(), a, access.ByLink, access.Browser{})
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "__Host-batsignal", Value: token.Reveal()})
	return r
}

func TestPagesForSomePeople(t *testing.T) {
	s, ada, bert := newVisited(t)
	var seen visitor
	page := func(w http.ResponseWriter, r *http.Request) error {
		seen = s.visitor(r)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	for _, c := range []struct {
		name   string
		who    *oncall.Actor
		method string
		page   http.Handler
		status int
		says   string
	}{
		{"nobody", nil, http.MethodGet, s.signedIn(page), http.StatusSeeOther, ""},
		{"nobody sends a form", nil, http.MethodPost, s.signedIn(page), http.StatusForbidden, "You are not signed in any more"},
		{"somebody", &bert, http.MethodGet, s.signedIn(page), http.StatusNoContent, ""},
		{"somebody without the right", &bert, http.MethodGet, s.needs(command.Admin, page), http.StatusForbidden, "You are signed in as bert, and this is for administrators."},
		{"an admin", &ada, http.MethodGet, s.needs(command.Admin, page), http.StatusNoContent, ""},
		{"a page for everybody", nil, http.MethodGet, s.page(page), http.StatusNoContent, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen = visitor{}
			r := httptest.NewRequest(c.method, "/policies?x=1", nil)
			if c.who != nil {
				r = s.as(t, *c.who, r)
			}
			rec := s.asks(c.page, r)
			if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.says) {
				t.Errorf("status %d, want %d and %q:\n%s", rec.Code, c.status, c.says, rec.Body)
			}
			if c.status == http.StatusSeeOther && rec.Header().Get("Location") != "/sign-in?next=%2Fpolicies%3Fx%3D1" {
				t.Errorf("sent to %s", rec.Header().Get("Location"))
			}
			if c.who != nil && c.status == http.StatusNoContent {
				if a := seen.Actor(); a != *c.who || seen.Admin() != (c.who.Handle == "ada") || !seen.May(command.Known) {
					t.Errorf("%+v acts as %+v", seen, a)
				}
			}
		})
	}
}

func TestProgramsSpeakForPeople(t *testing.T) {
	s, ada, bert := newVisited(t)
	token := func(a oncall.Actor, scopes ...access.Scope) string {
		text, _, err := s.Access.CreateToken(t.Context(), a, "test", scopes, s.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + text.Reveal()
	}
	for _, c := range []struct {
		name, header string
		handle       string // "" is nobody
		admin        bool
	}{
		{"none", "", "", false},
		{"a password", "Basic YTpi", "", false},
		{"a wrong token", "Bearer bst_" + access.Fresh(), "", false},
		{"somebody", token(bert, access.Read, access.AdminScope), "bert", false},
		{"an admin, with a token for less", token(ada, access.Read), "ada", false},
		{"an admin", strings.Replace(token(ada, access.AdminScope), "Bearer", "bearer", 1), "ada", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := s.as(t, ada, httptest.NewRequest(http.MethodPost, "/api/v1/x", nil)) // a cookie counts for nothing
			r.Header.Set("Authorization", c.header)
			rec := s.asks(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if s.visitor(r).SignedIn() {
					t.Error("the cookie counts")
				}
				b, err := s.bearer(r)
				if none := (unproven{}); errors.As(err, &none) != (c.handle == "") || (err == nil) != (c.handle != "") {
					t.Errorf("%v", err)
				}
				if b.Handle != c.handle || b.Rights.Has(command.Admin) != c.admin || b.Actor().Network != "api" {
					t.Errorf("%+v", b)
				}
				if c.handle != "" && (b.May(access.PolicyWrite) == nil || fault.KindOf(b.May(access.Command)) != fault.Forbidden) {
					t.Error("a scope is taken that the token lacks")
				}
			}), r)
			if rec.Code != http.StatusOK || rec.Header().Get("Set-Cookie") != "" {
				t.Errorf("%d, %v", rec.Code, rec.Header())
			}
		})
	}
}

func TestMomentsOnTwoClocks(t *testing.T) {
	at := time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC)
	for zone, want := range map[string]string{"": "", "UTC": "", "Europe/London": "", "Europe/Berlin": "2 Mar 00:30", "America/New_York": "18:30", "Nowhere": ""} {
		if got := momentFor(view{Visitor: visitor{Zone: zone}}, at).Local; got != want {
			t.Errorf("%s: %q, want %q", zone, got, want)
		}
	}
}

func TestNoSiteIsReachedByNext(t *testing.T) {
	for next, want := range map[string]string{
		"/people": "/people", "/incidents?x=1#y": "/incidents?x=1#y", "/": "/",
		"": "/", "//evil.example": "/", "/\\evil.example": "/", "https://evil.example/": "/", "people": "/", "/\x00": "/", "/\nx": "/",
		"/sign-in/link/x": "/", "/sign-out": "/", "/api/v1": "/", "javascript:x": "/", "/" + strings.Repeat("x", 1000): "/",
	} {
		if got := samePlace(next); got != want {
			t.Errorf("%q leads to %q", next, got)
		}
	}
}

// A failing database must not make somebody nobody: a form would be lost by it.
func TestWhoCannotBeToldIsAnError(t *testing.T) {
	s, ada, _ := newVisited(t)
	r := s.as(t, ada, httptest.NewRequest(http.MethodGet, "/", nil))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	rec := s.asks(s.page(func(http.ResponseWriter, *http.Request) error { t.Error("it is drawn"); return nil }), r.WithContext(gone))
	if rec.Header().Get("Set-Cookie") != "" {
		t.Error("the cookie is removed")
	}
}
