package slack

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"batsignal/oncall/fault"
)

// rooms knows which channel a room is. The rest of the house calls rooms by name, as
// on every network; Slack calls channels by id, and people rename them.
type rooms struct {
	door *Door

	mu        sync.Mutex
	byName    map[string]string // "#ops" to a channel's id
	byChannel map[string]string
	missed    map[string]time.Time // rooms that were looked for in vain, and when
	within    map[string]bool      // channels that we are in, as far as we noticed
}

func newRooms(d *Door) *rooms {
	return &rooms{door: d, byName: map[string]string{}, byChannel: map[string]string{}, within: map[string]bool{}, missed: map[string]time.Time{}}
}

// enter learns which channels we are in, and joins those that we should be in. A
// channel that cannot be entered is said to be missing, and is no reason to stay away.
func (r *rooms) enter(ctx context.Context) error {
	channels, err := r.list(ctx)
	if err != nil {
		return err
	}
	for _, c := range channels {
		r.know("#"+c.Name, c.ID, false)
		r.noteIn(c.ID)
	}
	for _, name := range r.door.cfg.Rooms {
		if _, err := r.channel(ctx, name); err != nil {
			r.door.log.Error("not in a channel that we should be in", "room", name, "reason", fault.Say(err))
		}
	}
	return nil
}

// know notes which channel a room is. What was stored goes before what a channel
// happens to be called now.
func (r *rooms) know(room, channel string, stored bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.byName[room]; !ok || stored {
		r.byName[room] = channel
	}
	if _, ok := r.byChannel[channel]; !ok || stored {
		r.byChannel[channel] = room
	}
}

func (r *rooms) forget(room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byChannel, r.byName[room])
	delete(r.byName, room)
}

func (r *rooms) known(room string) (channel string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	channel, ok = r.byName[room]
	return channel, ok
}

// mayHold finds the channel of a room that an incident may be in: one that we made, or
// that the configuration names. That a channel is called so does not make it ours.
func (r *rooms) mayHold(ctx context.Context, name string) (channel string, ok bool, err error) {
	channel, ok = r.known(name)
	if !ok || name == r.door.cfg.Fallback || slices.Contains(r.door.cfg.Rooms, name) {
		return channel, ok, nil
	}
	ok, err = r.ours(ctx, channel)
	return channel, ok, err
}

// channel finds the channel of a room. One that we are not in but may join is joined.
func (r *rooms) channel(ctx context.Context, room string) (string, error) {
	if c, ok := r.known(room); ok {
		return c, nil
	}
	if r.missedLately(room) {
		return "", errMissing(room)
	}
	found, err := r.find(ctx, room)
	if err != nil {
		return "", err
	}
	if found == nil {
		r.miss(room)
		return "", errMissing(room)
	}
	if err := r.join(ctx, found.ID); err != nil {
		return "", err
	}
	r.know(room, found.ID, false)
	return found.ID, nil
}

func errMissing(room string) error {
	return fault.New(fault.NotFound, "There is no channel %s that I may see. Make it, or invite me to it.", room)
}

// miss notes that a channel is not there: looking for it may take many pages.
func (r *rooms) miss(room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.missed[room] = r.door.now()
}

func (r *rooms) missedLately(room string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.missed[room]
	return ok && r.door.now().Sub(at) < missFor
}

func (r *rooms) join(ctx context.Context, channel string) error {
	err := r.door.call(ctx, room, "conversations.join", func(ctx context.Context) error {
		_, _, _, err := r.door.api.JoinConversationContext(ctx, channel)
		return err
	})
	if err == nil {
		r.noteIn(channel)
	}
	return err
}

// name is the room that a channel is. One that we never heard of is called as people
// call it.
func (r *rooms) name(ctx context.Context, channel string) (string, error) {
	r.mu.Lock()
	name, ok := r.byChannel[channel]
	r.mu.Unlock()
	if ok {
		return name, nil
	}
	asking, cancel := context.WithTimeout(ctx, lookupBudget)
	defer cancel()
	c, err := r.info(asking, channel)
	if err != nil {
		return "", err
	}
	name = "#" + c.Name
	r.know(name, channel, false)
	if c.IsMember {
		r.noteIn(channel)
	}
	return name, nil
}

// noteIn notes that we are in a channel: Slack delivers what is said there.
func (r *rooms) noteIn(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.within[channel] = true
}

// left notes that we are in a channel no more. We come back when something is to be
// said there.
func (r *rooms) left(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.within, channel)
}

func (r *rooms) in(channel string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.within[channel]
}

func (r *rooms) info(ctx context.Context, channel string) (c *slack.Channel, err error) {
	err = r.door.call(ctx, room, "conversations.info", func(ctx context.Context) (err error) {
		c, err = r.door.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
		return err
	})
	return c, err
}

const (
	pageSize  = 500
	mostPages = 40 // of a listing: a workspace may have very many channels

	missFor = time.Minute // how long a channel that is not there is not looked for again
)

// list is every channel that we are in and that is not archived.
func (r *rooms) list(ctx context.Context) (all []slack.Channel, err error) {
	err = r.pages(ctx, "users.conversations", func(ctx context.Context, cursor string) ([]slack.Channel, string, error) {
		return r.door.api.GetConversationsForUserContext(ctx, &slack.GetConversationsForUserParameters{
			Types: []string{"public_channel", "private_channel"}, Limit: pageSize, Cursor: cursor, ExcludeArchived: true,
		})
	}, func(c slack.Channel) (enough bool) {
		all = append(all, c)
		return false
	})
	return all, err
}

// find looks for a public channel by its name; nil is none.
func (r *rooms) find(ctx context.Context, name string) (found *slack.Channel, err error) {
	err = r.pages(ctx, "conversations.list", func(ctx context.Context, cursor string) ([]slack.Channel, string, error) {
		return r.door.api.GetConversationsContext(ctx, &slack.GetConversationsParameters{
			Types: []string{"public_channel"}, Limit: pageSize, Cursor: cursor, ExcludeArchived: true,
		})
	}, func(c slack.Channel) (enough bool) {
		if c.Name == strings.TrimPrefix(name, "#") {
			found = &c
		}
		return found != nil
	})
	return found, err
}

// pages reads a listing of channels until somebody has enough of it.
func (r *rooms) pages(ctx context.Context, method string, read func(ctx context.Context, cursor string) ([]slack.Channel, string, error), each func(slack.Channel) (enough bool)) error {
	cursor := ""
	for range mostPages {
		var some []slack.Channel
		var next string // a refusal for the limit repeats the call, with the same cursor
		if err := r.door.call(ctx, room, method, func(ctx context.Context) (err error) {
			some, next, err = read(ctx, cursor)
			return err
		}); err != nil {
			return err
		}
		cursor = next
		if slices.ContainsFunc(some, each) || cursor == "" {
			return nil
		}
	}
	return nil
}
