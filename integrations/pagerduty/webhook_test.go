package pagerduty_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/pagerduty"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// ear notes what it hears, and each event once, as the real one does.
type ear struct {
	mu       sync.Mutex
	seen     map[string]bool
	replies  []paging.Reply
	receipts []paging.Receipt
	deaf     int // so many times it cannot listen
}

func (e *ear) fresh(event string) (bool, error) {
	if e.deaf > 0 {
		e.deaf--
		return false, errors.New("the database is not there")
	}
	if e.seen[event] {
		return false, nil
	}
	if e.seen == nil {
		e.seen = map[string]bool{}
	}
	e.seen[event] = true
	return true, nil
}

func (e *ear) Reply(_ context.Context, r paging.Reply) (paging.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ok, err := e.fresh(r.Event)
	if ok {
		e.replies = append(e.replies, r)
	}
	return paging.Response{Done: true}, err
}

func (e *ear) Receipt(_ context.Context, r paging.Receipt) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	ok, err := e.fresh(r.Event)
	if ok {
		e.receipts = append(e.receipts, r)
	}
	return err
}

// said is what was heard so far, as "acked page-12 by PU00001".
func (e *ear) said() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []string
	for _, r := range e.receipts {
		list = append(list, string(r.News)+" "+r.Key)
	}
	for _, r := range e.replies {
		list = append(list, string(r.Means)+" "+r.Key+" by "+r.Account)
	}
	return strings.Join(list, ", ")
}

// listening has PagerDuty tell an ear of ours.
func (w *world) listening(change func(*pagerduty.Hook)) *ear {
	w.Helper()
	heard := &ear{}
	server := httptest.NewUnstartedServer(nil)
	server.Start()
	w.Cleanup(server.Close)
	h := pagerduty.Hook{
		Ear: heard, Keys: pagerduty.Keys{Name: "prod"}, Look: w.rest.AlertKeys, Secrets: []secret.Text{secret.New(w.fake.Subscribe(server.URL))},
		Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if change != nil {
		change(&h)
	}
	hook, err := pagerduty.NewHook(h)
	if err != nil {
		w.Fatal(err)
	}
	server.Config.Handler = hook
	return heard
}

func (w *world) hears(e *ear, want string) {
	w.Helper()
	w.fake.Settled()
	if got := e.said(); got != want {
		w.Errorf("heard: %s\nwant:  %s", got, want)
	}
}

func TestAnAcknowledgementThereIsOneHere(t *testing.T) {
	for name, keyed := range map[string]bool{"the incident has the key": true, "its alert has the key": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.web.KeyInIncident = keyed
			heard := w.listening(nil)
			w.send(w.page())
			w.hears(heard, "delivered page-12")
			if r := heard.receipts[0]; r.Detail != "PagerDuty opened incident 1 and calls whoever is on call there" || !r.At.Equal(noon) {
				t.Errorf("%+v", r)
			}
			i := w.fake.Only().ID
			w.fake.Acknowledge(w.ada, i)
			w.hears(heard, "delivered page-12, acked page-12 by "+w.ada.ID)
			w.fake.Resolve(w.ada, i)
			w.hears(heard, "delivered page-12, acked page-12 by "+w.ada.ID+", closed page-12 by "+w.ada.ID)
			w.fake.Again() // each of them once more
			w.hears(heard, "delivered page-12, acked page-12 by "+w.ada.ID+", closed page-12 by "+w.ada.ID)
			for _, d := range w.fake.Deliveries() {
				for _, status := range d.Status {
					if status != http.StatusAccepted {
						t.Errorf("%s: %d", d.Type, status)
					}
				}
			}
		})
	}
}

func TestWhatWeDoThereDoesNotComeBack(t *testing.T) {
	w := newWorld(t)
	heard := w.listening(nil)
	w.send(w.page())
	for _, how := range []paging.PageState{paging.PageAcked, paging.PageClosed} {
		if err := w.route.End(t.Context(), paging.Ended{Key: "page-12", How: how, By: "bob", Address: secret.New(w.web.RoutingKey)}); err != nil {
			t.Fatal(err)
		}
	}
	w.hears(heard, "delivered page-12")
	if n := len(w.fake.Deliveries()); n != 3 {
		t.Errorf("PagerDuty told %d times", n)
	}
}

func TestMachinesAnswerForNobody(t *testing.T) {
	w := newWorld(t)
	heard := w.listening(nil)
	w.send(w.page())
	w.fake.GiveUp(w.fake.Only().ID)
	w.hears(heard, "delivered page-12")
}

func TestWhatElseHappensThereChangesNothing(t *testing.T) {
	w := newWorld(t)
	heard := w.listening(nil)
	bob := w.fake.AddUser("Bob", "bob@example.org")
	w.send(w.page())
	i := w.fake.Only().ID
	w.fake.Reassign(w.ada, bob, i)
	w.fake.Annotate(bob, i, "batsignal/prod/page-12 acked")
	w.fake.Acknowledge(bob, i)
	w.fake.RunOut(i)
	second := w.page()
	second.Key = "page-13"
	w.send(second)
	w.hears(heard, "delivered page-12, delivered page-13, acked page-12 by "+bob.ID)
	// That page 13 is part of another incident now is no answer to it.
	list := w.fake.Incidents()
	w.fake.Merge(bob, list[1].ID, i)
	w.hears(heard, "delivered page-12, delivered page-13, acked page-12 by "+bob.ID)
	// But whoever acknowledges that one, has both.
	w.fake.Acknowledge(bob, i)
	w.hears(heard, "delivered page-12, delivered page-13, acked page-12 by "+bob.ID+", acked page-12 by "+bob.ID+", acked page-13 by "+bob.ID)
}

