package pagerduty_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/pagerduty"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func TestWhoIsOnCallIsAsked(t *testing.T) {
	w := newWorld(t)
	bob := w.fake.AddUser("Bob", "bob@example.org")
	w.web.Until = noon.Add(2 * time.Hour)
	w.web.OnCall = append(w.web.OnCall, bob.ID)
	for name, q := range map[string]pagerduty.OnCallQuery{
		"policy":   {Policies: []string{w.web.Policy}},
		"schedule": {Schedules: []string{w.web.Schedule}},
	} {
		list, err := w.rest.OnCalls(t.Context(), q)
		if err != nil || len(list) != 2 || list[0].User.ID != w.ada.ID || list[0].User.Name != "Ada Lovelace" || !list[0].Until.Equal(w.web.Until) || list[0].Level != 1 {
			t.Errorf("by %s: %+v, %v", name, list, err)
		}
	}
	for id, want := range map[string]fault.Kind{"PNOTHERE": fault.NotFound, "../users": fault.Invalid} {
		if _, err := w.rest.Service(t.Context(), id); fault.KindOf(err) != want {
			t.Error(id, err)
		}
	}
}

func TestListsAreReadToTheirEnd(t *testing.T) {
	w := newWorld(t)
	for i := range 250 {
		w.fake.AddUser(fmt.Sprintf("Person %d", i), fmt.Sprintf("p%d@example.org", i))
		w.fake.AddService(fmt.Sprintf("Service %d", i), w.ada)
	}
	users, err := w.rest.Users(t.Context(), "")
	if err != nil || len(users) != 251 || users[250].Name != "Person 249" || users[250].Mail.Reveal() != "p249@example.org" {
		t.Error(len(users), err)
	}
	if text := fmt.Sprintf("%v %+v", users, users); strings.Contains(text, "@") {
		t.Error("mail addresses are printed")
	}
	if users, err := w.rest.Users(t.Context(), "ada@"); err != nil || len(users) != 1 {
		t.Error(users, err)
	}
	if services, err := w.rest.Services(t.Context(), ""); err != nil || len(services) != 251 || services[0].Policy.ID != w.web.Policy {
		t.Error(len(services), err)
	}
	if list, err := w.rest.OnCalls(t.Context(), pagerduty.OnCallQuery{}); err != nil || len(list) != 251 {
		t.Error(len(list), err)
	}
}

func TestAnIncidentIsOpenedOnce(t *testing.T) {
	w := newWorld(t)
	opening := pagerduty.Opening{Service: w.web.ID, Title: "INC-7: web needed", Key: "bat-7-web"}
	w.fake.LoseREST(1) // it is opened, and we never hear of it
	if _, err := w.rest.OpenIncident(t.Context(), opening); fault.KindOf(err) != fault.Unready {
		t.Fatal(err)
	}
	i, err := w.rest.OpenIncident(t.Context(), opening)
	if err != nil || i.Number != 1 || !i.Open() || i.Key != "bat-7-web" || i.Service.Name != "Web" || !i.At.Equal(noon) || !strings.HasPrefix(i.URL, "https://") {
		t.Fatalf("%+v, %v", i, err)
	}
	if len(w.fake.Rings()) != 1 || w.fake.Only().Title != "INC-7: web needed" {
		t.Error(w.fake.Rings())
	}
	w.fake.Resolve(w.ada, i.ID)
	if i, err := w.rest.OpenIncident(t.Context(), opening); err != nil || i.Number != 2 {
		t.Error(i, err)
	}
	open, err := w.rest.Incidents(t.Context(), pagerduty.IncidentQuery{Services: []string{w.web.ID}})
	if err != nil || len(open) != 1 || open[0].Number != 2 {
		t.Error(open, err)
	}
	all, err := w.rest.Incidents(t.Context(), pagerduty.IncidentQuery{Over: true})
	if err != nil || len(all) != 2 || all[0].Open() {
		t.Error(all, err)
	}
	nobody, rest := w.join(pagerduty.Config{Token: secret.New(w.fake.Token)})
	defer nobody.Close()
	if _, err := rest.OpenIncident(t.Context(), pagerduty.Opening{Service: w.web.ID, Title: "x", Key: "k"}); !strings.Contains(fault.Say(err), "pagerduty.from") {
		t.Error(err)
	}
}

func TestAShortPauseIsMadeAndALongOneSaid(t *testing.T) {
	w := newWorld(t)
	var pauses []time.Duration
	w.rest.Pauses(func(d time.Duration) { pauses = append(pauses, d) })
	w.fake.FailREST(2, 429, 3)
	if i, err := w.rest.OpenIncident(t.Context(), pagerduty.Opening{Service: w.web.ID, Title: "x", Key: "k"}); err != nil || i.Number != 1 || len(w.fake.Incidents()) != 1 {
		t.Fatal(i, err)
	}
	if len(pauses) != 2 || pauses[0] != 3*time.Second {
		t.Error(pauses)
	}
	pauses = nil
	w.fake.FailREST(100, 429, 2)
	before := w.fake.RESTRequests()
	if _, err := w.rest.Users(t.Context(), ""); fault.KindOf(err) != fault.Limited || fault.Say(err) != "PagerDuty wants a pause of 2 seconds. Ask again then." {
		t.Error(err)
	}
	if n := w.fake.RESTRequests() - before; n != 3 || len(pauses) != 2 {
		t.Errorf("%d requests", n)
	}
	pauses = nil
	w.fake.FailREST(1, 429, 60)
	if _, err := w.rest.Users(t.Context(), ""); fault.Say(err) != "PagerDuty wants a pause of 1 minute. Ask again then." || pauses != nil {
		t.Error(err, pauses)
	}
}

func TestRefusalsAreSentences(t *testing.T) {
	w := newWorld(t)
	for status, want := range map[int]string{
		401: "does not take our token", 403: "does not let our token do this", 404: "knows nothing of that name",
		500: "trouble of its own (500)", 301: "somewhere else now", 418: "does not take this (418)",
	} {
		w.fake.FailREST(1, status, 0)
		_, err := w.rest.Users(t.Context(), "")
		if !strings.Contains(fault.Say(err), want) || strings.Contains(err.Error(), w.fake.Token) {
			t.Errorf("%d: %v", status, err)
		}
	}
}
