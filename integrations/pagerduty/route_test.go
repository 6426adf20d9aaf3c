package pagerduty_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/pagerduty"
	"batsignal/integrations/pagerduty/pagerdutyfake"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a PagerDuty with Ada on call for Web, and our route to it.
type world struct {
	*testing.T
	fake  *pagerdutyfake.Fake
	ada   *pagerdutyfake.User
	web   *pagerdutyfake.Service
	route *pagerduty.Route
	rest  *pagerduty.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, fake: pagerdutyfake.Run(t, pagerdutyfake.Options{Now: func() time.Time { return noon }})}
	w.ada = w.fake.AddUser("Ada Lovelace", "ada@example.org")
	w.web = w.fake.AddService("Web", w.ada)
	w.route, w.rest = w.join(pagerduty.Config{Token: secret.New(w.fake.Token), From: "ada@example.org"})
	return w
}

func (w *world) join(c pagerduty.Config) (*pagerduty.Route, *pagerduty.Client) {
	w.Helper()
	c.EventsURL, c.APIURL, c.WebURL, c.Receipts = w.fake.URL, w.fake.URL, "https://bat.example.org", true
	if c.Name == "" {
		c.Name = "prod"
	}
	route, rest, err := pagerduty.New(c)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(route.Close)
	return route, rest
}

func (w *world) page() paging.Message {
	return paging.Message{
		Key: "page-12", Attempt: 1, Page: 5, Person: "web-team", Address: secret.New(w.web.RoutingKey), Ref: "INC-7", Severity: 1,
		Role: "web", Why: "The site\nis down", Rooms: []string{"#inc-7"}, AckLink: secret.New("https://bat.example.org/ack/xyz"), Code: "K7QXM",
	}
}

func (w *world) send(m paging.Message) {
	w.Helper()
	if _, err := w.route.Send(w.Context(), m); err != nil {
		w.Fatal(err)
	}
}

func TestAPageRingsWhoeverIsOnCall(t *testing.T) {
	w := newWorld(t)
	h, err := w.route.Send(t.Context(), w.page())
	if err != nil || h.Note != "accepted by PagerDuty" || h.Ref != "batsignal/prod/page-12" {
		t.Fatalf("%+v, %v", h, err)
	}
	i := w.fake.Only()
	if len(w.fake.Rings()) != 1 || w.fake.Rings()[0].User != w.ada.ID || i.Alerts[0].Key != "batsignal/prod/page-12" {
		t.Errorf("%+v", i)
	}
	e := w.fake.Events()[0]
	if e.Summary != "INC-7: The site is down [web needed]" || e.Severity != "critical" {
		t.Errorf("%+v", e)
	}
	payload := e.Body["payload"].(map[string]any)
	details := payload["custom_details"].(map[string]any)
	if payload["source"] != "bat.example.org" || details["page"] != "P5" || details["person"] != "web-team" || details["rooms"] != "#inc-7" {
		t.Errorf("%+v", payload)
	}
	if link := e.Body["links"].([]any)[0].(map[string]any); link["href"] != "https://bat.example.org/ack/xyz" {
		t.Errorf("%+v", link)
	}
}

func TestARepeatedPageRingsOnce(t *testing.T) {
	w := newWorld(t)
	w.fake.LoseEvents(1) // it is carried out, and we never hear of it
	_, err := w.route.Send(t.Context(), w.page())
	if !errors.Is(err, paging.ErrProvider) || errors.Is(err, paging.ErrPermanent) {
		t.Fatal(err)
	}
	again := w.page()
	again.Attempt, again.Repeat = 2, true
	w.send(again)
	w.send(again)
	if n := len(w.fake.Rings()); n != 1 || len(w.fake.Events()) != 3 {
		t.Errorf("Ada's phone rang %d times", n)
	}
}

func TestAfterACrashPagerDutyIsAsked(t *testing.T) {
	w := newWorld(t)
	if _, found, err := w.route.Ask(t.Context(), w.page()); found || err != nil {
		t.Fatal(found, err)
	}
	w.send(w.page())
	w.fake.Resolve(w.ada, w.fake.Only().ID)
	// A trigger now would ring again. That it was there is known nevertheless.
	h, found, err := w.route.Ask(t.Context(), w.page())
	if !found || err != nil || h.Note != "PagerDuty has it as incident 1" {
		t.Fatal(h, found, err)
	}
	// Nobody can say: then it is sent again.
	w.fake.FailREST(1, 500, 0)
	if _, found, err := w.route.Ask(t.Context(), w.page()); found || err != nil {
		t.Fatal(found, err)
	}
	without, _ := w.join(pagerduty.Config{})
	if _, found, err := without.Ask(t.Context(), w.page()); found || err != nil || without.Traits().Asks || !w.route.Traits().Asks {
		t.Fatal(found, err)
	}
}

