package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/incidents"
)

// The forms, and the fields in them. Each field is a block of its own, so that what is
// wrong with it is said beside it.
const (
	formDeclare = "declare"
	formUpdate  = "update"
	formResolve = "resolve"

	fieldWhat     = "what"
	fieldSeverity = "severity"
	fieldHow      = "how"
	fieldTitle    = "title"
	fieldNote     = "note"
	fieldWhy      = "why"
	fieldFalse    = "false_alarm"

	optionAll      = "all"
	optionSeparate = "separate"
	optionFalse    = "false-alarm"
)

// about is what a form is about; Slack carries it for us.
type about struct {
	Channel  string `json:"channel,omitempty"`
	Incident int64  `json:"incident,omitempty"`
	Severity int    `json:"severity,omitempty"` // as it was when the form opened
	Title    string `json:"title,omitempty"`
}

// openForm shows a form. Slack gives three seconds for it from the click, so nothing is
// looked up before, and nobody waits for it.
func (d *Door) openForm(trigger string, f slack.ModalViewRequest, user string) {
	d.answers.later("form "+user, func(ctx context.Context) error {
		opening, cancel := context.WithTimeout(ctx, answerIn)
		defer cancel()
		err := d.call(opening, page, "views.open", func(ctx context.Context) error {
			_, err := d.api.OpenViewContext(ctx, trigger, f)
			return err
		})
		if err != nil && ctx.Err() == nil {
			d.tell(user, d.drawReply(command.Reply{Refused: true, Blocks: []command.Block{
				command.Line("The form did not open in time. Click again, or type it: " + d.cfg.Prefix + "help lists the commands."),
			}}))
		}
		return err
	})
}

// formOf opens the form that a button asks for.
func (d *Door) formOf(form, value string, i slack.InteractionCallback) {
	var of about
	if json.Unmarshal([]byte(value), &of) != nil {
		return
	}
	of.Channel = i.Channel.ID
	switch form {
	case formDeclare:
		d.openForm(i.TriggerID, declareForm(d.cfg.Emergency, i.Channel.ID), i.User.ID)
	case formUpdate:
		d.openForm(i.TriggerID, updateForm(of), i.User.ID)
	case formResolve:
		d.openForm(i.TriggerID, resolveForm(of), i.User.ID)
	}
}

// line is one command of a form, and the field that is to blame if it is refused.
type line struct{ text, field string }

// lines turns a form that was filled in into commands.
func (d *Door) lines(i slack.InteractionCallback, of about) []line {
	v := values(i.View.State)
	text := func(field string) string { return strings.Join(strings.Fields(v.text(field)), " ") } // one line
	inc := " --inc " + strconv.FormatInt(of.Incident, 10)
	switch i.View.CallbackID {
	case formDeclare:
		words := d.cfg.Emergency + " --sev " + v.choice(fieldSeverity)
		for _, flag := range []string{optionAll, optionSeparate} {
			if v.chosen(fieldHow, flag) {
				words += " --" + flag
			}
		}
		return []line{{words + " -- " + text(fieldWhat), fieldWhat}}
	case formUpdate:
		var all []line
		if t := text(fieldTitle); t != "" && t != of.Title {
			all = append(all, line{"incident rename" + inc + " -- " + t, fieldTitle})
		}
		if s := v.choice(fieldSeverity); s != "" && s != strconv.Itoa(of.Severity) {
			all = append(all, line{"incident sev" + inc + " " + s, fieldSeverity})
		}
		if n := text(fieldNote); n != "" {
			all = append(all, line{"incident note" + inc + " -- " + n, fieldNote})
		}
		return all
	case formResolve:
		words := "incident resolve" + inc
		if v.chosen(fieldFalse, optionFalse) {
			words += " --false-alarm"
		}
		if why := text(fieldWhy); why != "" {
			words += " -- " + why
		}
		return []line{{words, fieldWhy}}
	}
	return nil
}

// submitted runs the commands of a form. What is refused is shown in the form, which
// stays open; what was said is shown where the form came from.
func (d *Door) submitted(ctx context.Context, a arrival, i slack.InteractionCallback, ear func(context.Context, bot.Heard)) {
	var of about
	if json.Unmarshal([]byte(i.View.PrivateMetadata), &of) != nil {
		return
	}
	i.Channel.ID = of.Channel
	h := d.clicker(ctx, i)
	v := h.Via.(*via)
	mistakes := map[string]string{}
	var said command.Reply
	for _, one := range d.lines(i, of) {
		v.collect = func(r command.Reply) {
			if r.Refused {
				mistakes[one.field] = clip(strings.Join(command.PlainText(r), " "), mostText)
				return
			}
			if one.field == fieldNote {
				// What is new is for everybody in the channel, not that it was noted.
				r.Blocks = []command.Block{command.Line(fmt.Sprintf("%s has news of %s: %s", h.Nick, incidents.Ref(of.Incident), noted(i)))}
			}
			said.Blocks = append(said.Blocks, r.Blocks...)
			said.Private = said.Private || r.Private
		}
		h.Text, h.MessageID = one.text, a.key+" "+one.field
		d.obey(ctx, a, h, ear)
	}
	v.collect = nil
	if len(mistakes) > 0 {
		if a.answer == nil || !a.answer(slack.NewErrorsViewSubmissionResponse(mistakes)) {
			d.sayAfterForm(v, late(mistakes)) // the form is closed by now
		}
		return
	}
	if a.answer != nil {
		a.answer(nil)
	}
	if len(said.Blocks) > 0 {
		d.sayAfterForm(v, said)
	}
}

// noted is the note of an update, on one line.
func noted(i slack.InteractionCallback) string {
	return strings.Join(strings.Fields(values(i.View.State).text(fieldNote)), " ")
}

// late says in private what a form would have said.
func late(mistakes map[string]string) command.Reply {
	r := command.Reply{Private: true, Refused: true}
	for _, field := range slices.Sorted(maps.Keys(mistakes)) {
		r.Blocks = append(r.Blocks, command.Line(mistakes[field]))
	}
	return r
}

// sayAfterForm answers a form: to everybody in the channel that it was opened in, so
// that a second person can confirm; else to whoever filled it in.
func (d *Door) sayAfterForm(v *via, r command.Reply) {
	to := v.user
	if v.member && !r.Private {
		to = v.channel
	}
	d.tell(to, d.drawReply(r))
}
