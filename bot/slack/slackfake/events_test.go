package slackfake

import (
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
)

func TestAMentionIsTwoEvents(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{Enterprise: "E0ORG"})
	a := connect(t, s)
	a.heard()
	ts := s.Post("maria", "ops", "<@"+s.BotUserID()+"> status & more")
	events := a.heard()
	equal(t, "events", len(events), 2)
	mention, ok := events[0].inner.(*slackevents.AppMentionEvent)
	if !ok {
		t.Fatalf("the first is a %T", events[0].inner)
	}
	message := events[1].inner.(*slackevents.MessageEvent)
	equal(t, "mention", mention.TimeStamp, ts)
	equal(t, "text", message.Text, "<@"+s.BotUserID()+"> status &amp; more")
	equal(t, "user", message.User, s.User("maria").ID)
	equal(t, "kind", message.ChannelType, "channel")
	equal(t, "channel", message.Channel, s.Channel("ops").ID)
	if message.ClientMsgID == "" || len(message.Blocks.BlockSet) != 1 || message.EventTimeStamp != ts {
		t.Errorf("something is missing in %+v", message)
	}
	outer := events[1].outer
	equal(t, "team", outer.TeamID, s.TeamID())
	equal(t, "enterprise", outer.EnterpriseID, "E0ORG")
	equal(t, "app", outer.APIAppID, s.AppID())
	equal(t, "authorizations", outer.Authorizations[0].UserID, s.BotUserID())
	if outer.EventTime == 0 || !strings.HasPrefix(outer.EventID, "Ev") || outer.EventID == events[0].outer.EventID {
		t.Errorf("event IDs or times are wrong: %+v", outer)
	}
}

func TestTheAppHearsOfWhatItSees(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	a := connect(t, s)
	s.AddChannel("elsewhere", "maria")
	s.AddPrivateChannel("secret", "maria", "@bot")
	a.heard()
	s.Post("maria", "elsewhere", "nobody hears this")
	s.React("maria", "elsewhere", s.Messages("elsewhere")[0].TS, "eyes")
	equal(t, "events of a room without the bot", len(a.heard()), 0)

	s.Post("maria", "secret", "psst")
	equal(t, "kind", a.heard()[0].inner.(*slackevents.MessageEvent).ChannelType, "group")
	s.DM("omar", "hello")
	direct := a.heard()[0].inner.(*slackevents.MessageEvent)
	equal(t, "kind", direct.ChannelType, "im")
	equal(t, "channel", direct.Channel, s.IM("omar"))

	root := s.Post("maria", "ops", "question")
	a.heard()
	s.Reply("omar", "ops", root, "answer")
	equal(t, "thread", a.heard()[0].inner.(*slackevents.MessageEvent).ThreadTimeStamp, root)
	s.Edit("maria", "ops", root, "question!")
	changed := a.heard()[0].inner.(*slackevents.MessageEvent)
	equal(t, "subtype", changed.SubType, "message_changed")
	equal(t, "after", changed.Message.Text, "question!")
	equal(t, "before", changed.PreviousMessage.Text, "question")
	s.Delete("maria", "ops", root)
	deleted := a.heard()[0].inner.(*slackevents.MessageEvent)
	equal(t, "subtype", deleted.SubType, "message_deleted")
	equal(t, "deleted", deleted.DeletedTimeStamp, root)
	equal(t, "before", deleted.PreviousMessage.Text, "question!")

	done := s.Me("maria", "ops", "thanks @bot & goes")
	events := a.heard()
	equal(t, "events of what somebody does", len(events), 1)
	me := events[0].inner.(*slackevents.MessageEvent)
	equal(t, "what somebody does", me.SubType+" "+me.User+" "+me.Text, "me_message "+s.User("maria").ID+" thanks <@"+s.BotUserID()+"> &amp; goes")
	all := s.Spoken("ops")
	equal(t, "what somebody does", all[len(all)-1].TS, done)

	_, own, err := api.PostMessage(s.Channel("ops").ID, slack.MsgOptionText("from the bot", false))
	must(t, err)
	echo := a.heard()[0].inner.(*slackevents.MessageEvent)
	equal(t, "the app hears itself", echo.BotID, s.BotID())
	equal(t, "the app hears itself", echo.TimeStamp, own)
	s.React("omar", "ops", own, ":tada:")
	reaction := a.heard()[0].inner.(*slackevents.ReactionAddedEvent)
	equal(t, "reaction", reaction.Reaction+" "+reaction.Item.Timestamp+" "+reaction.ItemUser, "tada "+own+" "+s.BotUserID())
	s.Unreact("omar", "ops", own, "tada")
	if _, ok := a.heard()[0].inner.(*slackevents.ReactionRemovedEvent); !ok {
		t.Error("no event of the reaction that was taken away")
	}
	s.BotPost("jenkins", "ops", "built")
	other := a.heard()[0].inner.(*slackevents.MessageEvent)
	equal(t, "old bot", other.SubType+" "+other.Username+" "+other.User, "bot_message jenkins ")
	s.AddUser(User{Name: "grafana", Bot: true})
	a.heard()
	s.BotPost("grafana", "ops", "alert")
	other = a.heard()[0].inner.(*slackevents.MessageEvent)
	equal(t, "other bot", other.User, s.User("grafana").ID)
	if other.BotID == "" || other.BotID == s.BotID() {
		t.Errorf("the other bot has the ID %q", other.BotID)
	}
}

