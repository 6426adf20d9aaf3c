package web_test

import (
	"fmt"
	"net/http"
	"testing"

	"batsignal/oncall/access"
)

// body is an object of JSON.
type body = map[string]any

func TestAnnouncementsByProgram(t *testing.T) {
	j := newJobWorld(t)
	j.tell(fire)
	li, kevin, noor := j.program(t, "li"), j.program(t, "kevin"), j.program(t, "noor")
	reader := j.program(t, "li", access.Read)

	noor.call(http.MethodPost, "/announcements", body{"what": "outage", "text": "The wiki is away."}).refused(t, http.StatusForbidden, "forbidden", "", "let into a role")
	reader.call(http.MethodPost, "/announcements", body{"what": "outage", "text": "The wiki is away."}).refused(t, http.StatusForbidden, "forbidden", "", "lacks the scope command")
	li.call(http.MethodPost, "/announcements", body{"what": "gossip", "text": "The wiki is away."}).refused(t, http.StatusBadRequest, "invalid", "what", "")
	li.call(http.MethodPost, "/announcements", body{"what": "news", "text": " "}).refused(t, http.StatusBadRequest, "invalid", "", "What is missing is the text")
	li.call(http.MethodPost, "/announcements", body{"what": "outage", "text": "x", "incident": 99}).refused(t, http.StatusNotFound, "not found", "", "INC-99")
	li.call(http.MethodPost, "/announcements", body{"what": "outage", "text": "x", "run": 99}).refused(t, http.StatusNotFound, "not found", "", "run 99")

	made := li.call(http.MethodPost, "/announcements", body{"what": "outage", "text": "The wiki is away.", "incident": 1}).must(t, http.StatusCreated)
	if made.Header().Get("Location") != "/api/v1/announcements/1" || made.at("state") != "draft" || made.at("incident") != 1.0 {
		t.Error(made.body)
	}
	const one = "/announcements/1"
	li.call(http.MethodPost, one+"/approve", body{"version": 1}).refused(t, http.StatusForbidden, "forbidden", "", "You wrote it")
	li.call(http.MethodPost, one+"/send", nil).refused(t, http.StatusConflict, "conflict", "", "has to approve")

	// Two change the text that both read.
	tag := noor.get(one).must(t, http.StatusOK).Header().Get("ETag")
	li.call(http.MethodPut, one, body{"text": "Mine."}).refused(t, http.StatusPreconditionRequired, "invalid", "", "If-Match")
	li.call(http.MethodPut, one, body{"text": "The wiki is away until 23:00 UTC."}, "If-Match", tag).must(t, http.StatusOK)
	late := kevin.call(http.MethodPut, one, body{"text": "My own words."}, "If-Match", tag)
	late.refused(t, http.StatusPreconditionFailed, "conflict", "", "was changed since you read it")
	if late.at("current.text") != "The wiki is away until 23:00 UTC." || late.at("current.version") != 2.0 {
		t.Error(late.body)
	}
	kevin.call(http.MethodPost, one+"/approve", body{"version": 1}).refused(t, http.StatusConflict, "conflict", "", "was changed since you read it")
	kevin.call(http.MethodPost, one+"/approve", body{"version": 0}).refused(t, http.StatusBadRequest, "invalid", "version", "")
	kevin.call(http.MethodPost, one+"/approve", body{"version": 2}).must(t, http.StatusOK)
	if sent := kevin.call(http.MethodPost, one+"/send", nil).must(t, http.StatusOK); sent.at("state") != "sent" || sent.at("sent_by") != "kevin" {
		t.Error(sent.body)
	}
	if read := noor.get(one); read.at("copies.0.place") != "#users" && read.at("copies.1.place") != "#users" {
		t.Error(read.body)
	}
	kevin.call(http.MethodPost, one+"/drop", nil).refused(t, http.StatusConflict, "conflict", "", "A correction is a new one")
	li.call(http.MethodPost, "/announcements", body{"what": "news", "text": "Never mind."}).must(t, http.StatusCreated)
	if open := noor.get("/announcements?state=open").all("id"); len(open) != 1 || open[0] != 2.0 {
		t.Error(open)
	}
	kevin.call(http.MethodPost, "/announcements/2/drop", nil).must(t, http.StatusOK)
	if all := noor.get("/announcements").all("state"); len(all) != 2 || all[0] != "dropped" {
		t.Error(all)
	}
	noor.get("/announcements/99").refused(t, http.StatusNotFound, "not found", "", "")
}