func TestTwoInstallationsDoNotTakeEachOthersPages(t *testing.T) {
	w := newWorld(t)
	staging, _ := w.join(pagerduty.Config{Name: "staging"})
	if _, err := staging.Send(t.Context(), w.page()); err != nil {
		t.Fatal(err)
	}
	w.send(w.page()) // the same key, and somebody must come
	if len(w.fake.Rings()) != 2 {
		t.Error("a page vanished in an incident of the other installation")
	}
	k := pagerduty.Keys{Name: "prod"}
	for there, ours := range map[string]string{
		"batsignal/prod/page-12": "page-12", "batsignal/prod/proof-3": "proof-3", "batsignal/staging/page-12": "",
		"page-12": "", "batsignal/prod/disk full": "", "": "", "batsignal/prod/page-012": "",
	} {
		if got := k.Ours(there); got != ours {
			t.Errorf("%s: %s", there, got)
		}
	}
}

// What is answered with one of our keys there is an answer to that page: so nobody else can
// make one up, and a new secret is told beside the old one.
func TestKeysAreSealed(t *testing.T) {
	older, newer := secret.New("an older secret of webhooks"), secret.New("a newer secret of webhooks")
	k := pagerduty.Keys{Name: "prod", Seals: []secret.Text{older}}
	there := k.There("page-12")
	if there != k.There("page-12") || !strings.HasPrefix(there, "batsignal/prod/page-12.") || len(there) > 60 {
		t.Error(there)
	}
	both := pagerduty.Keys{Name: "prod", Seals: []secret.Text{newer, older}}
	if k.Ours(there) != "page-12" || both.Ours(there) != "page-12" || k.Ours(both.There("page-12")) != "" || both.There("page-12") == there {
		t.Error("a seal counts where its secret is known, and nowhere else")
	}
	_, sealed, _ := strings.Cut(there, ".")
	for _, forged := range []string{
		"batsignal/prod/page-12", "batsignal/prod/page-12.", "batsignal/prod/page-13." + sealed, "batsignal/prod/proof-12." + sealed,
		"batsignal/staging/page-12." + sealed, strings.ToUpper(there), there + "0", there[:len(there)-1],
	} {
		if got := k.Ours(forged); got != "" {
			t.Errorf("%s passes for %s", forged, got)
		}
	}
	if help := paging.HelpKey(7, "PF9KMXH"); k.Ours(k.There(help)) != help {
		t.Error("the call of a helpline is not known again")
	}
}

func TestTheEndOfAPageIsToldThere(t *testing.T) {
	w := newWorld(t)
	ended := func(how paging.PageState) paging.Ended {
		return paging.Ended{Key: "page-12", How: how, By: "bob", Address: secret.New(w.web.RoutingKey)}
	}
	// Never sent, as far as PagerDuty knows: no failure.
	if err := w.route.End(t.Context(), ended(paging.PageAcked)); err != nil {
		t.Fatal(err)
	}
	w.send(w.page())
	for _, step := range []struct {
		how    paging.PageState
		status string
	}{
		{paging.PageAcked, "acknowledged"},
		{paging.PageClosed, "resolved"},
		{paging.PageClosed, "resolved"},
		{paging.PageAcked, "resolved"},
	} {
		if err := w.route.End(t.Context(), ended(step.how)); err != nil {
			t.Fatal(err)
		}
		if i := w.fake.Only(); i.Status != step.status || i.By != "" {
			t.Errorf("%s: %+v", step.how, i)
		}
	}
	if e := w.fake.Events()[2]; e.Summary != "Acknowledged by bob in Batsignal" {
		t.Errorf("%+v", e)
	}
}

