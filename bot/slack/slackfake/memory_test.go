package slackfake

import (
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
)

func TestTheMemoryIsInOrderOverChannels(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	s.AddChannel("second", "omar", "@bot")
	s.Post("maria", "ops", "1")
	s.Post("omar", "second", "2")
	_, ts, err := api.PostMessage(s.Channel("ops").ID, slack.MsgOptionText("3", false))
	must(t, err)
	s.DM("omar", "4")
	_, _, _, err = api.UpdateMessage(s.Channel("ops").ID, ts, slack.MsgOptionText("3 again", false))
	must(t, err)
	var texts, where []string
	for _, m := range s.Everything() {
		texts = append(texts, m.Text)
		where = append(where, first(s.Channel(m.Channel).Name, "im"))
	}
	equal(t, "texts", strings.Join(texts, ","), "1,2,3 again,4")
	equal(t, "channels", strings.Join(where, ","), "ops,second,ops,im")
	m, _ := s.Message("ops", ts)
	if all := s.Everything(); m.ChangedAt <= all[3].At || m.Changed.Before(m.Arrived) {
		t.Error("an edit counts on")
	}
	equal(t, "since", len(s.Since(m.At)), 1)
	equal(t, "users", len(s.Users()), 4)
	equal(t, "all channels", len(s.Channels()), 3)
	all := s.Channels()
	all[0].Members[0] = "changed"
	if s.Channel("ops").Members[0] == "changed" {
		t.Error("a copy is no copy")
	}
}

func TestPeopleRunTheirChannels(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	a := connect(t, s)
	_, err := api.CreateConversation(slack.CreateConversationParams{ChannelName: "room"})
	must(t, err)
	equal(t, "created", a.heard()[2].inner.(*slackevents.ChannelCreatedEvent).Channel.Name, "room")
	s.Join("maria", "room")
	must(t, api.KickUserFromConversation(s.Channel("room").ID, s.User("maria").ID))
	equal(t, "members", len(s.Channel("room").Members), 1)
	refused(t, api.KickUserFromConversation(s.Channel("room").ID, s.BotUserID()), "cant_kick_self")
	s.ArchiveChannel("room")
	s.UnarchiveChannel("room")
	events := a.heard()
	if _, ok := events[len(events)-1].inner.(*slackevents.ChannelUnarchiveEvent); !ok || s.Channel("room").Archived {
		t.Errorf("the room did not come back: %T", events[len(events)-1].inner)
	}
	equal(t, "the bot is not back", len(s.Channel("room").Members), 0)
	panics(t, "is not in room; see Join", func() { s.Post("maria", "room", "x") })
	panics(t, "there is a channel", func() { s.AddChannel("room") })
	panics(t, "invalid_name_specials", func() { s.AddChannel("Room") })
	panics(t, "there is a user", func() { s.AddUser(User{Name: "maria"}) })
	panics(t, "did not write", func() { s.Edit("omar", "ops", s.Post("maria", "ops", "x"), "y") })
	panics(t, "name_taken", func() { s.RenameChannel("room", "ops") })
}

func TestMenusWithGroupsAndDates(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	a := connect(t, s)
	group := slack.NewOptionGroupBlockElement(plain("Fires"), slack.NewOptionBlockObject("f1", plain("Forest"), nil))
	menu := slack.NewOptionsGroupSelectBlockElement(slack.OptTypeStatic, plain("What"), "what", group)
	date := slack.NewDatePickerBlockElement("when")
	date.InitialDate = "2014-04-07"
	at := slack.NewTimePickerBlockElement("at")
	rooms := slack.NewOptionsSelectBlockElement(slack.OptTypeConversations, plain("Where"), "where")
	radio := slack.NewRadioButtonsBlockElement("loud", slack.NewOptionBlockObject("y", plain("Loud"), nil))
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewActionBlock("acts", menu, date, at, rooms, radio)}}}
	v, err := api.PublishView(s.User("maria").ID, home, "")
	must(t, err)
	choose := func(action, value string) slack.InteractionCallback {
		t.Helper()
		must(t, s.SelectView("maria", v.ID, action, value).Wait(patient(t)))
		return a.lastInteraction()
	}
	equal(t, "group", choose("what", "Forest").ActionCallback.BlockActions[0].SelectedOption.Value, "f1")
	equal(t, "date", choose("when", "2014-04-08").ActionCallback.BlockActions[0].SelectedDate, "2014-04-08")
	equal(t, "time", choose("at", "13:37").ActionCallback.BlockActions[0].SelectedTime, "13:37")
	equal(t, "room", choose("where", "ops").ActionCallback.BlockActions[0].SelectedConversation, s.Channel("ops").ID)
	last := choose("loud", "Loud")
	equal(t, "radio", last.ActionCallback.BlockActions[0].SelectedOption.Value, "y")
	state := last.View.State.Values["acts"]
	equal(t, "what was chosen before stays", words(state["what"].SelectedOption.Value, state["when"].SelectedDate), "f1 2014-04-08")
}
