package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/slack-go/slack"

	"batsignal/bot"
	"batsignal/incidents"
	"batsignal/oncall"
)

// Summarize shows how an incident stands in one message of its channel: pinned, and
// edited in place from then on. Where several incidents share a room that people gave
// us, none is shown: they would overwrite each other.
func (d *Door) Summarize(ctx context.Context, name string, s bot.Summary) error {
	channel, err := d.reach(ctx, name)
	if err != nil {
		return err
	}
	var ts string
	var pinned bool
	key := pgx.NamedArgs{"network": d.cfg.Name, "room": name}
	if err := d.cfg.DB.QueryRow(ctx, sqlSummary, key).Scan(&ts, &pinned); errors.Is(err, pgx.ErrNoRows) {
		return nil
	} else if err != nil {
		return err
	}
	if ts == "" {
		if ts, err = d.shownBefore(ctx, channel, s); err != nil {
			return err
		}
	}
	if ts, err = d.show(ctx, channel, ts, d.drawSummary(s), s); err != nil || ts == "" {
		return err
	}
	if !pinned {
		d.pinOnce(ctx, channel, ts, name, s)
	}
	return nil
}

// show edits the message that is there, or posts one and notes it at once, whatever
// else may fail: two summaries would contradict each other. "" is a channel that shows
// no more.
func (d *Door) show(ctx context.Context, channel, ts string, w drawing, s bot.Summary) (string, error) {
	if ts != "" {
		err := d.call(ctx, room, "chat.update", func(ctx context.Context) error {
			_, _, _, err := d.api.UpdateMessageContext(ctx, channel, ts, w.options()...)
			return err
		})
		switch code(err) {
		case "message_not_found", "cant_update_message": // then another one is posted
		default:
			if showsNoMore(err) {
				return "", nil
			}
			return ts, err
		}
	}
	mark := slack.MsgOptionMetadata(slack.SlackMetadata{EventType: metadataSummary, EventPayload: map[string]any{"incident": s.Incident.ID}})
	ts, err := d.post(ctx, room, channel, w, mark)
	switch {
	case showsNoMore(err):
		return "", nil
	case err != nil:
		return "", err
	}
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeBudget)
	defer cancel()
	_, err = d.cfg.DB.Exec(noting, sqlStoreSummaryAt, pgx.NamedArgs{"network": d.cfg.Name, "channel": channel, "ts": ts})
	return ts, err
}

// pinOnce pins the summary and notes that; what fails is tried with the next change.
func (d *Door) pinOnce(ctx context.Context, channel, ts, name string, s bot.Summary) {
	err := d.pin(ctx, channel, ts, s)
	if err == nil {
		_, err = d.cfg.DB.Exec(ctx, sqlSummaryPinned, pgx.NamedArgs{"network": d.cfg.Name, "room": name})
	}
	if err != nil && ctx.Err() == nil {
		d.log.Warn("the summary could not be pinned yet", "room", name, "incident", s.Incident.ID, "error", err)
	}
}

// showsNoMore tells whether a channel refuses for good, which no later try could
// change: an archived one shows how things stood when it was.
func showsNoMore(err error) bool {
	switch code(err) {
	case "is_archived", "channel_not_found", "not_in_channel":
		return true
	}
	return false
}

// shownBefore finds the summary among the pins of a channel, in case we were killed
// between showing it and noting that.
func (d *Door) shownBefore(ctx context.Context, channel string, s bot.Summary) (ts string, err error) {
	me, _ := d.me()
	var items []slack.Item
	err = d.call(ctx, room, "pins.list", func(ctx context.Context) (err error) {
		items, _, err = d.api.ListPinsContext(ctx, channel)
		return err
	})
	if code(err) != "" {
		return "", nil // then it is shown once more
	}
	for _, item := range items {
		if m := item.Message; m != nil && (m.User == me.user || m.BotID == me.bot) && strings.HasPrefix(m.Text, s.Incident.Ref()+" ") {
			return item.Message.Timestamp, nil
		}
	}
	return "", err
}