func TestTheCalendarByProgram(t *testing.T) {
	j := newJobWorld(t)
	li, kevin, maria, noor := j.program(t, "li"), j.program(t, "kevin"), j.program(t, "maria"), j.program(t, "noor")
	free := noor.get("/freezes").must(t, http.StatusOK)
	if free.at("frozen") != false || free.at("weekly") != "nothing risky is done on Fridays (Europe/Berlin)" {
		t.Error(free.body)
	}
	if friday := noor.get("/freezes?at=2026-03-06T12:00:00Z"); friday.at("frozen") != true || friday.at("until") != "2026-03-06T23:00:00Z" {
		t.Error(friday.body)
	}
	week := body{"title": "release", "begins_at": "2026-03-01T00:00:00Z", "ends_at": "2026-03-09T00:00:00Z"}
	noor.call(http.MethodPost, "/freezes", week).refused(t, http.StatusForbidden, "forbidden", "", "let into a role")
	li.call(http.MethodPost, "/freezes", body{"title": "x", "begins_at": "2026-03-09T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z"}).refused(t, http.StatusBadRequest, "invalid", "", "end before it begins")
	if set := li.call(http.MethodPost, "/freezes", week).must(t, http.StatusCreated); set.at("ref") != "F1" || set.at("made_by") != "li" {
		t.Error(set.body)
	}
	if now := noor.get("/freezes"); now.at("frozen") != true || now.at("items.0.title") != "release" {
		t.Error(now.body)
	}
	kevin.call(http.MethodPost, "/freezes/F1/lift", nil).refused(t, http.StatusForbidden, "forbidden", "", "made by li")
	j.program(t, "maria", access.Command).call(http.MethodPost, "/freezes/F1/lift", nil).refused(t, http.StatusForbidden, "forbidden", "", "made by li")
	if lifted := maria.call(http.MethodPost, "/freezes/1/lift", nil).must(t, http.StatusOK); lifted.at("lifted_by") != "maria" {
		t.Error(lifted.body)
	}
	maria.call(http.MethodPost, "/freezes/f1/lift", nil).refused(t, http.StatusConflict, "conflict", "", "lifted by maria")
	maria.call(http.MethodPost, "/freezes/none/lift", nil).refused(t, http.StatusNotFound, "not found", "", "")

	li.call(http.MethodPost, "/reminders", body{"what": "rhythm", "title": "reboot"}).refused(t, http.StatusBadRequest, "invalid", "", "every how many days")
	li.call(http.MethodPost, "/reminders", body{"what": "end", "title": "warranty", "due_on": "soon"}).refused(t, http.StatusBadRequest, "invalid", "due_on", "")
	made := li.call(http.MethodPost, "/reminders", body{"what": "rhythm", "title": "reboot", "every": 150, "ahead": 7, "owner": "kevin"}).must(t, http.StatusCreated)
	reboot := "/reminders/" + made.at("ref").(string)
	if made.Header().Get("Location") != "/api/v1"+reboot {
		t.Error(made.Header())
	}
	kevin.call(http.MethodPost, reboot+"/done", body{"note": "all nine"}).must(t, http.StatusOK)
	kevin.call(http.MethodPost, reboot+"/done", body{}).refused(t, http.StatusConflict, "conflict", "", "done today already")
	kevin.call(http.MethodPost, reboot+"/owner", body{"owner": "li"}).must(t, http.StatusOK)
	if read := noor.get(reboot).must(t, http.StatusOK); read.at("history.0.note") != "all nine" || read.at("owner") != "li" || read.at("every") != 150.0 {
		t.Error(read.body)
	}
	end := "/reminders/" + li.call(http.MethodPost, "/reminders", body{"what": "end", "title": "warranty", "due_on": "2026-06-30"}).must(t, http.StatusCreated).at("ref").(string)
	li.call(http.MethodPost, end+"/renew", body{"until": "2026-05-01"}).refused(t, http.StatusBadRequest, "invalid", "", "Write a later day")
	if renewed := li.call(http.MethodPost, end+"/renew", body{"until": "2029-06-29"}).must(t, http.StatusOK); renewed.at("due_on") != "2029-06-29" {
		t.Error(renewed.body)
	}
	li.call(http.MethodDelete, end, nil).must(t, http.StatusNoContent)
	if left := noor.get("/reminders").all("title"); fmt.Sprint(left) != "[reboot]" {
		t.Error(left)
	}
	noor.get("/reminders/R99").refused(t, http.StatusNotFound, "not found", "", "")
}

