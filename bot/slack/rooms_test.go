package slack_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/bot"
	"batsignal/bot/play"
	"batsignal/bot/play/doortest"
	"batsignal/bot/slack"
)

// Where the app may make no channels, the incident goes to the room given for that,
// and everybody is told.
func TestNoChannelsMayBeMade(t *testing.T) {
	t.Parallel()
	for _, refusal := range []string{"restricted_action", "missing_scope"} {
		t.Run(refusal, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *slack.Config) { c.Fallback = "#incidents" })
			w.Fake.AddChannel("incidents", "maria", "kevin", "li", "sam")
			w.Fake.SetTopic("maria", "incidents", "what people wrote")
			w.Fake.ErrorNext("conversations.create", 100, refusal)
			w.emergency()
			w.worked()
			w.last("ops", "On slack this incident is in #incidents, not in #inc-1-openssl: I may not make channels.")
			w.last("incidents", "Paging maria for coordination") // what waited came along
			w.says("li", "#incidents", "!ack")
			w.says("li", "#incidents", "!incident note said in the room that was given")
			if got := w.timeline(1); count(got, "said in the room that was given") != 1 || count(got, "room : On slack this incident is in #incidents") != 1 {
				t.Errorf("%q", got)
			}
			w.says("li", "#incidents", "!incident resolve")
			if c := w.Fake.Channel("incidents"); c.Archived || c.Topic != "what people wrote" {
				t.Errorf("a room that people gave us was changed: %+v", c)
			}
		})
	}
}

// A name that is taken gives the channel another one.
func TestANameIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fake.AddChannel("inc-1-openssl", "maria")
	w.emergency()
	w.worked()
	w.last("inc-1-openssl-2", "Paging maria for coordination")
	w.last("ops", "On slack this incident is in #inc-1-openssl-2, not in #inc-1-openssl: there is a channel of that name already.")
	w.says("li", "#inc-1-openssl-2", "!ack")
	if n := count(w.timeline(1), "li answers P"); n != 1 {
		t.Errorf("%q", w.timeline(1))
	}
}

// Killed between making the channel and noting that, we take it up again.
func TestAChannelThatWasNotNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened, err := w.Door.OpenRoom(t.Context(), "#inc-9-x", "first")
	w.must(err)
	if _, err := w.db.Exec(t.Context(), `delete from slack_room`); err != nil {
		t.Fatal(err)
	}
	again, err := slack.New(w.cfg)
	w.must(err)
	l := &listener{T: t, Workspace: &doortest.Workspace{Fake: w.Fake, Door: again}, news: make(chan struct{})}
	stop := l.run(again)
	l.ready()
	second, err := again.OpenRoom(t.Context(), "#inc-9-x", "second")
	w.must(err)
	stop()
	if opened != second || w.Fake.Channel("inc-9-x").Topic != "second" {
		t.Errorf("%+v, then %+v", opened, second)
	}
}

// People rename a channel: it is the same room all the same.
func TestARenamedChannelIsTheSameRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emergency()
	w.worked()
	w.Fake.RenameChannel("inc-1-openssl", "heartbleed")
	w.Fake.Post("maria", "heartbleed", "!incident note after the renaming")
	w.worked()
	if n := count(w.timeline(1), "after the renaming"); n != 1 {
		t.Errorf("%q", w.timeline(1))
	}
	w.says("li", "", "!ack")
	w.last("heartbleed", "li answers P")
}

// After its end a channel is archived, and an incident that goes on gets another one,
// since Slack lets no app open an archived one again.
func TestAnArchivedChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Incidents.Networks[0].CloseAfter = time.Hour
	w.emergency()
	w.says("li", "", "!ack")
	w.says("li", "#inc-1-openssl", "!incident resolve")
	w.worked()
	if w.Fake.Channel("inc-1-openssl").Archived {
		t.Fatal("archived at once")
	}
	// Opened again in time, it is not archived.
	w.must(w.WaitUntil(t.Context(), w.Now().Add(59*time.Minute)))
	w.says("li", "#inc-1-openssl", "!incident reopen")
	w.must(w.WaitUntil(t.Context(), w.Now().Add(time.Hour)))
	if w.Fake.Channel("inc-1-openssl").Archived {
		t.Fatal("archived although it goes on")
	}
	w.says("li", "#inc-1-openssl", "!incident resolve")
	w.must(w.WaitUntil(t.Context(), w.Now().Add(time.Hour)))
	w.worked()
	if !w.Fake.Channel("inc-1-openssl").Archived {
		t.Fatal("not archived")
	}
	w.says("li", play.Home, "!incident reopen 1")
	w.worked()
	w.last("inc-1-openssl-2", "INC-1")
	w.last("ops", "the channel was archived, and Slack lets no app open it again.")
	w.says("li", "#inc-1-openssl-2", "!incident note in the new channel")
	if n := count(w.timeline(1), "in the new channel"); n != 1 {
		t.Errorf("%q", w.timeline(1))
	}
}

// Nobody is mentioned and nothing is formatted by what people wrote.
func TestNobodyIsMentionedByAccident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.Door.Say(t.Context(), play.Home, bot.Message{Text: "INC-1: <!channel> <@UMARIA> *bold* & <https://evil.example|good> @here"}))
	m := w.last("ops", "INC-1: <!channel>")
	if m.Text != "INC-1: &lt;!channel&gt; &lt;@UMARIA&gt; *bold* &amp; &lt;https://evil.example|good&gt; @here" {
		t.Error(m.Text)
	}
	if strings.Contains(string(m.Blocks), `"user_id"`) || strings.Contains(string(m.Blocks), `"broadcast"`) || strings.Contains(string(m.Blocks), "mrkdwn") {
		t.Errorf("%s", m.Blocks)
	}
	call := w.Fake.Calls("chat.postMessage")
	if args := call[len(call)-1].Args; args.Get("link_names") == "true" || args.Get("parse") == "full" {
		t.Errorf("%v", args)
	}
}