// pin pins the summary, and puts the incident's page on the web among the bookmarks.
func (d *Door) pin(ctx context.Context, channel, ts string, s bot.Summary) error {
	err := d.call(ctx, room, "pins.add", func(ctx context.Context) error {
		return d.api.AddPinContext(ctx, channel, slack.NewRefToMessage(channel, ts))
	})
	if err != nil && code(err) != "already_pinned" {
		return err
	}
	if s.URL == "" {
		return nil
	}
	return d.call(ctx, room, "bookmarks.add", func(ctx context.Context) error {
		_, err := d.api.AddBookmarkContext(ctx, channel, slack.AddBookmarkParameters{Title: s.Incident.Ref() + " on the web", Type: "link", Link: s.URL})
		return err
	})
}

func (d *Door) drawSummary(s bot.Summary) drawing {
	inc := s.Incident
	head := fmt.Sprintf("%s severity %d: %s", inc.Ref(), inc.Severity, inc.Title)
	if !inc.Open() {
		head = fmt.Sprintf("%s resolved: %s", inc.Ref(), inc.Title)
	}
	lead := "nobody"
	if s.Lead != "" {
		lead = s.Lead + ", since " + when(s.Since)
	}
	var facts [][2]string
	if inc.Open() {
		facts = append(facts, [2]string{"Baton", lead})
	}
	if m := s.Moving; m != nil {
		facts = append(facts, [2]string{"Baton moves", fmt.Sprintf("to %s, unless decided otherwise until %s", m.ToHandle, when(m.DueAt))})
	}
	for _, r := range s.Roles {
		facts = append(facts, [2]string{r.Role.Title, roleWords(r)})
	}
	if inc.FalseAlarm {
		facts = append(facts, [2]string{"It was", "a false alarm"})
	}
	var of []slack.RichTextSectionElement
	var lines []string
	for _, f := range facts {
		of = append(of, styled(f[0]+": ", bold), plain(f[1]+"\n"))
		lines = append(lines, f[0]+": "+f[1])
	}
	last := "Since " + when(inc.OpenedAt)
	if s.Last.Text != "" {
		last = when(s.Last.At) + " " + s.Last.Text
	}
	w := drawing{
		text: d.notification(append([]string{head}, lines...)...),
		blocks: []slack.Block{
			slack.NewHeaderBlock(label(clip(head, mostHeader))),
			richText(section(of...)),
			slack.NewContextBlock("", label(clip(last, mostText/2))),
		},
	}
	if inc.Open() {
		w.blocks = append(w.blocks, summaryButtons(s))
	}
	return w
}

func roleWords(r incidents.RoleState) string {
	var filled []string
	for _, one := range r.Filled {
		filled = append(filled, one.Handle)
	}
	switch {
	case len(filled) > 0:
		return clip(oncall.JoinNames(filled), mostText/10)
	case r.Hunting && len(r.Rung) > 0:
		return clip("empty, ringing "+oncall.JoinNames(r.Rung), mostText/10)
	case r.Hunting:
		return "empty, nobody can be rung"
	}
	return "empty"
}

// summaryButtons are what one most often does in an incident. The menu has every role.
func summaryButtons(s bot.Summary) *slack.ActionBlock {
	inc := s.Incident
	of := []slack.BlockElement{button(actionCommand+"baton", incidents.TakeBatonAction(inc.ID))}
	var roles []*slack.OptionBlockObject
	for _, r := range s.Roles {
		a := incidents.TakeRoleAction(inc.ID, r.Role)
		roles = append(roles, option(a.Command, strings.TrimPrefix(a.Label, "Take ")))
	}
	if len(roles) > 0 {
		of = append(of, slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, label("Take a role"), actionCommand+"role", roles[:min(len(roles), 100)]...))
	}
	carried, _ := json.Marshal(about{Incident: inc.ID, Severity: inc.Severity, Title: inc.Title}) // numbers and a title
	of = append(of,
		slack.NewButtonBlockElement(actionForm+formUpdate, string(carried), label("Update")),
		slack.NewButtonBlockElement(actionForm+formResolve, string(carried), label("Resolve")))
	if s.URL != "" {
		of = append(of, webButton(s.URL))
	}
	return slack.NewActionBlock("", of...)
}

// when writes an instant in UTC, with its day.
func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
