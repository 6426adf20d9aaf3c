package slack

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"batsignal/bot"
)

// stale is how old a line may be before it is history: Slack delivers again for about
// an hour what we could not take, and nobody wants to be surprised by a command that
// they have long given up.
const stale = 10 * time.Minute

// handle works one arrival.
func (d *Door) handle(ctx context.Context, a arrival, ear func(context.Context, bot.Heard)) {
	switch a.kind {
	case kindEvent:
		d.event(ctx, a, ear)
	case kindCommand:
		d.slash(ctx, a, ear)
	case kindAction:
		d.interact(ctx, a, ear)
	}
}

func (d *Door) event(ctx context.Context, a arrival, ear func(context.Context, bot.Heard)) {
	var o outer
	var e struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(a.payload, &o) != nil || json.Unmarshal(o.Event, &e) != nil {
		return
	}
	switch e.Type {
	case "message", "app_mention":
		var m said
		if json.Unmarshal(o.Event, &m) == nil {
			d.message(ctx, m, ear)
		}
	case "member_joined_channel":
		d.moved(ctx, o.Event, a.key, bot.Joined, ear)
	case "member_left_channel":
		d.moved(ctx, o.Event, a.key, bot.Left, ear)
	case "reaction_added":
		d.reaction(ctx, o.Event, a.key, ear)
	case "channel_left", "group_left":
		var left struct {
			Channel string `json:"channel"`
		}
		if json.Unmarshal(o.Event, &left) == nil {
			d.rooms.left(left.Channel)
		}
	case "app_home_opened":
		d.homeOpened(o.Event)
	case "user_change":
		// Such news may be old, and come out of order: it only tells whom to ask about.
		var change struct {
			User struct {
				ID string `json:"id"`
			} `json:"user"`
		}
		if json.Unmarshal(o.Event, &change) == nil {
			d.people.forget(change.User.ID)
		}
	}
}

// message hears a line, or what became of one. What programs say is not heard, and
// what Slack itself writes of joins, topics and the like are no lines.
func (d *Door) message(ctx context.Context, m said, ear func(context.Context, bot.Heard)) {
	channel, line := m, m
	change := bot.Said
	switch m.Subtype {
	case "message_changed":
		if m.Message == nil || (m.Previous != nil && m.Previous.Text == m.Message.Text) {
			return // only how a link is shown changed
		}
		change, line = bot.Edited, *m.Message
	case "message_deleted":
		if m.Previous == nil {
			return
		}
		change, line = bot.Deleted, *m.Previous
	default:
		if !slices.Contains(lines, m.Subtype) {
			return
		}
	}
	if line.BotID != "" || line.User == "" || line.TS == "" || change == bot.Said && line.Edited != nil {
		return // what an edit says comes as an edit as well
	}
	h, ok := d.heard(ctx, channel.Channel, m.ChannelType == "im", line.User, foreign(line, d))
	if !ok {
		return
	}
	if h.Room != "" {
		d.rooms.noteIn(channel.Channel)
	}
	h.MessageID = channel.Channel + "/" + line.TS
	h.Change, h.At = change, instant(line.TS)
	if change != bot.Said {
		h.At = instant(m.EventTS)
	}
	if line.ThreadTS != "" && line.ThreadTS != line.TS {
		h.Thread = channel.Channel + "/" + line.ThreadTS
	}
	h.Permalink = d.permalink(channel.Channel, line.TS, line.ThreadTS)
	h.Did = line.Subtype == "me_message"
	switch {
	case change == bot.Deleted:
	case h.Did:
		h.Text = d.worded(ctx, strings.TrimSpace(line.Text), false)
	default:
		h.Text, h.Addressed = d.typed(ctx, line.Text, h.Room == "")
		if strings.TrimSpace(h.Text) == "" && m.Subtype == "file_share" {
			h.Text = "(a file)"
		}
		if h.Addressed && h.Text == "" {
			h.Text = "help"
		}
	}
	h.Replayed = d.now().Sub(h.At) > stale
	h.Via.(*via).thread = threadOf(line)
	ear(ctx, h)
}

// heard begins a line: who said it, and where. Whom Slack cannot vouch for just now is
// unproven; false is a place that we cannot name.
func (d *Door) heard(ctx context.Context, channel string, direct bool, user string, foreign bool) (bot.Heard, bool) {
	h := bot.Heard{At: d.now(), Network: d.cfg.Name, Again: true, Via: &via{channel: channel, user: user, direct: direct}}
	if !direct {
		name, err := d.rooms.name(ctx, channel)
		if err != nil {
			if ctx.Err() == nil {
				d.log.Warn("a channel has no name", "channel", channel, "error", err)
			}
			return h, false
		}
		h.Room = name
	}
	m, err := d.people.get(ctx, user)
	if err != nil && ctx.Err() == nil {
		d.log.Warn("Slack does not tell who somebody is", "user", user, "error", err)
	}
	h.Unsure = err != nil
	h.Nick, h.Shown = m.name, m.name
	if h.Nick == "" {
		h.Nick = strings.ToLower(user)
	}
	if !foreign {
		h.Account = m.account
	}
	return h, true
}
