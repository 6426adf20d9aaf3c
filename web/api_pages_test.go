package web_test

import (
	"net/http"
	"strings"
	"testing"

	"batsignal/oncall/access"
	"batsignal/oncall/paging"
)

// A night by programs: who is rung, what became of it, and answers.
func TestPagesOfPrograms(t *testing.T) {
	w := newAPIWorld(t)
	w.phones()
	w.tell(strings.Replace(fire, "sam: !ack\n", "", 1))
	w.tell("wait 60s\n")
	w.carries("sms", paging.Accepted, "the provider has it")
	maria, li, sam := w.program(t, "maria"), w.program(t, "li"), w.program(t, "sam")

	all := li.get("/pages").must(t, http.StatusOK)
	t.Logf("%s", all.body)
	open := li.get("/pages?state=open&incident=1").must(t, http.StatusOK)
	if n := len(open.all("ref")); n == 0 || open.at("items.0.incident") != 1.0 || open.at("items.0.state") != "open" {
		t.Errorf("open pages of the incident: %s", open.body)
	}
	if got := li.get("/pages?person=li&state=acked").must(t, http.StatusOK); got.at("items.0.handle") != "li" || got.at("items.0.answered_by_way") == nil || len(got.all("ref")) != 1 {
		t.Errorf("the page of li: %s", got.body)
	}
	first := li.get("/pages?limit=1").must(t, http.StatusOK)
	second := li.get("/pages?limit=1&after="+first.at("next").(string)).must(t, http.StatusOK)
	if first.at("items.0.ref") == second.at("items.0.ref") {
		t.Error("the list does not go on")
	}

	pageOf := func(who string) string {
		return li.get("/pages?person="+who).must(t, http.StatusOK).at("items.0.ref").(string)
	}
	marias := li.get("/pages/"+pageOf("maria")).must(t, http.StatusOK)
	t.Logf("%s", marias.body)
	for _, text := range []string{`"name":"sms"`, `"says":"handed over"`, "the provider has it", `"hunt":"hunting"`} {
		if !strings.Contains(marias.body, text) {
			t.Errorf("the page of maria says nothing of %s", text)
		}
	}
	for _, text := range []string{canarySMS, w.pageOf("maria").Code} {
		if strings.Contains(marias.body, text) {
			t.Errorf("the page of maria tells %s", text)
		}
	}
	li.get("/pages/P999").refused(t, http.StatusNotFound, "not found", "", "There is no page P999.")
	li.get("/pages/nine").refused(t, http.StatusNotFound, "not found", "", "A page has a number")

	// Only one's own pages can be answered, and by a token that is for it.
	w.program(t, "sam", access.Read).call(http.MethodPost, "/pages/"+pageOf("sam")+"/ack", nil).refused(t, http.StatusForbidden, "forbidden", "", "lacks the scope command")
	li.call(http.MethodPost, "/pages/"+pageOf("sam")+"/ack", nil).refused(t, http.StatusForbidden, "forbidden", "", "is sam's page")
	got := sam.call(http.MethodPost, "/pages/"+pageOf("sam")+"/ack", nil).must(t, http.StatusOK)
	if got.at("changed") != true || got.at("page.state") != "acked" || got.at("page.answered_by_way") != "api" {
		t.Errorf("sam answers: %s", got.body)
	}
	if got := sam.call(http.MethodPost, "/pages/"+pageOf("sam")+"/ack", nil).must(t, http.StatusOK); got.at("changed") != false {
		t.Errorf("sam answers again: %s", got.body)
	}
	sam.call(http.MethodPost, "/pages/"+pageOf("sam")+"/decline", nil).refused(t, http.StatusConflict, "conflict", "", "acknowledged already")

	// Somebody is called by name, and declines; another call is called off.
	maria.call(http.MethodPost, "/pages", map[string]any{"to": "nobody", "why": "help"}).refused(t, http.StatusNotFound, "not found", "", "neither a person nor a role")
	maria.call(http.MethodPost, "/pages", map[string]any{"to": "li", "why": ""}).refused(t, http.StatusBadRequest, "invalid", "", "why")
	said := maria.call(http.MethodPost, "/pages", map[string]any{"to": "li", "why": "the signing server is down"}).must(t, http.StatusOK)
	if said.at("say") != "I ring li: the signing server is down." {
		t.Errorf("maria rings: %s", said.body)
	}
	if got := li.call(http.MethodPost, "/pages/"+pageOf("li")+"/decline", nil).must(t, http.StatusOK); got.at("page.state") != "declined" {
		t.Errorf("li declines: %s", got.body)
	}
	maria.call(http.MethodPost, "/pages", map[string]any{"to": "sam", "why": "the mirrors are full", "incident": 1}).must(t, http.StatusOK)
	if got := maria.call(http.MethodPost, "/pages/"+pageOf("sam")+"/cancel", nil).must(t, http.StatusOK); got.at("say") != "I stop ringing for sam." {
		t.Errorf("maria stops: %s", got.body)
	}
	if got := li.get("/pages/"+pageOf("sam")).must(t, http.StatusOK); got.at("state") != "closed" || got.at("hunt") != "stopped" {
		t.Errorf("what was called off: %s", got.body)
	}
}

// What is rung for alerts is answered, and ends with them.
func TestPagesOfAlertsAreNotCalledOff(t *testing.T) {
	a := newPhoneWorld(t)
	a.sends("/intake/"+a.key, `[{"summary":"disk full","dedup":"d"}]`)
	a.tell("wait 1s\n")
	maria := a.program(t, "maria")
	got := maria.get("/pages?state=open").must(t, http.StatusOK)
	if got.at("items.0.alert_group") == nil || got.at("items.0.for") != "the policy infra" {
		t.Fatalf("%s", got.body)
	}
	maria.call(http.MethodPost, "/pages/"+got.at("items.0.ref").(string)+"/cancel", nil).refused(t, http.StatusConflict, "conflict", "", "acknowledge or resolve those")
}
