package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/notice"
	at "batsignal/oncall/when"
)

const (
	homePages     = 10 // pages shown
	homeIncidents = 10 // incidents shown
	homeShifts    = 5  // next shifts shown

	homeAhead = 28 * 24 * time.Hour // how far ahead shifts are looked for
)

func (d *Door) homeOpened(event []byte) {
	var e struct {
		User string `json:"user"`
		Tab  string `json:"tab"`
	}
	if json.Unmarshal(event, &e) == nil && e.User != "" && e.Tab != "messages" {
		d.showHome(e.User)
	}
}

// showHome shows somebody what they need to know when they open the app: their pages
// first.
func (d *Door) showHome(user string) {
	if d.cfg.Incidents != nil {
		d.answers.later("home "+user, func(ctx context.Context) error { return d.publishHome(ctx, user) })
	}
}

func (d *Door) publishHome(ctx context.Context, user string) error {
	m, err := d.people.get(ctx, user)
	var h home
	if err == nil && m.account != "" {
		h, err = d.homeOf(ctx, m.account)
	}
	if err != nil {
		return err
	}
	view := d.drawHome(h, m.account)
	return d.call(ctx, reply, "views.publish", func(ctx context.Context) error {
		_, err := d.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: user, View: view})
		return err
	})
}

func (d *Door) drawHome(h home, account string) slack.HomeTabViewRequest {
	proven := account != ""
	var blocks []slack.Block
	add := func(b ...slack.Block) { blocks = append(blocks, b...) }
	switch {
	case !proven:
		add(note("I take orders from full members of this workspace only, so I have nothing to show you here."))
	case h.Handle == "":
		add(note("I do not know yet who you are. Send me in a private message: link CODE, with a code from a network where I know you (type link there), or roster join ROLE to be rung for a role."))
	default:
		d.addMine(h, add)
	}
	if account != "" {
		add(slack.NewContextBlock("", label("Your account, as the list of admins in the configuration writes it: "+d.cfg.Name+"/"+account)))
	}
	add(slack.NewHeaderBlock(label("Open incidents")))
	if len(h.Open) == 0 {
		add(note("No incident is open."))
	}
	for i, st := range h.Open[:min(len(h.Open), homeIncidents)] {
		add(richText(section(d.inline(standingWords(st))...)))
		if proven {
			add(buttons(fmt.Sprintf("inc%d-", i), incidentActions(st)))
		}
	}
	if more := len(h.Open) - homeIncidents; more > 0 {
		add(note(fmt.Sprintf("… and %d more.", more)))
	}
	if proven {
		declare := slack.NewButtonBlockElement(actionForm+formDeclare, "{}", label("Light the bat-signal"))
		declare.Style = slack.StyleDanger
		of := []slack.BlockElement{declare}
		if h.URL != "" {
			of = append(of, webButton(h.URL))
		}
		add(slack.NewDividerBlock(), slack.NewActionBlock("", of...))
	}
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}}
}

// addMine adds what is somebody's own: pages to answer, and what they are rung for.
func (d *Door) addMine(h home, add func(...slack.Block)) {
	add(slack.NewHeaderBlock(label("Your pages")))
	if len(h.Pages) == 0 {
		add(note("No page waits for your answer."))
	}
	for i, p := range h.Pages[:min(len(h.Pages), homePages)] {
		add(richText(section(d.inline(fmt.Sprintf("P%d, since %s: %s", p.ID, when(p.OpenedAt), p.Why))...)),
			buttons(fmt.Sprintf("page%d-", i), incidents.PageActions(p.ID)))
	}
	add(slack.NewHeaderBlock(label("When you are rung")))
	roles := "no role"
	if len(h.Roles) > 0 {
		roles = oncall.JoinNames(h.Roles)
	}
	add(note(clip(fmt.Sprintf("You are %s. You can be rung for: %s. Your waking hours, in which you are rung first: %s.", h.Handle, roles, h.Hours), mostText)))
	if text := shiftsText(h); text != "" {
		add(note(clip(text, mostText)))
	}
}

// shiftsText tells when somebody is on by schedules, "" if they are not.
func shiftsText(h home) string {
	if len(h.Shifts) == 0 {
		return ""
	}
	text := "You are on:"
	for _, s := range h.Shifts[:min(len(h.Shifts), homeShifts)] {
		text += "\n• " + at.EchoSpan(s.From, s.Until, h.Zone) + " by " + s.Schedule
	}
	if more := len(h.Shifts) - homeShifts; more > 0 {
		text += fmt.Sprintf("\n• … and %d more", more)
	}
	return text + "\nIf you cannot, send me in a private message: cover, with the schedule and the day, as in cover weekly saturday."
}

func standingWords(st incidents.Standing) string {
	inc, lead := st.Incident, "nobody"
	if st.Baton != nil {
		lead = st.Baton.Handle
	}
	var empty []string
	for _, r := range st.Roles {
		if len(r.Filled) == 0 {
			empty = append(empty, r.Role.Title)
		}
	}
	roles := "Every role is filled."
	if len(empty) > 0 {
		roles = "Empty: " + oncall.JoinNames(empty) + "."
	}
	return fmt.Sprintf("[%s] severity %d: %s. Baton: %s. %s", inc.Ref(), inc.Severity, inc.Title, lead, roles)
}

// incidentActions are what one can do about an open incident from afar.
func incidentActions(st incidents.Standing) []notice.Action {
	actions := []notice.Action{incidents.TakeBatonAction(st.Incident.ID)}
	for _, r := range st.Roles {
		if len(r.Filled) == 0 && len(actions) < mostButtons {
			actions = append(actions, incidents.TakeRoleAction(st.Incident.ID, r.Role))
		}
	}
	return actions
}
