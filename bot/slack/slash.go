package slack

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"batsignal/bot"
	"batsignal/bot/command"
)

// builtIn are names that Slack has taken for commands of its own, so that no app can
// have them: ours get the name of the emergency command before them.
var builtIn = []string{
	"active", "apps", "archive", "away", "call", "collapse", "dm", "dnd", "expand", "feed", "feedback", "help", "invite",
	"join", "keys", "kick", "leave", "me", "msg", "mute", "open", "part", "prefs", "remind", "remove", "rename", "search",
	"shortcuts", "shrug", "star", "status", "topic", "who",
}

// slashName is what a verb is called as a slash command.
func slashName(prefix, emergency, verb string) string {
	if prefix == "" && slices.Contains(builtIn, verb) {
		prefix = emergency + "-"
	}
	return "/" + prefix + verb
}

// verbOf is the verb of a slash command.
func (d *Door) verbOf(name string) string {
	name = strings.TrimPrefix(name, "/")
	if d.cfg.SlashPrefix != "" {
		return strings.TrimPrefix(name, d.cfg.SlashPrefix)
	}
	if verb, ok := strings.CutPrefix(name, d.cfg.Emergency+"-"); ok && slices.Contains(builtIn, verb) {
		return verb
	}
	return name
}

// invoked is a slash command as Slack delivers it.
type invoked struct {
	TeamID      string `json:"team_id"`
	ChannelID   string `json:"channel_id"`
	ChannelName string `json:"channel_name"`
	UserID      string `json:"user_id"`
	Command     string `json:"command"`
	Text        string `json:"text"`
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
}

// slash runs a slash command. The emergency command alone, without words, opens the
// form for it: whoever is tired need not remember how it is typed.
func (d *Door) slash(ctx context.Context, a arrival, ear func(context.Context, bot.Heard)) {
	var c invoked
	if json.Unmarshal(a.payload, &c) != nil || c.UserID == "" {
		return
	}
	verb := d.verbOf(c.Command)
	if verb == d.cfg.Emergency && strings.TrimSpace(c.Text) == "" && a.answer != nil {
		d.openForm(c.TriggerID, declareForm(d.cfg.Emergency, c.ChannelID), c.UserID)
		return
	}
	h := d.invoker(ctx, c.ChannelID, c.ChannelName == "directmessage", c.UserID, c.TeamID, c.ResponseURL)
	words, _ := d.typed(ctx, c.Text, true)
	h.Text = strings.TrimSpace(verb + " " + words)
	h.MessageID = a.key
	d.obey(ctx, a, h, ear)
}

// obey hands on what somebody invoked, unless that was so long ago that they have
// given it up: then they are told.
func (d *Door) obey(ctx context.Context, a arrival, h bot.Heard, ear func(context.Context, bot.Heard)) {
	if d.now().Sub(a.at) <= stale {
		ear(ctx, h)
		return
	}
	sorry := command.Reply{Private: true, Refused: true, Blocks: []command.Block{
		command.Line("I was not there when you asked for this, and it is too long ago to do it now: " + h.Text),
	}}
	d.tell(h.Via.(*via).user, d.drawReply(sorry))
}

// invoker begins a line that nobody saw: a slash command, a click, a form. Where we
// are not in the channel its name is unknown, and only the speaker hears the answer.
func (d *Door) invoker(ctx context.Context, channel string, direct bool, user, team, responseURL string) bot.Heard {
	me, _ := d.me()
	foreign := me.enterprise == "" && team != "" && team != me.team
	direct = direct || channel == ""
	h, named := d.heard(ctx, channel, direct, user, foreign)
	if !named {
		// A channel that we may not see, or Slack does not tell just now: the answer is
		// for the speaker alone.
		h, _ = d.heard(ctx, channel, true, user, foreign)
		h.Via.(*via).direct = direct
	}
	h.Addressed, h.Unseen = true, true
	v := h.Via.(*via)
	if v.channel == "" {
		v.channel = user // from the app's home: answered in private
	}
	v.responseURL, v.member = responseURL, named && d.rooms.in(channel)
	return h
}
