package slack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

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
	// A channel that was put off only now is told from one that is slow.
	ctx, cancel := context.WithTimeout(ctx, sayBudget)
	defer cancel()
	_, err = d.post(ctx, chatter, channel, d.draw(m.Text, m.Actions))
	return err
}

// sayBudget is how long one announcement may hold up those for other channels.
const sayBudget = 5 * time.Second

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

// pageMark has a page remember what taking it means, so that a reaction to it can stand
// for the button. Nothing else is said by a reaction, least of all somebody's yes.
func pageMark(actions []notice.Action) []slack.MsgOption {
	if len(actions) == 0 || !strings.HasPrefix(actions[0].Command, "ack ") {
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
	err = send()
	switch code(err) {
	case "not_in_channel":
		if err = d.rooms.join(ctx, channel); err == nil { // somebody put us out
			err = send()
		}
	case "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long":
		// Better a page without buttons than none.
		d.log.Error("Slack does not take what was drawn; it is said in plain text", "channel", channel)
		w.blocks = nil
		err = send()
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
		m.Blocks.BlockSet = append(without(via.clicked.blocks, via.clicked.block), w.blocks...)
	}
	posting, cancel := context.WithTimeout(ctx, callBudget)
	defer cancel()
	if d.slacks(via.responseURL) && slack.PostWebhookCustomHTTPContext(posting, via.responseURL, d.straight(), &m) == nil {
		return nil
	}
	// The address works for half an hour and a few times: then a private message does.
	// The error is not kept, since it names the address.
	_, err := d.post(ctx, reply, via.user, w)
	return err
}

// slacks tells whether an address to answer at is Slack's own.
func (d *Door) slacks(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if own, err := url.Parse(d.cfg.APIURL); err == nil && own.Host != "" {
		return u.Host == own.Host && u.Scheme == own.Scheme
	}
	return u.Scheme == "https" && u.Host == "hooks.slack.com"
}

// straight is our client, except that it goes nowhere else.
func (d *Door) straight() *http.Client {
	c := *d.cfg.HTTP
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// without leaves out the row of buttons that has done its work.
func without(blocks []slack.Block, id string) (rest []slack.Block) {
	for _, b := range blocks {
		if b.BlockType() != slack.MBTAction || b.ID() != id {
			rest = append(rest, b)
		}
	}
	return rest
}
