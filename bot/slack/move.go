package slack

import (
	"context"
	"encoding/json"

	"batsignal/bot"
)

// moved hears that somebody came into a channel of ours, or left it. Of our own coming
// we only take note.
func (d *Door) moved(ctx context.Context, event []byte, key string, change bot.Change, ear func(context.Context, bot.Heard)) {
	var m struct {
		User    string `json:"user"`
		Channel string `json:"channel"`
		Team    string `json:"team"`
		EventTS string `json:"event_ts"`
	}
	if json.Unmarshal(event, &m) != nil || m.User == "" || m.Channel == "" {
		return
	}
	me, _ := d.me()
	if m.User == me.user {
		if change == bot.Joined {
			d.rooms.noteIn(m.Channel)
		}
		return
	}
	foreign := me.enterprise == "" && m.Team != "" && m.Team != me.team
	h, ok := d.heard(ctx, m.Channel, false, m.User, foreign)
	if !ok {
		return
	}
	h.Change, h.MessageID, h.At = change, key, instant(m.EventTS)
	h.Replayed = d.now().Sub(h.At) > stale
	ear(ctx, h)
}