func TestOneClickAnswersAllPagesOfAnIncident(t *testing.T) {
	w := newWorld(t)
	w.web.Group = true
	heard := w.listening(nil)
	w.send(w.page())
	w.fake.Settled()
	second := w.page()
	second.Key = "page-13"
	w.send(second)
	w.fake.Acknowledge(w.ada, w.fake.Only().ID)
	w.fake.Settled()
	w.fake.Again()
	w.hears(heard, "delivered page-12, acked page-12 by "+w.ada.ID+", acked page-13 by "+w.ada.ID)
}

func TestStrangersIncidentsAreLeftAlone(t *testing.T) {
	w := newWorld(t)
	heard := w.listening(nil)
	staging, _ := w.join(pagerduty.Config{Name: "staging"})
	if _, err := staging.Send(t.Context(), w.page()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.rest.OpenIncident(t.Context(), pagerduty.Opening{Service: w.web.ID, Title: "by hand", Key: "page-12"}); err != nil {
		t.Fatal(err)
	}
	for _, i := range w.fake.Incidents() {
		w.fake.Acknowledge(w.ada, i.ID)
	}
	w.hears(heard, "")
}

func TestLiarsAreRefused(t *testing.T) {
	w := newWorld(t)
	heard := w.listening(nil)
	w.send(w.page())
	i := w.fake.Only().ID
	if status := w.fake.Forge(w.ada, i); status != http.StatusForbidden {
		t.Error(status)
	}
	w.hears(heard, "delivered page-12")
}

func TestASecretIsReplacedWithoutAGap(t *testing.T) {
	w := newWorld(t)
	var hook *pagerduty.Hook
	heard := w.listening(func(h *pagerduty.Hook) { hook = h })
	w.fake.Rotate() // signed with both, and we know the old one
	w.send(w.page())
	w.hears(heard, "delivered page-12")
	w.fake.Rotate() // the old one is gone
	w.fake.Acknowledge(w.ada, w.fake.Only().ID)
	w.hears(heard, "delivered page-12")
	// A file with a line for each subscription, and both of one.
	both := secret.New("\n first-secret-of-16 \r\n\nsecond-secret-of-16\n").Lines()
	if len(both) != 2 || both[0].Reveal() != "first-secret-of-16" || both[1].Reveal() != "second-secret-of-16" {
		t.Error(len(both))
	}
	hook.Secrets = nil
	if _, err := pagerduty.NewHook(*hook); err == nil {
		t.Error("nobody needs a secret")
	}
	hook.Secrets = []secret.Text{secret.New("short")}
	if _, err := pagerduty.NewHook(*hook); err == nil {
		t.Error("a secret may be short")
	}
}

func TestLateAndBackwards(t *testing.T) {
	w := newWorld(t)
	heard := w.listening(nil)
	w.fake.Hold()
	w.send(w.page())
	i := w.fake.Only().ID
	w.fake.Acknowledge(w.ada, i)
	w.hears(heard, "")
	w.fake.ReleaseBackwards()
	w.hears(heard, "delivered page-12, acked page-12 by "+w.ada.ID)
	if d := w.fake.Deliveries(); d[0].Type != "incident.acknowledged" {
		t.Error(d[0].Type)
	}
}

func TestWhoCannotListenNowIsToldAgain(t *testing.T) {
	w := newWorld(t)
	heard := w.listening(nil)
	heard.deaf = 2
	w.send(w.page())
	w.hears(heard, "delivered page-12")
	w.fake.FailREST(1, 500, 0) // the alerts cannot be looked up
	w.fake.Acknowledge(w.ada, w.fake.Only().ID)
	w.hears(heard, "delivered page-12, acked page-12 by "+w.ada.ID)
	if d := w.fake.Deliveries(); len(d[0].Status) != 3 || d[0].Status[0] != http.StatusServiceUnavailable || len(d[1].Status) != 2 {
		t.Errorf("%+v", d)
	}
}

func TestOldNewsAreNoNews(t *testing.T) {
	w := newWorld(t)
	heard := w.listening(func(h *pagerduty.Hook) { h.Now = func() time.Time { return noon.Add(25 * time.Hour) } })
	w.send(w.page())
	w.hears(heard, "")
	if d := w.fake.Deliveries(); len(d) != 1 || d[0].Status[0] != http.StatusAccepted {
		t.Errorf("%+v", d)
	}
}

func TestSuccessAndNobodyRungIsNoReceipt(t *testing.T) {
	w := newWorld(t)
	heard := w.listening(nil)
	w.fake.AcceptAndDrop(true)
	w.send(w.page())
	w.hears(heard, "")
	if !w.route.Traits().Receipts {
		t.Error("nobody waits for a receipt")
	}
}
