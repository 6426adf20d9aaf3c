package slack

import (
	"context"
	"fmt"

	"batsignal/bot"
)

// SetTopic changes the topic of a room.
func (d *Door) SetTopic(ctx context.Context, name, topic string) error {
	channel, err := d.reach(ctx, name)
	if err != nil {
		return err
	}
	if ours, err := d.rooms.ours(ctx, channel); err != nil || !ours {
		return err // the topic of a room that people gave us is theirs
	}
	return d.setTopic(ctx, channel, topic)
}

func (d *Door) setTopic(ctx context.Context, channel, topic string) error {
	return d.call(ctx, room, "conversations.setTopic", func(ctx context.Context) error {
		_, err := d.api.SetTopicOfConversationContext(ctx, channel, escape(clip(topic, longestTopic)))
		return err
	})
}

// reach finds the channel of a room, once we are connected.
func (d *Door) reach(ctx context.Context, name string) (string, error) {
	if _, ok := d.me(); !ok {
		return "", bot.ErrOffline
	}
	return d.rooms.channel(ctx, name)
}

// Invite asks somebody into a room.
func (d *Door) Invite(ctx context.Context, name, account string) error {
	channel, err := d.reach(ctx, name)
	if err != nil {
		return err
	}
	user, ok := d.userOf(account)
	if !ok {
		return bot.ErrAbsent
	}
	err = d.call(ctx, room, "conversations.invite", func(ctx context.Context) error {
		_, err := d.api.InviteUsersToConversationContext(ctx, channel, user)
		return err
	})
	switch code(err) {
	case "already_in_channel", "cant_invite_self":
		return nil
	case "user_not_found", "user_is_deactivated", "user_disabled":
		return fmt.Errorf("%w: %w", bot.ErrAbsent, err)
	}
	return err
}

// CloseRoom archives the channel of a room if we made it.
func (d *Door) CloseRoom(ctx context.Context, name string) error {
	channel, err := d.reach(ctx, name)
	if err != nil {
		return err
	}
	if ours, err := d.rooms.ours(ctx, channel); err != nil || !ours {
		return err
	}
	err = d.call(ctx, room, "conversations.archive", func(ctx context.Context) error {
		return d.api.ArchiveConversationContext(ctx, channel)
	})
	switch code(err) {
	case "already_archived", "channel_not_found":
		return nil
	}
	return err
}
