package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"batsignal/bot"
)

// What a button or a menu of ours is for is the beginning of its action_id.
const (
	actionCommand = "command:" // its value is a command
	actionForm    = "form:"    // opens a form: "form:update"
	actionLink    = "link:"    // opens a web page; nothing to do for us
)

// The shortcuts of the app.
const (
	shortcutDeclare  = "declare"
	shortcutTimeline = "timeline_add"
	shortcutAction   = "action_add"
)

// interact works a click, a form or a shortcut.
func (d *Door) interact(ctx context.Context, a arrival, ear func(context.Context, bot.Heard)) {
	var i slack.InteractionCallback
	if json.Unmarshal(a.payload, &i) != nil || i.User.ID == "" {
		return
	}
	switch i.Type {
	case slack.InteractionTypeBlockActions:
		d.click(ctx, a, i, ear)
	case slack.InteractionTypeViewSubmission:
		d.submitted(ctx, a, i, ear)
	case slack.InteractionTypeShortcut:
		if i.CallbackID == shortcutDeclare {
			d.openForm(i.TriggerID, declareForm(d.cfg.Emergency, ""), i.User.ID)
		}
	case slack.InteractionTypeMessageAction:
		d.noteLine(ctx, a, i, ear)
	}
}

// clicker begins the line of whoever clicked.
func (d *Door) clicker(ctx context.Context, i slack.InteractionCallback) bot.Heard {
	team := i.User.TeamID
	if team == "" {
		team = i.Team.ID
	}
	h := d.invoker(ctx, i.Channel.ID, strings.HasPrefix(i.Channel.ID, "D"), i.User.ID, team, i.ResponseURL)
	if i.Type == slack.InteractionTypeBlockActions {
		h.Via.(*via).clicked = &clicked{text: i.Message.Text, blocks: i.Message.Blocks.BlockSet}
	}
	return h
}

// click runs the command of a button, or opens its form.
func (d *Door) click(ctx context.Context, a arrival, i slack.InteractionCallback, ear func(context.Context, bot.Heard)) {
	for _, b := range i.ActionCallback.BlockActions {
		if form, ok := strings.CutPrefix(b.ActionID, actionForm); ok {
			d.formOf(form, b.Value, i)
			return
		}
	}
	h := d.clicker(ctx, i)
	for n, b := range i.ActionCallback.BlockActions {
		value := b.Value
		if c := h.Via.(*via).clicked; c != nil {
			c.block = b.BlockID
		}
		if b.SelectedOption.Value != "" {
			value = b.SelectedOption.Value
		}
		if strings.HasPrefix(b.ActionID, actionCommand) && value != "" {
			h.Text = value
			h.MessageID = fmt.Sprintf("%s %d", a.key, n)
			d.obey(ctx, a, h, ear)
		}
	}
	if i.View.Type == slack.VTHomeTab {
		d.showHome(i.User.ID) // as it is after the click
	}
}

// noteLine puts a message that somebody chose on the timeline. The words are theirs who
// wrote it, and the record says so.
func (d *Door) noteLine(ctx context.Context, a arrival, i slack.InteractionCallback, ear func(context.Context, bot.Heard)) {
	verb := map[string]string{shortcutTimeline: "incident note", shortcutAction: "incident action"}[i.CallbackID]
	if verb == "" {
		return
	}
	h := d.clicker(ctx, i)
	h.Text = d.noteCommand(ctx, verb, i.Channel.ID, i.Message.User, i.Message.Text, i.Message.Timestamp, i.Message.ThreadTimestamp)
	h.MessageID = a.key
	d.obey(ctx, a, h, ear)
}

// longestQuote is how much of a message goes onto the timeline, in bytes, since a
// command has a longest length; its link leads to the whole.
const longestQuote = 250

// noteCommand is the command that puts a message on the timeline.
func (d *Door) noteCommand(ctx context.Context, verb, channel, author, text, ts, thread string) string {
	words, _ := d.typed(ctx, text, false)
	who := "somebody"
	if author != "" {
		who = strings.TrimPrefix(d.personName(ctx, author, false), "@")
	}
	return fmt.Sprintf("%s -- %s wrote: %s %s", verb, who, quote(words), d.permalink(channel, ts, thread))
}

// quote is the beginning of somebody's words, on one line.
func quote(words string) string {
	words = strings.Join(strings.Fields(words), " ")
	for n := longestQuote; len(words) > longestQuote; n-- {
		words = clip(words, n)
	}
	return words
}
