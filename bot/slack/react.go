package slack

import (
	"context"
	"encoding/json"

	"github.com/slack-go/slack"

	"batsignal/bot"
)

// Reactions are an extra way to say what a button says too: eyes or a tick on a page
// takes it, a pin on any line in an incident's room puts it on the timeline.
var (
	takes = map[string]bool{"eyes": true, "white_check_mark": true, "heavy_check_mark": true}
	pins  = map[string]bool{"pushpin": true, "round_pushpin": true}
)

func (d *Door) reaction(ctx context.Context, event []byte, key string, ear func(context.Context, bot.Heard)) {
	var r struct {
		User     string `json:"user"`
		Reaction string `json:"reaction"`
		Item     struct {
			Type    string `json:"type"`
			Channel string `json:"channel"`
			TS      string `json:"ts"`
		} `json:"item"`
		EventTS string `json:"event_ts"`
	}
	if json.Unmarshal(event, &r) != nil || r.Item.Type != "message" || d.now().Sub(instant(r.EventTS)) > stale {
		return
	}
	me, _ := d.me()
	direct := len(r.Item.Channel) > 0 && r.Item.Channel[0] == 'D'
	if r.User == me.user || !(direct && takes[r.Reaction] || !direct && pins[r.Reaction]) {
		return
	}
	asking, cancel := context.WithTimeout(ctx, lookupBudget)
	defer cancel()
	if !direct {
		// A pin means something in the channels of incidents only.
		if ours, err := d.rooms.ours(ctx, r.Item.Channel); err != nil || !ours {
			return
		}
	}
	m, ok := d.messageAt(asking, r.Item.Channel, r.Item.TS)
	if !ok {
		return
	}
	h := d.invoker(ctx, r.Item.Channel, direct, r.User, "", "")
	h.MessageID = key
	if !direct {
		if h.Account == "" {
			return // nobody is told off for an innocent pin
		}
		h.Via.(*via).aside = true
		h.Text = d.noteCommand(ctx, "incident note", r.Item.Channel, m.User, m.Text, m.Timestamp, m.ThreadTimestamp)
		h.Via.(*via).thread = m.Timestamp
		ear(ctx, h)
		return
	}
	if m.Metadata.EventType != metadataPage || m.User != me.user {
		return
	}
	if h.Text, ok = m.Metadata.EventPayload[metadataCommand].(string); ok {
		ear(ctx, h)
	}
}

// messageAt reads one message.
func (d *Door) messageAt(ctx context.Context, channel, ts string) (slack.Message, bool) {
	var page *slack.GetConversationHistoryResponse
	err := d.call(ctx, reply, "conversations.history", func(ctx context.Context) (err error) {
		page, err = d.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: channel, Latest: ts, Oldest: ts, Inclusive: true, Limit: 1, IncludeAllMetadata: true,
		})
		return err
	})
	if err == nil && len(page.Messages) == 1 {
		return page.Messages[0], true
	}
	// A line of a thread is not in the history of its channel.
	var lines []slack.Message
	err = d.call(ctx, reply, "conversations.replies", func(ctx context.Context) (err error) {
		lines, _, _, err = d.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: channel, Timestamp: ts, Latest: ts, Oldest: ts, Inclusive: true, Limit: 2, IncludeAllMetadata: true, // the first is the root
		})
		return err
	})
	for _, m := range lines {
		if err == nil && m.Timestamp == ts {
			return m, true
		}
	}
	return slack.Message{}, false
}
