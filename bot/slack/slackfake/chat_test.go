package slackfake

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func as[E error](err error, target *E) bool { return errors.As(err, target) }

func TestMessagesOfTheApp(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	ops := s.Channel("ops").ID
	post := func(options ...slack.MsgOption) error {
		_, _, err := api.PostMessage(ops, options...)
		return err
	}
	refused(t, post(), "no_text")
	refused(t, post(slack.MsgOptionText(strings.Repeat("x", 40001), false)), "msg_too_long")
	refused(t, post(slack.MsgOptionText("x", false), slack.MsgOptionTS("yesterday")), "invalid_thread_ts")
	long := slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", strings.Repeat("x", 3001), false, false), nil, nil)
	err := post(slack.MsgOptionBlocks(long))
	refused(t, err, "invalid_blocks")
	var response slack.SlackErrorResponse
	if !as(err, &response) || len(response.ResponseMetadata.Messages) != 1 ||
		response.ResponseMetadata.Messages[0] != "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]" {
		t.Errorf("the reasons are %+v", response.ResponseMetadata)
	}
	_, ts, err := api.PostMessage(ops, slack.MsgOptionText("first", false), slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "incident", EventPayload: map[string]any{"id": "7"}}))
	must(t, err)
	_, reply, err := api.PostMessage(ops, slack.MsgOptionText("second", false), slack.MsgOptionTS(ts))
	must(t, err)
	m, _ := s.Message("ops", ts)
	equal(t, "metadata", string(m.Metadata), `{"event_type":"incident","event_payload":{"id":"7"}}`)
	equal(t, "who", m.User+" "+m.BotID, s.BotUserID()+" "+s.BotID())
	r, _ := s.Message("ops", reply)
	equal(t, "thread", r.ThreadTS, ts)
	if r.At <= m.At {
		t.Errorf("arrived as %d and %d", m.At, r.At)
	}

	block := slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", "*hi*", false, false), nil, nil)
	_, _, _, err = api.UpdateMessage(ops, ts, slack.MsgOptionText("changed", false), slack.MsgOptionBlocks(block))
	must(t, err)
	_, _, _, err = api.UpdateMessage(ops, ts, slack.MsgOptionText("again", false))
	must(t, err)
	m, _ = s.Message("ops", ts)
	equal(t, "edits", strings.Join(m.Edits, ",")+","+m.Text, "first,changed,again")
	if !m.Edited || m.Blocks == nil || m.Metadata == nil {
		t.Errorf("what an update does not name must stay: %+v", m)
	}
	_, _, _, err = api.UpdateMessage(ops, ts, slack.MsgOptionText("x", false), slack.MsgOptionBlocks())
	must(t, err)
	if m, _ = s.Message("ops", ts); m.Blocks != nil {
		t.Errorf("the blocks are still there: %s", m.Blocks)
	}
	_, _, _, err = api.UpdateMessage(ops, s.Post("maria", "ops", "mine"), slack.MsgOptionText("x", false))
	refused(t, err, "cant_update_message")
	_, _, _, err = api.UpdateMessage(ops, "1.000001", slack.MsgOptionText("x", false))
	refused(t, err, "message_not_found")
	_, _, _, err = api.UpdateMessage(ops, ts, slack.MsgOptionText(strings.Repeat("x", 4001), false))
	refused(t, err, "msg_too_long")
	link, err := api.GetPermalink(&slack.PermalinkParameters{Channel: ops, Ts: reply})
	must(t, err)
	equal(t, "link", link, fmt.Sprintf("https://fake.slack.com/archives/%s/p%s?thread_ts=%s&cid=%s", ops, strings.Replace(reply, ".", "", 1), ts, ops))
	_, _, err = api.DeleteMessage(ops, reply)
	must(t, err)
	_, _, err = api.DeleteMessage(ops, reply)
	refused(t, err, "message_not_found")
	if r, _ = s.Message("ops", reply); !r.Deleted || r.ChangedAt == 0 {
		t.Error("a deleted message must stay in the memory")
	}
}

func TestEphemeral(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	s.AddUser(User{Name: "nina"})
	ops := s.Channel("ops").ID
	_, err := api.PostEphemeral(ops, s.User("nina").ID, slack.MsgOptionText("x", false))
	refused(t, err, "user_not_in_channel")
	ts, err := api.PostEphemeral(ops, s.User("maria").ID, slack.MsgOptionText("only you", false))
	must(t, err)
	m, _ := s.Message("ops", ts)
	equal(t, "to", m.EphemeralTo, s.User("maria").ID)
	equal(t, "spoken", len(s.Spoken("ops")), 0)
	_, _, _, err = api.UpdateMessage(ops, ts, slack.MsgOptionText("x", false))
	refused(t, err, "message_not_found")
	h, err := api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: ops})
	must(t, err)
	equal(t, "history", len(h.Messages), 0)
}

