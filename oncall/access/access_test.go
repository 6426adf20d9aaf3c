package access_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx   = context.Background()
	start = time.Date(2026, 3, 1, 3, 14, 0, 0, time.UTC)
)

// scene is a service on a clock that stands still until it is moved.
type scene struct {
	*access.Service
	t    *testing.T
	db   pg.DB
	now  time.Time
	ada  oncall.Actor
	bert oncall.Actor
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, db: pgtest.Tx(t), now: start}
	s.Service = &access.Service{DB: s.db, Now: func() time.Time { return s.now }, PublicURL: "https://bat.example/"}
	s.ada, s.bert = s.person("ada", "Europe/Berlin"), s.person("bert", "UTC")
	return s
}

func (s *scene) person(handle, zone string) oncall.Actor {
	s.t.Helper()
	id, err := oncall.AddPerson(ctx, s.db, start, oncall.Person{Handle: handle, Zone: zone, Wakes: 420, Sleeps: 1380})
	s.must(err)
	return oncall.Actor{PersonID: id, Handle: handle, Zone: zone, Network: "web"}
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// fails wants an error of a kind.
func (s *scene) fails(err error, kind fault.Kind) {
	s.t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		s.t.Errorf("%v is no %s", err, kind)
	}
}

// in tells whether a token is somebody's session now.
func (s *scene) in(token secret.Text) bool {
	s.t.Helper()
	_, found, err := s.Session(ctx, token)
	s.must(err)
	return found
}

// says are the sentences of the audit trail about somebody, the oldest first.
func (s *scene) says(a oncall.Actor) string {
	s.t.Helper()
	list, err := audit.List(ctx, s.db, audit.Query{Reader: a.PersonID})
	s.must(err)
	var b strings.Builder
	for i := len(list) - 1; i >= 0; i-- {
		b.WriteString(list[i].Handle + " " + list[i].Says + "\n")
	}
	return b.String()
}

// tokenOf is the secret part of a link.
func tokenOf(link secret.Text) secret.Text {
	_, token, _ := strings.Cut(link.Reveal(), access.LinkPath)
	return secret.New(token)
}

func TestALinkSignsInOnce(t *testing.T) {
	s := newScene(t)
	link, until, err := s.LoginLink(ctx, s.ada)
	s.must(err)
	if !strings.HasPrefix(link.Reveal(), "https://bat.example/sign-in/link/") || !until.Equal(start.Add(10*time.Minute)) {
		t.Errorf("%s until %s", link.Reveal(), until)
	}
	for range 3 { // programs that look at links use nothing up
		who, err := s.PeekLink(ctx, tokenOf(link))
		s.must(err)
		if who.Handle != "ada" || who.Zone != "Europe/Berlin" {
			t.Errorf("%+v", who)
		}
	}
	token, session, err := s.UseLink(ctx, tokenOf(link), access.Browser{Name: "Firefox on Linux"})
	s.must(err)
	got, found, err := s.Session(ctx, token)
	s.must(err)
	if !found || got.ID != session.ID || !got.ExpiresAt.Equal(session.ExpiresAt) || got.Handle != "ada" || got.Method != access.ByLink || got.Browser != "Firefox on Linux" {
		t.Errorf("found %v: %+v\nwant %+v", found, got, session)
	}
	_, _, err = s.UseLink(ctx, tokenOf(link), access.Browser{})
	s.fails(err, fault.NotFound)
	_, err = s.PeekLink(ctx, tokenOf(link))
	s.fails(err, fault.NotFound)
	if got, want := s.says(s.ada), "ada asked for a link to sign in on the web\nada signed in on the web by a link from chat\n"; got != want {
		t.Errorf("the record says\n%s", got)
	}
}

func TestALinkThatIsOldOrWrongSignsNobodyIn(t *testing.T) {
	s := newScene(t)
	link, _, err := s.LoginLink(ctx, s.ada)
	s.must(err)
	for _, wrong := range []string{"", "x", access.Fresh(), tokenOf(link).Reveal() + "x", "'" + tokenOf(link).Reveal()[1:]} {
		_, _, err := s.UseLink(ctx, secret.New(wrong), access.Browser{})
		s.fails(err, fault.NotFound)
	}
	s.now = start.Add(10 * time.Minute)
	_, _, err = s.UseLink(ctx, tokenOf(link), access.Browser{})
	s.fails(err, fault.NotFound)
}

func TestLinksAreLimited(t *testing.T) {
	s := newScene(t)
	for range 3 {
		_, _, err := s.LoginLink(ctx, s.ada)
		s.must(err)
	}
	_, _, err := s.LoginLink(ctx, s.ada)
	s.fails(err, fault.Limited)
	_, _, err = s.LoginLink(ctx, s.bert)
	s.must(err)
	s.now = s.now.Add(10 * time.Minute)
	_, _, err = s.LoginLink(ctx, s.ada)
	s.must(err)
	_, _, err = s.LoginLink(ctx, oncall.Actor{Network: "console"})
	s.fails(err, fault.Forbidden)
}

