package slack

import (
	"context"
	"strings"

	"github.com/slack-go/slack"

	"batsignal/bot"
)

const (
	mostNames = 200 // of a channel; a larger one is cut short
	// mostAsked is how many of them are asked about, of those whom we do not know.
	mostAsked = 20
)

// Look tells how a channel is. Nobody runs one in the way of IRC.
func (d *Door) Look(ctx context.Context, name string) (bot.RoomState, error) {
	channel, err := d.reach(ctx, name)
	if err != nil {
		return bot.RoomState{}, err
	}
	c, err := d.rooms.info(ctx, channel)
	if err != nil {
		return bot.RoomState{}, err
	}
	me, _ := d.me()
	state := bot.RoomState{Topic: d.worded(ctx, c.Topic.Value, false), Self: me.name}
	members, err := d.rooms.members(ctx, channel)
	if code(err) != "" {
		return state, nil // Slack does not tell
	}
	if err != nil {
		return state, err
	}
	state.Names = d.people.names(ctx, members)
	return state, nil
}

// members are the ids of who is in a channel, the first of them if they are many.
func (r *rooms) members(ctx context.Context, channel string) (ids []string, err error) {
	err = r.door.call(ctx, room, "conversations.members", func(ctx context.Context) (err error) {
		ids, _, err = r.door.api.GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{ChannelID: channel, Limit: mostNames})
		return err
	})
	return ids, err
}

// names are what members are called. Who is not known and cannot be asked about now is
// called by id, as in what is heard of them.
func (p *people) names(ctx context.Context, ids []string) []string {
	ctx, cancel := context.WithTimeout(ctx, lookupBudget)
	defer cancel()
	names, asked := make([]string, 0, len(ids)), 0
	for _, id := range ids {
		m, ok := p.seen(id)
		if !ok && asked < mostAsked && ctx.Err() == nil {
			asked++
			m, _ = p.get(ctx, id) // else it is the id
		}
		if m.name == "" {
			m.name = strings.ToLower(id)
		}
		names = append(names, m.name)
	}
	return names
}