func TestHistory(t *testing.T) {
	t.Parallel()
	clock := time.Unix(1_700_000_000, 0) // stands still
	s, api := start(t, Options{ClientTime: func() time.Time { return clock }})
	ops := s.Channel("ops").ID
	var stamps []string
	for i := range 5 {
		stamps = append(stamps, s.Post("maria", "ops", fmt.Sprintf("line %d", i)))
	}
	equal(t, "the clock", stamps[0][:11], "1700000000.")
	s.Reply("omar", "ops", stamps[1], "in a thread")
	s.ReplyBroadcast("omar", "ops", stamps[1], "seen by all")
	s.Delete("maria", "ops", stamps[4])
	read := func(p slack.GetConversationHistoryParameters) string {
		t.Helper()
		p.ChannelID = ops
		h, err := api.GetConversationHistory(&p)
		must(t, err)
		var texts []string
		for _, m := range h.Messages {
			texts = append(texts, strings.TrimPrefix(m.Text, "line "))
		}
		return strings.Join(texts, ",")
	}
	equal(t, "all", read(slack.GetConversationHistoryParameters{}), "seen by all,3,2,1,0")
	equal(t, "after", read(slack.GetConversationHistoryParameters{Oldest: stamps[2]}), "seen by all,3")
	equal(t, "from", read(slack.GetConversationHistoryParameters{Oldest: stamps[2], Inclusive: true, Latest: stamps[3]}), "3,2")
	equal(t, "before", read(slack.GetConversationHistoryParameters{Latest: stamps[1]}), "0")
	h, err := api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: ops, Limit: 2})
	must(t, err)
	equal(t, "more", h.HasMore, true)
	equal(t, "next page", read(slack.GetConversationHistoryParameters{Limit: 2, Cursor: h.ResponseMetaData.NextCursor}), "2,1")
	thread, more, _, err := api.GetConversationReplies(&slack.GetConversationRepliesParameters{ChannelID: ops, Timestamp: stamps[1]})
	must(t, err)
	equal(t, "thread", words(len(thread), more, thread[0].ReplyCount, thread[2].Text), "3 false 2 seen by all")
	_, _, _, err = api.GetConversationReplies(&slack.GetConversationRepliesParameters{ChannelID: ops, Timestamp: "1700000000.999999"})
	refused(t, err, "thread_not_found")
	_, ts, err := api.PostMessage(ops, slack.MsgOptionText("x", false), slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "a", EventPayload: map[string]any{"b": "c"}}))
	must(t, err)
	h, err = api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: ops, Limit: 1, IncludeAllMetadata: true})
	must(t, err)
	equal(t, "metadata", h.Messages[0].Timestamp+h.Messages[0].Metadata.EventType, ts+"a")
}

func TestPinsBookmarksReactions(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	ops := s.Channel("ops").ID
	ts := s.Post("maria", "ops", "pin me")
	item := slack.NewRefToMessage(ops, ts)
	must(t, api.AddPin(ops, item))
	refused(t, api.AddPin(ops, item), "already_pinned")
	refused(t, api.AddPin(ops, slack.NewRefToMessage(ops, "1700000000.000001")), "message_not_found")
	pins, _, err := api.ListPins(ops)
	must(t, err)
	equal(t, "pins", pins[0].Message.Timestamp, ts)
	must(t, api.RemovePin(ops, item))
	refused(t, api.RemovePin(ops, item), "no_pin")

	b, err := api.AddBookmark(ops, slack.AddBookmarkParameters{Title: "Board", Type: "link", Link: "https://a.org/b"})
	must(t, err)
	_, err = api.AddBookmark(ops, slack.AddBookmarkParameters{Title: "Board", Type: "link", Link: "board"})
	refused(t, err, "invalid_link")
	title := "Plan"
	_, err = api.EditBookmark(ops, b.ID, slack.EditBookmarkParameters{Title: &title})
	must(t, err)
	equal(t, "bookmark", s.Channel("ops").Bookmarks[0], Bookmark{ID: b.ID, Title: "Plan", Link: "https://a.org/b"})
	list, err := api.ListBookmarks(ops)
	must(t, err)
	equal(t, "bookmarks", list[0].Title, "Plan")
	must(t, api.RemoveBookmark(ops, b.ID))
	refused(t, api.RemoveBookmark(ops, b.ID), "not_found")

	must(t, api.AddReaction("eyes", item))
	refused(t, api.AddReaction("eyes", item), "already_reacted")
	s.React("omar", "ops", ts, "eyes")
	got, err := api.GetReactions(item, slack.NewGetReactionsParameters())
	must(t, err)
	equal(t, "reactions", words(got.Reactions[0].Name, got.Reactions[0].Count), "eyes 2")
	must(t, api.RemoveReaction("eyes", item))
	refused(t, api.RemoveReaction("eyes", item), "no_reaction")
	m, _ := s.Message("ops", ts)
	equal(t, "left", strings.Join(m.Reactions[0].Users, ","), s.User("omar").ID)
}
