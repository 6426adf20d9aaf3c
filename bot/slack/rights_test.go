package slack_test

import (
	"fmt"
	"strings"
	"testing"

	"batsignal/bot/slack/slackfake"
)

// What Slack once told of somebody may be delivered late and out of order: it gives
// nobody rights that they have lost.
func TestOldNewsGivesNobodyRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says("maria", "#ops", "!batsignal remote code execution in openssl")
	kevin := w.Fake.User("kevin")
	kevin.Guest = true
	w.Fake.SetUser(kevin)
	w.worked()
	old := fmt.Sprintf(`{"event_id":"EvOLD","event":{"type":"user_change","user":{"id":"UKEVIN","team_id":%q,"name":"kevin"}}}`, w.Fake.TeamID())
	_, err := w.db.Exec(t.Context(), `insert into slack_event (network, key, kind, payload, worker, received_at) values ('slack', 'e EvOLD', 'event', $1, 'dead', now() - interval '11 s')`, old)
	w.must(err)
	w.worked()
	w.Fake.Post("kevin", "ops", "!confirm")
	w.worked()
	var open int
	w.must(w.db.QueryRow(t.Context(), `select count(*) from incident`).Scan(&open))
	if open != 0 {
		t.Error("a guest lit the signal")
	}
}

// A guest is told so each time they fill in a form, not once an hour.
func TestAGuestsFormSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fake.AddUser(slackfake.User{Name: "visitor", Guest: true})
	w.Fake.Join("visitor", "ops")
	for range 2 {
		w.acked(w.Fake.Slash("visitor", "ops", "/batsignal", ""))
		views := w.Fake.Views("visitor")
		form := w.Fake.Submit("visitor", views[len(views)-1].ID, map[string]any{"what": "openssl", "severity": "1"})
		w.acked(form)
		if why := form.Errors()["what"]; !strings.Contains(why, "I only trust accounts") {
			t.Errorf("%q", form.Errors())
		}
		before := len(w.Fake.Messages("ops"))
		w.acked(w.Fake.Slash("visitor", "ops", "/confirm", ""))
		if len(w.Fake.Messages("ops")) != before+1 {
			t.Error("a slash command was met with silence")
		}
	}
}

// A mention means an account, whatever its owner chose to be called.
func TestAMentionIsNoHandle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emergency()
	impostor := w.Fake.AddUser(slackfake.User{Name: "ana", ID: "UIMPOSTOR"})
	w.Fake.Join("ana", "ops")
	_, err := w.db.Exec(t.Context(), `insert into person (handle, zone, created_at) values ('ana', 'UTC', now())`)
	w.must(err)
	w.types("maria", "#ops", "!page <@"+impostor.ID+"> are you there?")
	w.last("ops", "is neither a person nor a role here")
	w.types("maria", "#ops", "!roster add <@"+impostor.ID+"> qa")
	var handle string
	w.must(w.db.QueryRow(t.Context(), `select p.handle from person p join account a on a.person_id = p.id where a.name like '%/uimpostor'`).Scan(&handle))
	if handle == "ana" {
		t.Error("the account was taken for somebody else's")
	}
}

// That a channel is called like an incident's does not make it the incident's.
func TestAStrangersChannelIsNoRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fake.AddChannel("inc-1-openssl", "zed", "@bot")
	w.Fake.Post("zed", "inc-1-openssl", "!whoami") // now we have heard of it
	w.worked()
	w.emergency()
	w.last("inc-1-openssl-2", "Paging maria")
	for _, m := range w.Fake.Spoken("inc-1-openssl") {
		if strings.Contains(m.Text, "INC-1") {
			t.Errorf("said in a stranger's channel: %s", m.Text)
		}
	}
}
