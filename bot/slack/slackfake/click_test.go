package slackfake

import (
	"context"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

func plain(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// buttons are blocks with a button, a menu and an overflow menu.
func buttons() []slack.Block {
	take := slack.NewButtonBlockElement("take", "K7QX", plain("Take the baton")).WithStyle(slack.StylePrimary)
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Severity"), "severity",
		slack.NewOptionBlockObject("1", plain("High"), nil), slack.NewOptionBlockObject("2", plain("Low"), nil))
	more := slack.NewOverflowBlockElement("", slack.NewOptionBlockObject("close", plain("Close it"), nil))
	who := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plain("Who"), "who")
	return []slack.Block{
		slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", "*fire*", false, false), nil, slack.NewAccessory(more)),
		slack.NewActionBlock("acts", take, menu, who),
	}
}

func TestClicksInMessages(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	a := connect(t, s)
	ops := s.Channel("ops").ID
	_, ts, err := api.PostMessage(ops, slack.MsgOptionText("fire", false), slack.MsgOptionBlocks(buttons()...))
	must(t, err)
	for _, wanted := range []string{"take", "Take the baton"} {
		i := s.Click("maria", "ops", ts, wanted)
		must(t, i.Wait(patient(t)))
		got := a.lastInteraction()
		action := got.ActionCallback.BlockActions[0]
		equal(t, "type", got.Type, slack.InteractionTypeBlockActions)
		equal(t, "action", words(action.ActionID, action.BlockID, action.Value, action.Type), "take acts K7QX button")
		equal(t, "user", got.User.ID+got.User.TeamID, s.User("maria").ID+s.TeamID())
		equal(t, "channel", got.Channel.ID+got.Channel.Name, ops+"ops")
		equal(t, "message", got.Message.Timestamp+got.Container.MessageTs, ts+ts)
		equal(t, "team and app", got.Team.ID+got.APIAppID, s.TeamID()+s.AppID())
		equal(t, "trigger and answer", got.TriggerID+got.ResponseURL, i.TriggerID+i.ResponseURL)
		if i.AckedIn() <= 0 {
			t.Error("how long it took is not known")
		}
	}
	must(t, s.Click("maria", "ops", ts, "Low").Wait(patient(t)))
	got := a.lastInteraction()
	equal(t, "option by its text", got.ActionCallback.BlockActions[0].SelectedOption.Value, "2")
	equal(t, "state", got.BlockActionState.Values["acts"]["severity"].SelectedOption.Value, "2")
	must(t, s.Click("maria", "ops", ts, "Close it").Wait(patient(t)))
	equal(t, "overflow", a.lastInteraction().ActionCallback.BlockActions[0].SelectedOption.Value, "close")
	must(t, s.Select("maria", "ops", ts, "severity", "1").Wait(patient(t)))
	equal(t, "option by its value", a.lastInteraction().ActionCallback.BlockActions[0].SelectedOption.Text.Text, "High")
	must(t, s.Select("maria", "ops", ts, "who", "omar").Wait(patient(t)))
	equal(t, "person", a.lastInteraction().ActionCallback.BlockActions[0].SelectedUser, s.User("omar").ID)
	m, _ := s.Message("ops", ts)
	if blocks := parseBlocks(m.Blocks); blocks[0]["block_id"] == nil || blocks[0]["accessory"].(obj)["action_id"] == nil {
		t.Errorf("Slack names what has no ID: %s", m.Blocks)
	}

	private, err := api.PostEphemeral(ops, s.User("omar").ID, slack.MsgOptionText("x", false), slack.MsgOptionBlocks(buttons()...))
	must(t, err)
	must(t, s.Click("omar", "ops", private, "take").Wait(patient(t)))
	got = a.lastInteraction()
	equal(t, "ephemeral", words(got.Container.IsEphemeral, got.Message.Timestamp == ""), "true true")
	panics(t, "does not see", func() { s.Click("maria", "ops", private, "take") })
	panics(t, `no "Give up" to click`, func() { s.Click("maria", "ops", ts, "Give up") })
	panics(t, "nobody is called", func() { s.Click("zoe", "ops", ts, "take") })
	panics(t, "say what to choose", func() { s.Click("maria", "ops", ts, "severity") })
	panics(t, `no option "9"`, func() { s.Select("maria", "ops", ts, "severity", "9") })
}

// panics checks that a mistake is told.
func panics(t *testing.T, part string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if said, _ := recover().(string); !strings.Contains(said, part) {
			t.Errorf("the panic is %q, want %q", said, part)
		}
	}()
	f()
}

