package slack_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"batsignal/bot"
	"batsignal/bot/play/doortest"
	"batsignal/bot/slack/slackfake"
)

// Every line, edit and deletion comes the same way, with what the minutes need.
func TestWhatBecomesOfALine(t *testing.T) {
	t.Parallel()
	l := listen(t, "maria", "kevin")
	ops := l.Fake.Channel("ops").ID
	maria := l.Account("maria")

	ts := l.Fake.Post("maria", "ops", "has *anybody* looked at <arm64> & co? https://example.org/x?a=1&b=2")
	h := l.hears()
	link := "https://fake.slack.com/archives/" + ops + "/p" + strings.ReplaceAll(ts, ".", "")
	want := bot.Heard{
		At: h.At, Network: "slack", Room: "#ops", Nick: "maria", Shown: "maria", Account: maria, Again: true,
		Text: "has *anybody* looked at <arm64> & co? https://example.org/x?a=1&b=2", MessageID: ops + "/" + ts, Permalink: link,
	}
	if h != want {
		t.Errorf("got  %+v\nwant %+v", h, want)
	}
	if age := time.Since(h.At); age < -time.Minute || age > time.Minute {
		t.Errorf("said at %v", h.At)
	}

	reply := l.Fake.Reply("kevin", "ops", ts, "I have")
	if h = l.hears(); h.Thread != ops+"/"+ts || h.MessageID != ops+"/"+reply || h.Nick != "kevin" ||
		h.Permalink != "https://fake.slack.com/archives/"+ops+"/p"+strings.ReplaceAll(reply, ".", "")+"?thread_ts="+ts+"&cid="+ops {
		t.Errorf("%+v", h)
	}
	l.Fake.Edit("kevin", "ops", reply, "I have not")
	if h = l.hears(); h.Change != bot.Edited || h.MessageID != ops+"/"+reply || h.Text != "I have not" || h.Thread != ops+"/"+ts || h.Account != l.Account("kevin") {
		t.Errorf("%+v", h)
	}
	l.Fake.Delete("kevin", "ops", reply)
	if h = l.hears(); h.Change != bot.Deleted || h.MessageID != ops+"/"+reply || h.Text != "" || h.Nick != "kevin" {
		t.Errorf("%+v", h)
	}

	// What somebody does is told as they wrote it, our name too.
	did := l.Fake.Me("maria", "ops", "thanks @bot & waves at @kevin")
	h = l.hears()
	want = bot.Heard{
		At: h.At, Network: "slack", Room: "#ops", Nick: "maria", Shown: "maria", Account: maria, Again: true, Did: true,
		Text: "thanks @batsignal & waves at @kevin", MessageID: ops + "/" + did, Permalink: "https://fake.slack.com/archives/" + ops + "/p" + strings.ReplaceAll(did, ".", ""),
	}
	if h != want {
		t.Errorf("got  %+v\nwant %+v", h, want)
	}
	l.Fake.Me("maria", "ops", "@bot")
	if h = l.hears(); !h.Did || h.Addressed || h.Text != "@batsignal" {
		t.Errorf("%+v", h)
	}
	l.Fake.Edit("maria", "ops", did, "nods")
	if h = l.hears(); !h.Did || h.Change != bot.Edited || h.Text != "nods" || h.MessageID != ops+"/"+did {
		t.Errorf("%+v", h)
	}

	l.Fake.DM("maria", "link ABCD1234")
	if h = l.hears(); h.Room != "" || h.Text != "link ABCD1234" || h.Account != maria || h.Addressed {
		t.Errorf("%+v", h)
	}
}

