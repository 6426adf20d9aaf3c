package slack

import (
	"context"
	"fmt"

	"github.com/slack-go/slack"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/oncall/notice"
)

// Say sends an announcement to a room.
func (d *Door) Say(ctx context.Context, name string, m bot.Message) error {
	channel, err := d.reach(ctx, name)
	if err != nil {
		return err
	}
	_, err = d.post(ctx, chatter, channel, d.draw(m.Text, m.Actions))
	return err
}

// Direct sends a private message, which is what a page is. It overtakes everything
// that waits, and waits for nobody else's limit: each person is a lane of their own.
func (d *Door) Direct(ctx context.Context, account string, m bot.Message) error {
	if _, ok := d.me(); !ok {
		return bot.ErrOffline
	}
	user, ok := d.userOf(account)
	if !ok {
		return bot.ErrAbsent
	}
	_, err := d.post(ctx, page, user, d.draw(m.Text, m.Actions), pageMark(m.Actions)...)
	switch code(err) {
	case "channel_not_found", "user_not_found", "account_inactive", "cannot_dm_bot", "messages_tab_disabled", "user_disabled":
		return fmt.Errorf("%w: %w", bot.ErrAbsent, err)
	}
	return err
}

// pageMark has a private message remember what taking it means, so that a reaction to
// it can stand for the button.
func pageMark(actions []notice.Action) []slack.MsgOption {
	if len(actions) == 0 {
		return nil
	}
	return []slack.MsgOption{slack.MsgOptionMetadata(slack.SlackMetadata{
		EventType: metadataPage, EventPayload: map[string]any{metadataCommand: actions[0].Command},
	})}
}

const (
	metadataPage    = "batsignal_page"
	metadataSummary = "batsignal_summary"
	metadataCommand = "command"
)

// post sends a message to a channel, or to a user's private one.
func (d *Door) post(ctx context.Context, c class, channel string, w drawing, more ...slack.MsgOption) (ts string, err error) {
	send := func() error {
		return d.call(ctx, c, "chat.postMessage "+channel, func(ctx context.Context) (err error) {
			_, ts, err = d.api.PostMessageContext(ctx, channel, w.options(more...)...)
			return err
		})
	}
	if err = send(); code(err) == "not_in_channel" {
		if err = d.rooms.join(ctx, channel); err == nil { // somebody put us out
			err = send()
		}
	}
	return ts, err
}

// Reply draws r where the line came from; a private one is seen by its sender alone. It
// is on its way when Reply returns: [Door.Quiet] waits for it.
func (d *Door) Reply(_ context.Context, to bot.Heard, r command.Reply) error {
	via, ok := to.Via.(*via)
	if !ok {
		return fmt.Errorf("%w: the line did not come through this door", bot.ErrAbsent)
	}
	if via.collect != nil {
		via.collect(r) // a form is answered as a whole
		return nil
	}
	w := d.drawReply(r)
	if via.responseURL != "" {
		d.answers.later(via.user, func(ctx context.Context) error { return d.respond(ctx, via, r, w) })
		return nil
	}
	var more []slack.MsgOption
	if via.thread != "" {
		more = append(more, slack.MsgOptionTS(via.thread))
	}
	if (r.Private || via.aside && r.Refused) && to.Room != "" {
		d.answers.later(via.channel+" "+via.user, func(ctx context.Context) error {
			return d.whisper(ctx, via.channel, via.user, w, more...)
		})
		return nil
	}
	d.tell(via.channel, w, more...)
	return nil
}

// tell sends an answer to a channel, or to a user in private.
func (d *Door) tell(to string, w drawing, more ...slack.MsgOption) {
	d.answers.later(to, func(ctx context.Context) error {
		_, err := d.post(ctx, reply, to, w, more...)
		return err
	})
}

// whisper shows something to one person in a channel.
func (d *Door) whisper(ctx context.Context, channel, user string, w drawing, more ...slack.MsgOption) error {
	return d.call(ctx, reply, "chat.postEphemeral", func(ctx context.Context) error {
		_, err := d.api.PostEphemeralContext(ctx, channel, user, w.options(more...)...)
		return err
	})
}

// respond answers a slash command or a click by the address that came with it. What
// everybody may read is shown to everybody where they saw the question too; a click is
// answered to whoever clicked, since the room hears what it did by announcement.
func (d *Door) respond(ctx context.Context, via *via, r command.Reply, w drawing) error {
	m := slack.WebhookMessage{Text: w.text, Blocks: &slack.Blocks{BlockSet: w.blocks}, ResponseType: slack.ResponseTypeEphemeral, Parse: "none"}
	switch {
	case via.clicked == nil:
		if !r.Private && !r.Refused && via.member {
			m.ResponseType = slack.ResponseTypeInChannel
		}
	case via.direct && !r.Refused:
		// The buttons have done their work: what they did takes their place.
		m.ReplaceOriginal, m.ResponseType = true, ""
		m.Text = via.clicked.text + "\n" + w.text
		m.Blocks.BlockSet = append(withoutButtons(via.clicked.blocks), w.blocks...)
	}
	posting, cancel := context.WithTimeout(ctx, callBudget)
	defer cancel()
	if slack.PostWebhookCustomHTTPContext(posting, via.responseURL, d.cfg.HTTP, &m) == nil {
		return nil
	}
	// The address works for half an hour and a few times: then a private message does.
	// The error is not kept, since it names the address.
	_, err := d.post(ctx, reply, via.user, w)
	return err
}

func withoutButtons(blocks []slack.Block) (rest []slack.Block) {
	for _, b := range blocks {
		if b.BlockType() != slack.MBTAction {
			rest = append(rest, b)
		}
	}
	return rest
}