func TestRunbooksByProgram(t *testing.T) {
	j := newJobWorld(t)
	j.tell(fire)
	li, kevin, noor := j.program(t, "li"), j.program(t, "kevin"), j.program(t, "noor")
	if books := noor.get("/runbooks").must(t, http.StatusOK); books.at("items.0.name") != "turn" || books.at("items.0.steps.2.choices.0.name") != "yes" || books.at("items.0.steps.3.values.0") != "zone" {
		t.Error(books.body)
	}
	noor.get("/runbooks/turnn").refused(t, http.StatusNotFound, "not found", "", "")
	noor.call(http.MethodPost, "/runbooks/turn/runs", body{}).refused(t, http.StatusForbidden, "forbidden", "", "let into a role")
	made := li.call(http.MethodPost, "/runbooks/turn/runs", body{"incident": 1}).must(t, http.StatusCreated)
	if made.Header().Get("Location") != "/api/v1/runbooks/runs/1" || made.at("at_hand.name") != "read" {
		t.Error(made.Header(), made.body)
	}
	kevin.call(http.MethodPost, "/runbooks/turn/runs", body{"incident": 1}).refused(t, http.StatusConflict, "conflict", "", "started turn here already")
	run := "/runbooks/runs/R1"
	does := func(p *program, what string, sent body) reply {
		t.Helper()
		return p.call(http.MethodPost, run+"/"+what, sent)
	}
	does(li, "next", body{"step": 0}).refused(t, http.StatusBadRequest, "invalid", "step", "")
	does(li, "next", body{"step": 1}).must(t, http.StatusOK)
	does(li, "next", body{"step": 1}).refused(t, http.StatusConflict, "conflict", "", "")
	does(li, "done", body{"step": 2}).must(t, http.StatusOK)
	does(li, "done", body{"step": 2}).refused(t, http.StatusConflict, "conflict", "", "it takes two people")
	does(kevin, "done", body{"step": 2}).must(t, http.StatusOK)
	does(li, "done", body{"step": 2, "note": "it is off"}).must(t, http.StatusOK)
	does(li, "done", body{"step": 3, "choice": "maybe"}).refused(t, http.StatusBadRequest, "invalid", "", "Choose yes or no")
	does(li, "done", body{"step": 3, "choice": "yes", "note": "all dark"}).must(t, http.StatusOK)
	does(li, "next", body{"step": 4, "values": body{"zone": "moon"}}).must(t, http.StatusBadRequest)
	waits := does(li, "next", body{"step": 4, "values": body{"zone": "us"}}).must(t, http.StatusOK)
	if waits.at("phase") != "running" || waits.at("job_run") != 1.0 || waits.at("events.4.note") != "it is off" {
		t.Error(waits.body)
	}
	does(li, "skip", body{"step": 4}).refused(t, http.StatusBadRequest, "invalid", "", "Say why")
	if open := noor.get("/runbooks/runs?state=open&incident=1&runbook=turn").all("ref"); fmt.Sprint(open) != "[R1]" {
		t.Error(open)
	}
	li.call(http.MethodPost, run+"/abort", body{"reason": ""}).refused(t, http.StatusBadRequest, "invalid", "", "Say why")
	if over := li.call(http.MethodPost, run+"/abort", body{"reason": "it burns"}).must(t, http.StatusOK); over.at("state") != "aborted" || over.at("at_hand") != nil {
		t.Error(over.body)
	}
	if open := noor.get("/runbooks/runs?state=open").all("ref"); len(open) != 0 {
		t.Error(open)
	}
}
