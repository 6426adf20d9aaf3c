package pagerduty_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/pagerduty"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

func (w *world) call() paging.HelpCall {
	return paging.HelpCall{
		Key: paging.HelpKey(12, w.web.ID), Attempt: 1, Place: w.web.ID, Ref: "INC-7", Severity: 1,
		Role: "package fixing", Why: "openssl\nis on fire", Rooms: []string{"#inc-7 on libera"},
	}
}

func (w *world) end() paging.HelpEnd {
	return paging.HelpEnd{Key: paging.HelpKey(12, w.web.ID), Place: w.web.ID, Why: "maria has it."}
}

func TestAHelplineIsCalledAndToldOfTheEnd(t *testing.T) {
	w := newWorld(t)
	heard := w.listening(nil)
	called, err := w.route.CallHelp(t.Context(), w.call())
	if err != nil || called.Name != "1" || !strings.HasPrefix(called.Link, "https://") {
		t.Fatalf("%+v, %v", called, err)
	}
	i := w.fake.Only()
	if i.Title != "INC-7: openssl is on fire [package fixing needed]" || i.Urgency != "high" || i.Key != "batsignal/prod/help-12-"+w.web.ID || len(w.fake.Rings()) != 1 {
		t.Errorf("%+v", i)
	}
	for _, want := range []string{"package fixing at severity 1: openssl is on fire", "Come to #inc-7 on libera.", "https://bat.example.org/incidents/7"} {
		if !strings.Contains(i.Details, want) {
			t.Errorf("%q is not in %q", want, i.Details)
		}
	}
	w.fake.Acknowledge(w.ada, i.ID)
	w.hears(heard, "delivered "+w.call().Key+", acked "+w.call().Key+" by "+w.ada.ID)
	if heard.replies[0].Text != "Ada Lovelace" {
		t.Errorf("%+v", heard.replies[0])
	}
	if status := w.fake.Forge(w.ada, i.ID); status != 403 {
		t.Errorf("a forged webhook was answered %d", status)
	}
	for range 2 { // whoever is told twice that it is over does not mind
		if err := w.route.EndHelp(t.Context(), w.end()); err != nil {
			t.Fatal(err)
		}
	}
	if i := w.fake.Only(); i.Status != "resolved" || i.Solution != "maria has it." || len(w.fake.Rings()) != 1 {
		t.Errorf("%+v", i)
	}
}

// A try whose end nobody heard, a process that was killed: whatever happened, one phone
// rings once.
func TestAHelplineIsCalledOnce(t *testing.T) {
	w := newWorld(t)
	w.fake.LoseREST(1)
	_, err := w.route.CallHelp(t.Context(), w.call())
	if !errors.Is(err, paging.ErrProvider) || errors.Is(err, paging.ErrPermanent) {
		t.Fatal(err)
	}
	again := w.call()
	for _, attempt := range []int{1, 2, 3} { // the first is that of another process
		again.Attempt = attempt
		if called, err := w.route.CallHelp(t.Context(), again); err != nil || called.Name != "1" {
			t.Errorf("%+v, %v", called, err)
		}
	}
	// It is over there before the try that would learn of it.
	w.fake.Resolve(w.ada, w.fake.Only().ID)
	if called, err := w.route.CallHelp(t.Context(), again); err != nil || called.Name != "1" {
		t.Errorf("%+v, %v", called, err)
	}
	if len(w.fake.Rings()) != 1 || len(w.fake.Incidents()) != 1 {
		t.Errorf("%d phones rang", len(w.fake.Rings()))
	}
}

func TestAnotherPolicyIsCalledWhereOneIsNamed(t *testing.T) {
	w := newWorld(t)
	bob := w.fake.AddUser("Bob", "bob@example.org")
	night := w.fake.AddService("Night", bob)
	call := w.call()
	call.Policy, call.Severity = night.Policy, 3
	if _, err := w.route.CallHelp(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if i := w.fake.Only(); i.Service != w.web.ID || i.Policy != night.Policy || i.Urgency != "" || w.fake.Rings()[0].User != bob.ID {
		t.Errorf("%+v %+v", i, w.fake.Rings())
	}
}

func TestWhatRepeatingCanHealIsRepeated(t *testing.T) {
	w := newWorld(t)
	w.rest.Pauses(func(time.Duration) {})
	for status, temporary := range map[int]bool{500: true, 503: true, 429: true, 401: false, 403: false, 404: false} {
		for name, do := range map[string]func() error{
			"call": func() error { _, err := w.route.CallHelp(t.Context(), w.call()); return err },
			"end":  func() error { return w.route.EndHelp(t.Context(), w.end()) },
		} {
			w.fake.FailREST(10, status, 2)
			err := do()
			if errors.Is(err, paging.ErrProvider) != temporary || errors.Is(err, paging.ErrPermanent) == temporary || strings.Contains(err.Error(), w.fake.Token) {
				t.Errorf("%s, %d: %v", name, status, err)
			}
		}
	}
	w.fake.FailREST(0, 0, 0)
	route, _ := w.join(pagerduty.Config{})
	if _, err := route.CallHelp(t.Context(), w.call()); !errors.Is(err, paging.ErrPermanent) || !strings.Contains(err.Error(), "pagerduty.token_file") {
		t.Error(err)
	}
	nobody, _ := w.join(pagerduty.Config{Token: secret.New(w.fake.Token)})
	if err := nobody.EndHelp(t.Context(), w.end()); !errors.Is(err, paging.ErrPermanent) || !strings.Contains(err.Error(), "pagerduty.from") {
		t.Error(err)
	}
	unknown, _ := w.join(pagerduty.Config{Token: secret.New(w.fake.Token), From: "gone@example.org"})
	if _, err := unknown.CallHelp(t.Context(), w.call()); !errors.Is(err, paging.ErrPermanent) {
		t.Error(err)
	}
	if len(w.fake.Incidents()) != 0 {
		t.Error(w.fake.Incidents())
	}
}