// What is typed is understood as it was typed, whatever Slack made of it.
func TestWhatWasTyped(t *testing.T) {
	t.Parallel()
	l := listen(t, "maria", "kevin", "zed")
	us := "<@" + l.Fake.BotUserID() + ">"
	if _, err := l.db.Exec(t.Context(), `
		with p as (insert into person (handle, zone, created_at) values ('kev', 'UTC', now()) returning id)
		insert into account (network, name, person_id, linked_at) select 'slack', $1, id, now() from p`, l.Account("kevin")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		typed, want string
		addressed   bool
	}{
		{"!contact mail noor@example.org", "!contact mail noor@example.org", false},
		{"!page @kevin the <b>fire</b> && more", "!page kev the <b>fire</b> && more", false}, // by handle: we know him
		{"!roster add @zed qa", "!roster add " + l.Account("zed") + " qa", false},            // by account: we do not
		{"has @zed seen it?", "has @zed seen it?", false},                                    // talk is as Slack shows it
		{"come to #ops please", "come to #ops please", false},
		{us + " baton take", "baton take", true},
		{us + ": baton take", "baton take", true},
		{us, "help", true},
		{"ask " + us + " about it", "ask @batsignal about it", false},
		{"everybody: <!channel> and <!here>", "everybody: @channel and @here", false},
		{"see <https://example.org/a|the report>", "see the report (https://example.org/a)", false},
	} {
		l.Fake.Post("maria", "ops", c.typed)
		if h := l.hears(); h.Text != c.want || h.Addressed != c.addressed {
			t.Errorf("typed %q, heard %q, addressed %v", c.typed, h.Text, h.Addressed)
		}
	}
}

// Guests, people of other workspaces, whoever left, and programs prove nothing here.
func TestWhoHasNoRights(t *testing.T) {
	t.Parallel()
	l := listen(t, "maria", "~guest")
	l.Fake.AddUser(slackfake.User{Name: "single", SingleChannelGuest: true})
	l.Fake.AddUser(slackfake.User{Name: "stranger", Team: "T0ELSEWHERE"})
	l.Fake.AddUser(slackfake.User{Name: "leaver"})
	for _, name := range []string{"single", "stranger", "leaver"} {
		l.Fake.Join(name, "ops")
	}
	for _, who := range []string{"guest", "single", "stranger"} {
		l.Fake.Post(who, "ops", "!confirm")
		if h := l.hears(); h.Account != "" || h.Nick != who {
			t.Errorf("%s was heard as %+v", who, h)
		}
	}
	// Whoever is deactivated loses their rights at once, not when we look again.
	l.Fake.Post("leaver", "ops", "hello")
	if h := l.hears(); h.Account == "" {
		t.Errorf("a full member was heard as %+v", h)
	}
	u := l.Fake.User("leaver")
	u.Deleted = true
	l.Fake.SetUser(u)
	l.eventually("the deactivation arrives", func() bool {
		account, _, err := l.Door.Account(t.Context(), l.Account("leaver"))
		return err == nil && account == ""
	})
	// Programs are not heard at all, whatever they say.
	l.Fake.BotPost("otherbot", "ops", "!batsignal fire")
	l.Fake.Post("maria", "ops", "after the program")
	if h := l.hears(); h.Text != "after the program" {
		t.Errorf("a program was heard: %+v", h)
	}
	// The same for what nobody sees.
	i := l.Fake.Slash("guest", "ops", "/confirm", "")
	if err := i.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h := l.hears(); h.Account != "" || h.Text != "confirm" || !h.Addressed || !h.Unseen {
		t.Errorf("%+v", h)
	}
}

// In an organisation of several workspaces the account names it too, and people of its
// other workspaces are not strangers.
func TestAnOrganisation(t *testing.T) {
	t.Parallel()
	o := doortest.Patient(t)
	o.Enterprise = "E0ORG"
	l := listenAt(t, slackfake.Run(t, o), "maria")
	l.Fake.Post("maria", "ops", "hello")
	if h := l.hears(); h.Account != "e0org/"+l.Account("maria") {
		t.Errorf("%+v", h)
	}
	account, shown, err := l.Door.Account(t.Context(), "@maria")
	if err != nil || account != "e0org/"+l.Account("maria") || shown != "maria" {
		t.Errorf("%q, %q, %v", account, shown, err)
	}
	if err := l.Door.Direct(t.Context(), account, bot.Message{Text: "a page"}); err != nil {
		t.Error(err)
	}
	for _, other := range []string{l.Account("maria"), "e0other/" + l.Account("maria"), "", "umaria"} {
		if err := l.Door.Direct(t.Context(), other, bot.Message{Text: "not yours"}); !errors.Is(err, bot.ErrAbsent) {
			t.Errorf("a page to %q: %v", other, err)
		}
	}
}
