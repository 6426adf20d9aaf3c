package slack

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"batsignal/bot"
	"batsignal/oncall/fault"
)

// longestTopic is what Slack takes, in letters.
const longestTopic = 250

// longestName is what Slack takes, in letters. The pattern does not count them: a
// counted class of so many letters would cost megabytes.
const longestName = 80

var roomLetters = regexp.MustCompile(`^#[\p{Ll}\p{Lo}\p{N}_-]+$`)

// ValidRoom tells whether a name, with its #, can be a channel's.
func ValidRoom(name string) bool {
	return roomLetters.MatchString(name) && utf8.RuneCountInString(name) <= 1+longestName
}

// OpenRoom makes sure that the channel of a room exists, with this topic, and that we
// are in it. Where we may make none, the incident goes to the room that was given for
// that; where the name is taken, the channel gets another one.
func (d *Door) OpenRoom(ctx context.Context, name, topic string) (bot.Opened, error) {
	if _, ok := d.me(); !ok {
		return bot.Opened{Room: name}, bot.ErrOffline
	}
	if !ValidRoom(name) {
		return bot.Opened{Room: name}, fault.New(fault.Invalid, "%q cannot be a channel of Slack. Channels look like #ops.", name)
	}
	opened, channel, err := d.open(ctx, name)
	if err != nil {
		return opened, err
	}
	if opened.Room == d.fallback() {
		return opened, nil // its topic is somebody else's
	}
	return opened, d.setTopic(ctx, channel, topic)
}

// open finds or makes the channel of a room.
func (d *Door) open(ctx context.Context, name string) (bot.Opened, string, error) {
	opened := bot.Opened{Room: name}
	if channel, ok, err := d.rooms.mayHold(ctx, name); err != nil {
		return opened, "", err
	} else if ok {
		usable, err := d.enter(ctx, channel)
		if err != nil || usable {
			return opened, channel, err
		}
		d.rooms.forget(name)
		opened.Why = "the channel was archived, and Slack lets no app open it again"
	}
	if opened.Why == "" {
		opened.Why = "there is a channel of that name already"
	}
	// One may have been made in its place before, by a process that could not tell.
	if got, channel, err := d.rooms.inPlace(ctx, name); err != nil {
		return opened, "", err
	} else if got != "" {
		if usable, err := d.enter(ctx, channel); err != nil || usable {
			opened.Room = got
			return opened, channel, err
		}
	}
	channel, got, err := d.make(ctx, name)
	switch {
	case err == nil:
		if opened.Room = got; got == name {
			opened.Why = ""
		}
		return opened, channel, d.rooms.keep(ctx, got, channel, name)
	case code(err) == "":
		return opened, "", err // Slack is away, or busy
	}
	opened = bot.Opened{Room: d.fallback(), Why: "I may not make channels. " + fault.Say(err)}
	channel, err = d.rooms.channel(ctx, opened.Room)
	return opened, channel, err
}

// fallback is where incidents go that get no channel of their own.
func (d *Door) fallback() string {
	if d.cfg.Fallback != "" {
		return d.cfg.Fallback
	}
	return d.cfg.Rooms[0]
}

// enter makes sure that we are in a channel that we know; false if it is archived for
// good.
func (d *Door) enter(ctx context.Context, channel string) (usable bool, err error) {
	c, err := d.rooms.info(ctx, channel)
	switch {
	case code(err) == "channel_not_found":
		return false, nil // deleted
	case err != nil:
		return false, err
	}
	if c.IsArchived {
		if err := d.call(ctx, room, "conversations.unarchive", func(ctx context.Context) error {
			return d.api.UnArchiveConversationContext(ctx, channel)
		}); code(err) != "" {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	if c.IsMember {
		return true, nil
	}
	return true, d.rooms.join(ctx, channel)
}

// namesTried is how many names are tried for a channel: "x", "x-2" and so on.
const namesTried = 20

// make makes a channel, under another name if that is taken. A channel that we made
// before, and were killed before we could store it, is taken up again.
func (d *Door) make(ctx context.Context, name string) (channel, got string, err error) {
	for n := 1; n <= namesTried; n++ {
		got = name
		if n > 1 {
			suffix := fmt.Sprintf("-%d", n)
			got = string([]rune(name)[:min(utf8.RuneCountInString(name), longestName-len(suffix))]) + suffix
		}
		var made *slack.Channel
		err = d.call(ctx, room, "conversations.create", func(ctx context.Context) (err error) {
			made, err = d.api.CreateConversationContext(ctx, slack.CreateConversationParams{ChannelName: strings.TrimPrefix(got, "#")})
			return err
		})
		if err == nil {
			return made.ID, got, nil
		}
		if code(err) != "name_taken" {
			return "", "", err
		}
		if channel, err := d.unfinished(ctx, got); err != nil || channel != "" {
			return channel, got, err
		}
	}
	return "", "", err
}

// unfinished finds a channel of that name that we made and did not store.
func (d *Door) unfinished(ctx context.Context, name string) (string, error) {
	me, _ := d.me()
	channels, err := d.rooms.list(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range channels {
		if "#"+c.Name != name || c.Creator != me.user {
			continue
		}
		if ours, err := d.rooms.ours(ctx, c.ID); err != nil || !ours {
			return c.ID, err
		}
	}
	return "", nil
}