func TestTheLifeOfChannelsAndUsers(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{})
	s.AddUser(User{Name: "nina"})
	a := connect(t, s)
	a.heard()
	s.Join("nina", "ops")
	events := a.heard()
	equal(t, "line of a join", events[0].inner.(*slackevents.MessageEvent).SubType, "channel_join")
	equal(t, "join", events[1].inner.(*slackevents.MemberJoinedChannelEvent).User, s.User("nina").ID)
	s.Leave("nina", "ops")
	equal(t, "leave", a.heard()[0].inner.(*slackevents.MemberLeftChannelEvent).User, s.User("nina").ID)
	s.RenameChannel("ops", "operations")
	events = a.heard()
	equal(t, "rename", events[len(events)-1].inner.(*slackevents.ChannelRenameEvent).Channel.Name, "operations")
	s.SetTopic("maria", "operations", "on <fire>")
	equal(t, "topic", a.heard()[0].inner.(*slackevents.MessageEvent).SubType, "channel_topic")
	equal(t, "topic", s.Channel("operations").Topic, "on &lt;fire&gt;")
	s.ArchiveChannel("operations")
	events = a.heard()
	equal(t, "archive", events[len(events)-1].inner.(*slackevents.ChannelArchiveEvent).Channel, s.Channel("operations").ID)
	omar := s.User("omar")
	omar.Deleted = true
	s.SetUser(omar)
	change := a.heard()[0].inner.(*slackevents.UserChangeEvent)
	equal(t, "deactivated", change.User.ID, omar.ID)
	equal(t, "deactivated", change.User.Deleted, true)
	s.OpenHome("maria")
	equal(t, "home", a.heard()[0].inner.(*slackevents.AppHomeOpenedEvent).Tab, "home")
	s.AddChannel("second", "maria", "@bot")
	s.Leave("@bot", "second")
	equal(t, "removed", a.heard()[0].inner.(*slackevents.ChannelLeftEvent).Channel, s.Channel("second").ID)
}

func TestStrangersAreMarked(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	s.AddUser(User{Name: "eve", Team: "T0OTHER"})
	s.AddChannel("shared", "maria", "eve", "@bot")
	a := connect(t, s)
	a.heard()
	s.Post("eve", "shared", "hi")
	event := a.heard()[0]
	message := event.inner.(*slackevents.MessageEvent)
	equal(t, "user team", message.UserTeam, "T0OTHER")
	equal(t, "shared", event.outer.IsExtSharedChannel, true)
	equal(t, "team", event.outer.TeamID, s.TeamID())
	u, err := api.GetUserInfo(s.User("eve").ID)
	must(t, err)
	equal(t, "stranger", u.IsStranger, true)
	equal(t, "team", u.TeamID, "T0OTHER")
}

func TestScopesDecideWhatIsHeard(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{Scopes: []string{"app_mentions:read", "chat:write"}})
	a := connect(t, s)
	s.Post("maria", "ops", "hello @bot")
	events := a.heard()
	equal(t, "events", len(events), 1)
	if _, ok := events[0].inner.(*slackevents.AppMentionEvent); !ok {
		t.Errorf("heard a %T", events[0].inner)
	}
}

func TestWhatPeopleTypeOnTheWire(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{})
	maria, ops, bot := s.User("maria").ID, s.Channel("ops").ID, s.BotUserID()
	for typed, want := range map[string]string{
		"a < b && c > d":            "a &lt; b &amp;&amp; c &gt; d",
		"hi @maria.":                "hi <@" + maria + ">.",
		"hi @bot and @nobody":       "hi <@" + bot + "> and @nobody",
		"in #ops, not #nowhere":     "in <#" + ops + "|ops>, not #nowhere",
		"@here now":                 "<!here> now",
		"see https://a.org/?x=1&y.": "see <https://a.org/?x=1&amp;y>.",
		"see batsignal.dev":         "see <http://batsignal.dev|batsignal.dev>",
		"mail m.r@a.org":            "mail <mailto:m.r@a.org|m.r@a.org>",
		"<@" + maria + "> <!here>":  "<@" + maria + "> <!here>",
		"<b> <https://a.org|here>":  "&lt;b&gt; <https://a.org|here>",
		"1.5 and a.b and e.g. this": "1.5 and a.b and e.g. this",
		"foo@maria":                 "foo@maria",
		"ünïcode → ok":              "ünïcode → ok",
	} {
		ts := s.Post("maria", "ops", typed)
		m, _ := s.Message("ops", ts)
		equal(t, typed, m.Text, want)
	}
}