func TestSlashCommands(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{})
	a := connect(t, s)
	a.answers(func(e socketmode.Event) any {
		if _, ok := e.Data.(slack.SlashCommand); ok {
			return map[string]any{"text": "only you see this"}
		}
		return nil
	})
	i := s.Slash("maria", "ops", "/bat", "signal <high> @omar & fast")
	must(t, i.Wait(patient(t)))
	a.settle()
	got := a.slashes[0]
	omar := s.User("omar").ID
	equal(t, "text", got.Text, "signal &lt;high&gt; <@"+omar+"|omar> &amp; fast")
	equal(t, "command", words(got.Command, got.UserName, got.UserID, got.ChannelName, got.ChannelID),
		words("/bat", "maria", s.User("maria").ID, "ops", s.Channel("ops").ID))
	equal(t, "team", words(got.TeamID, got.TeamDomain, got.APIAppID), words(s.TeamID(), "fake", s.AppID()))
	equal(t, "trigger and answer", got.TriggerID+got.ResponseURL, i.TriggerID+i.ResponseURL)
	equal(t, "ack", string(i.Ack()), `{"text":"only you see this"}`)
	answer := s.Messages("ops")[0]
	equal(t, "answer", answer.Text+answer.EphemeralTo, "only you see this"+s.User("maria").ID)
	must(t, s.Slash("maria", s.IM("maria"), "bat", "help").Wait(patient(t)))
	a.settle()
	equal(t, "in private", a.slashes[1].ChannelName+a.slashes[1].Command, "directmessage/bat")
}

func TestResponseURLs(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	connect(t, s)
	ops := s.Channel("ops").ID
	i := s.Slash("maria", "ops", "/bat", "x")
	say := func(options ...slack.MsgOption) error {
		_, _, err := api.PostMessage(ops, options...)
		return err
	}
	must(t, say(slack.MsgOptionText("for you", false), slack.MsgOptionResponseURL(i.ResponseURL, "")))
	must(t, say(slack.MsgOptionText("for all", false), slack.MsgOptionResponseURL(i.ResponseURL, slack.ResponseTypeInChannel)))
	all := s.Messages("ops")
	equal(t, "first", all[0].Text+all[0].EphemeralTo, "for you"+s.User("maria").ID)
	equal(t, "second", all[1].Text+all[1].EphemeralTo, "for all")
	for range 3 {
		must(t, say(slack.MsgOptionText("more", false), slack.MsgOptionResponseURL(i.ResponseURL, "")))
	}
	var status slack.StatusCodeError
	if err := say(slack.MsgOptionText("sixth", false), slack.MsgOptionResponseURL(i.ResponseURL, "")); !as(err, &status) || status.Code != 404 {
		t.Errorf("the sixth use got %v", err)
	}
	calls := s.Calls("response_url")
	equal(t, "outcome", calls[5].Outcome, "used_url")

	_, ts, err := api.PostMessage(ops, slack.MsgOptionText("fire", false), slack.MsgOptionBlocks(buttons()...))
	must(t, err)
	i = s.Click("omar", "ops", ts, "take")
	must(t, say(slack.MsgOptionText("omar has it", false), slack.MsgOptionReplaceOriginal(i.ResponseURL)))
	m, _ := s.Message("ops", ts)
	equal(t, "replaced", words(m.Text, m.Edits, len(m.Blocks)), "omar has it [fire] 0")
	must(t, say(slack.MsgOptionDeleteOriginal(i.ResponseURL)))
	m, _ = s.Message("ops", ts)
	equal(t, "deleted", m.Deleted, true)
}

func TestShortcuts(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{})
	a := connect(t, s)
	must(t, s.Shortcut("maria", "light").Wait(patient(t)))
	got := a.lastInteraction()
	equal(t, "shortcut", words(got.Type, got.CallbackID, got.User.Name), "shortcut light maria")
	ts := s.Post("omar", "ops", "it burns")
	must(t, s.MessageShortcut("maria", "quote", "ops", ts).Wait(patient(t)))
	got = a.lastInteraction()
	equal(t, "shortcut", words(got.Type, got.CallbackID, got.Message.Text, got.MessageTs), words("message_action", "quote", "it burns", ts))
}

func TestWhatNobodyAcknowledgesFails(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{AckTimeout: 1})
	connect(t, s)
	s.LoseAcks(1) // or it comes before anybody looked at the clock
	i := s.Slash("maria", "ops", "/bat", "x")
	if err := i.Wait(patient(t)); err != errUnacked {
		t.Errorf("got %v", err)
	}
	must(t, s.Settled(patient(t)))
	equal(t, "lost", s.Lost(), 1)
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	s.Cut()
	must(t, s.Await(patient(t), func() bool { return s.Connections() == 0 }))
	if err := s.Slash("maria", "ops", "/bat", "x").Wait(stopped); err == nil {
		t.Error("a wait must end with its context")
	}
}
