package slack_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"batsignal/bot/slack"
)

// Slack does not tell who somebody is: nobody loses their rights by that, and nobody
// unknown is blamed.
func TestSlackDoesNotTellWhoSomebodyIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says("kevin", "#ops", "!whoami") // known from now on
	w.Fake.FailNext("users.info", 100, http.StatusInternalServerError)
	w.Fake.FailNext("users.list", 100, http.StatusInternalServerError)
	w.says("maria", "#ops", "!batsignal remote code execution in openssl")
	w.says("kevin", "#ops", "!confirm")
	w.last("ops", "The bat-signal is lit.")

	again, err := slack.New(w.cfg) // a process that knows nobody yet
	w.must(err)
	l := &listener{T: t, Workspace: w.Workspace, news: make(chan struct{})}
	stop := l.run(again)
	l.eventually("it is well", func() bool { return again.Check() == nil && w.Fake.Connections() == 2 })
	w.Fake.DM("li", "!ack")
	w.Fake.DM("li", "!ack") // to one process each
	h := l.hears()
	stop()
	if !h.Unsure || h.Account != "" {
		t.Errorf("%+v", h)
	}
	var refused int
	w.must(w.db.QueryRow(t.Context(), `select count(*) from signal_use where act = 'refused'`).Scan(&refused))
	if refused != 0 {
		t.Errorf("%d refusals on the public record", refused)
	}
}

// What somebody asked for long before we came back is not done: they are told.
func TestWhatWasAskedForLongAgo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emergency()
	for i, age := range []string{"9 hours", "1 minute"} {
		payload := fmt.Sprintf(`{"command":"/incident","text":"note %s old","user_id":"UMARIA","team_id":%q,"channel_id":%q,"channel_name":"x","trigger_id":"t%d"}`,
			strings.ReplaceAll(age, " ", "-"), w.Fake.TeamID(), w.Fake.Channel("inc-1-openssl").ID, i)
		_, err := w.db.Exec(t.Context(), `insert into slack_event (network, key, kind, payload, worker, received_at) values ('slack', $1, 'command', $2, 'dead', now() - $3::interval)`,
			fmt.Sprintf("c t%d", i), payload, age)
		w.must(err)
	}
	w.worked()
	if got := w.timeline(1); count(got, "1-minute old") != 1 || count(got, "9-hours old") != 0 {
		t.Errorf("%q", got)
	}
	w.last(w.Fake.IM("maria"), "it is too long ago to do it now: incident note 9-hours old")
}

// Somebody puts the bot out of a channel: it comes back to say what there is to say.
func TestPutOutOfAChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fake.Leave("@bot", "ops")
	w.says("maria", "", "!batsignal remote code execution in openssl")
	w.says("kevin", "", "!confirm")
	w.last("ops", "The bat-signal is lit.")
}

// Without channels of its own and without a room for that, an incident is in the home
// channel, where everything is said once.
func TestTheHomeChannelIsTheFallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fake.ErrorNext("conversations.create", 100, "restricted_action")
	w.emergency()
	w.says("li", "", "!ack")
	said := map[string]int{}
	for _, m := range w.Fake.Spoken("ops") {
		said[w.Plain(m.Text)]++
	}
	for text, n := range said {
		if n != 1 {
			t.Errorf("%q is said %d times", text, n)
		}
	}
	w.last("ops", "On slack this incident is in #ops, not in #inc-1-openssl: I may not make channels.")
	w.last("ops", "li answers P")
	w.says("li", "#ops", "!incident resolve")
	w.must(w.WaitUntil(t.Context(), w.Now().Add(time.Hour)))
	w.says("maria", "#ops", "!batsignal another fire")
	w.says("kevin", "#ops", "!confirm")
	w.says("maria", "#ops", "!baton who")
	w.last("ops", "Baton of INC-2")
}

// What is refused is said in the app's home too, in private; and to a form that was
// answered too late.
func TestRefusalsFindTheirWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emergency()
	w.Fake.OpenHome("zed")
	w.worked()
	w.acked(w.Fake.ClickView("zed", w.homeID("zed"), "Take the baton"))
	w.last(w.Fake.IM("zed"), "I do not know yet which person this account belongs to")
}

// A pin on a line of a thread counts; one elsewhere is only a pin.
func TestPinsInThreads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emergency()
	root := w.Fake.Post("sam", "inc-1-openssl", "what now?")
	ts := w.Fake.Reply("li", "inc-1-openssl", root, "rotate the key")
	w.Fake.React("kevin", "inc-1-openssl", ts, "pushpin")
	elsewhere := w.Fake.Post("sam", "ops", "lunch?")
	before := len(w.Fake.Messages("ops"))
	w.Fake.React("kevin", "ops", elsewhere, "pushpin")
	w.worked()
	if got := w.timeline(1); count(got, "note kevin: li wrote: rotate the key") != 1 || count(got, "lunch") != 0 {
		t.Errorf("%q", got)
	}
	if n := len(w.Fake.Messages("ops")); n != before {
		t.Errorf("%d messages about a pin", n-before)
	}
}