func TestHowLongASessionLasts(t *testing.T) {
	s := newScene(t)
	token, session, err := s.SignIn(ctx, s.ada, access.ByOIDC, access.Browser{})
	s.must(err)
	if !session.Over(start.Add(7*24*time.Hour), true) || session.Over(start.Add(7*24*time.Hour-time.Second), true) || session.Over(start.Add(8*24*time.Hour), false) {
		t.Error("an admin's session does not end after seven days, or another's does")
	}
	for day := 13; day <= 60; day += 13 { // used every 13 days
		s.now = start.Add(time.Duration(day) * 24 * time.Hour)
		got, found, err := s.Session(ctx, token)
		s.must(err)
		if want := day < 60; found != want {
			t.Errorf("on day %d: %v", day, found)
		}
		s.must(s.See(ctx, got))
	}
	s.now = start.Add(60 * 24 * time.Hour)
	if s.in(token) {
		t.Error("it lasts for longer than 60 days")
	}
	quiet, _, err := s.SignIn(ctx, s.ada, access.ByPasskey, access.Browser{})
	s.must(err)
	s.now = s.now.Add(14 * 24 * time.Hour)
	if s.in(quiet) {
		t.Error("it lasts without being used")
	}
	s.must(s.Forget(ctx))
	var left int
	s.must(s.db.QueryRow(ctx, "select count(*) from web_session").Scan(&left))
	if left != 0 {
		t.Errorf("%d sessions are kept that are over", left)
	}
}

// Each request would be a write otherwise.
func TestASessionIsSeenOnceAMinute(t *testing.T) {
	s := newScene(t)
	token, _, err := s.SignIn(ctx, s.ada, access.ByLink, access.Browser{})
	s.must(err)
	for _, c := range []struct{ after, want time.Duration }{{30 * time.Second, 0}, {time.Minute, time.Minute}, {90 * time.Second, time.Minute}, {2 * time.Minute, 2 * time.Minute}} {
		s.now = start.Add(c.after)
		session, _, err := s.Session(ctx, token)
		s.must(err)
		s.must(s.See(ctx, session))
		if session, _, _ = s.Session(ctx, token); !session.SeenAt.Equal(start.Add(c.want)) {
			t.Errorf("after %s it was seen at %s", c.after, session.SeenAt)
		}
	}
}

func TestEndingSessions(t *testing.T) {
	s := newScene(t)
	var tokens []secret.Text
	var ids []int64
	for range 3 {
		token, session, err := s.SignIn(ctx, s.ada, access.ByLink, access.Browser{})
		s.must(err)
		tokens, ids = append(tokens, token), append(ids, session.ID)
	}
	of, _, err := s.SignIn(ctx, s.bert, access.ByLink, access.Browser{})
	s.must(err)
	s.fails(s.EndSession(ctx, s.bert, ids[0]), fault.NotFound) // another's
	s.must(s.EndSession(ctx, s.ada, ids[0]))
	s.fails(s.EndSession(ctx, s.ada, ids[0]), fault.NotFound)
	if s.in(tokens[0]) || !s.in(tokens[1]) {
		t.Error("the wrong session ended")
	}
	n, err := s.EndSessions(ctx, s.ada, ids[2])
	s.must(err)
	if n != 1 || s.in(tokens[1]) || !s.in(tokens[2]) || !s.in(of) {
		t.Errorf("%d ended", n)
	}
	fresh, _, err := s.SignIn(ctx, s.ada, access.ByLink, access.Browser{Old: tokens[2]})
	s.must(err)
	if s.in(tokens[2]) || !s.in(fresh) {
		t.Error("signing in again keeps the old session")
	}
	link, _, err := s.LoginLink(ctx, s.ada)
	s.must(err)
	n, err = s.SignOutEverywhere(ctx, s.ada)
	s.must(err)
	if n != 1 || s.in(fresh) || !s.in(of) {
		t.Errorf("%d ended", n)
	}
	_, _, err = s.UseLink(ctx, tokenOf(link), access.Browser{})
	s.fails(err, fault.NotFound)
}

// Whoever reads the database can use nothing of it.
func TestNoTokenIsStored(t *testing.T) {
	s := newScene(t)
	session, _, err := s.SignIn(ctx, s.ada, access.ByLink, access.Browser{})
	s.must(err)
	link, _, err := s.LoginLink(ctx, s.ada)
	s.must(err)
	token, _, err := s.CreateToken(ctx, s.ada, "backup", []access.Scope{access.Read}, s.now.Add(time.Hour))
	s.must(err)
	feed, _, err := s.CreateFeed(ctx, s.ada, access.Feed{OfPerson: s.ada.PersonID})
	s.must(err)
	attempt, err := s.Begin(ctx, access.AttemptOIDC, 0, "x")
	s.must(err)
	for _, table := range []string{"web_session", "login_link", "api_token", "feed_token", "sign_in_attempt", "audit_entry"} {
		var text string
		s.must(s.db.QueryRow(ctx, "select coalesce(string_agg(t::text, E'\n'), '') from "+table+" t").Scan(&text))
		if text == "" {
			t.Errorf("nothing is in %s", table)
		}
		for _, hidden := range []secret.Text{session, tokenOf(link), token, feed, attempt} {
			if strings.Contains(text, hidden.Reveal()) {
				t.Errorf("%s holds a token", table)
			}
		}
	}
}

func TestFormTokens(t *testing.T) {
	one, two := secret.New("one"), secret.New("two")
	if !access.FormTokenFits(one, access.FormToken(one)) || access.FormTokenFits(two, access.FormToken(one)) {
		t.Error("a form fits the wrong cookie, or not its own")
	}
	if none := (secret.Text{}); access.FormToken(none) != "" || access.FormTokenFits(none, "") || access.FormTokenFits(one, "") {
		t.Error("nothing fits")
	}
	if strings.Contains(access.FormToken(one), "one") {
		t.Error("it tells the cookie")
	}
}