func TestWhoseFaultItIs(t *testing.T) {
	w := newWorld(t)
	send := func() error { _, err := w.route.Send(t.Context(), w.page()); return err }
	for _, status := range []int{429, 500, 503, 408, 401, 403, 404, 302} {
		w.fake.FailEvents(1, status)
		err := send()
		if !errors.Is(err, paging.ErrProvider) || errors.Is(err, paging.ErrPermanent) || strings.Contains(err.Error(), w.web.RoutingKey) || strings.Contains(err.Error(), "http") {
			t.Errorf("%d: %v", status, err)
		}
		w.fake.FailEvents(1, status)
		if err := w.route.End(t.Context(), paging.Ended{Key: "page-12", Address: secret.New(w.web.RoutingKey)}); !errors.Is(err, paging.ErrProvider) {
			t.Errorf("%d: %v", status, err)
		}
	}
	w.fake.FailEvents(1, 400)
	if err := send(); !errors.Is(err, paging.ErrPermanent) || errors.Is(err, paging.ErrProvider) || errors.As(err, new(paging.BadAddress)) {
		t.Errorf("what we wrote is not the owner's fault: %v", err)
	}
	for _, key := range []string{"", "short", strings.Repeat("x", 32), strings.Repeat("é", 16), w.web.RoutingKey + "\r\nx"} {
		m := w.page()
		m.Address = secret.New(key)
		_, err := w.route.Send(t.Context(), m)
		if bad := (paging.BadAddress{}); !errors.As(err, &bad) || key != "" && strings.Contains(err.Error(), key) {
			t.Errorf("%q: %v", key, err)
		}
	}
	w.fake.AcceptAndDrop(true)
	if err := send(); err != nil || len(w.fake.Rings()) != 0 {
		t.Errorf("of what PagerDuty drops nothing is heard here: %v", err)
	}
}

func TestAStallIsBrokenOff(t *testing.T) {
	w := newWorld(t)
	_, release := w.fake.StallEvents()
	defer release()
	quick, _ := w.join(pagerduty.Config{Timeout: 50 * time.Millisecond})
	if _, err := quick.Send(t.Context(), w.page()); !errors.Is(err, paging.ErrProvider) || !strings.Contains(err.Error(), "in time") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // we go down: that is nobody's fault
	if _, err := w.route.Send(ctx, w.page()); errors.Is(err, paging.ErrProvider) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCheckSendsNothing(t *testing.T) {
	w := newWorld(t)
	if err := w.route.Check(t.Context()); err != nil || len(w.fake.Events()) != 0 {
		t.Fatal(err, w.fake.Events())
	}
	bad, _ := w.join(pagerduty.Config{Token: secret.New("no-such-token")})
	if err := bad.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "does not take our token") || strings.Contains(err.Error(), "no-such-token") {
		t.Error(err)
	}
}

func TestProofsAndTestsSayWhatTheyAre(t *testing.T) {
	w := newWorld(t)
	for kind, want := range map[paging.Kind]string{
		paging.KindProof:  "warning Batsignal wants to know whether pages may come here: say the code K7QXM back to it",
		paging.KindTest:   "warning This is a test by Batsignal, nothing is on fire: say the code K7QXM back to it",
		paging.KindCanary: "info The daily test page of Batsignal: nothing is on fire",
	} {
		w.send(paging.Message{Kind: kind, Key: "proof-3", Address: secret.New(w.web.RoutingKey), Code: "K7QXM"})
		events := w.fake.Events()
		if e := events[len(events)-1]; e.Severity+" "+e.Summary != want {
			t.Errorf("%s %s", e.Severity, e.Summary)
		}
	}
}

func TestMuchIsCutSoThatPagerDutyTakesIt(t *testing.T) {
	w := newWorld(t)
	m := w.page()
	m.Why = strings.Repeat("ü", 3000)
	for range 500 {
		m.Items = append(m.Items, "disk \x00 full")
	}
	w.send(m)
	details := w.fake.Events()[0].Body["payload"].(map[string]any)["custom_details"].(map[string]any)
	if items := details["alerts"].([]any); len(items) != 51 || items[50] != "and 450 more" {
		t.Error(len(items))
	}
}

func TestWhatTheOperatorGotWrong(t *testing.T) {
	for name, c := range map[string]pagerduty.Config{
		"plain http":  {EventsURL: "http://events.example.org"},
		"no address":  {APIURL: "api.pagerduty.com"},
		"a password":  {APIURL: "https://a:b@api.pagerduty.com"},
		"a name":      {Name: "prod/1"},
		"no mail":     {From: "ada"},
		"two lines":   {Token: secret.New("tok\nen")},
		"a long name": {Name: strings.Repeat("a", 65)},
	} {
		if _, _, err := pagerduty.New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, rest, err := pagerduty.New(pagerduty.Config{}); err != nil || rest != nil {
		t.Error(rest, err)
	}
}
