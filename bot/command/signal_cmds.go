package command

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

func (s Services) signalCommands() []*Command {
	return append([]*Command{{
		Name: emergencyName, Group: "Emergency", Needs: Known | Fire,
		Summary: "Asks to ring at least one person in every role; a second person must confirm.",
		Example: "batsignal remote code execution in openssl",
		Params: []Param{
			{Name: "sev", Kind: Option, Choices: []string{"1", "2", "3", "4"}, Help: "severity, 1 (the internet is on fire) if not said"},
			{Name: "all", Kind: Flag, Help: "ring everybody of each role, not just until one answers"},
			{Name: "separate", Kind: Flag, Help: "it is not the fire that is signalled already"},
			{Name: "what", Kind: Rest, Help: "what is on fire"},
		},
		Run: s.batsignal,
	}, {
		Name: "confirm", Needs: Known | Confirm,
		Summary: "Confirms a bat-signal that somebody else asked for, which rings people.",
		Example: "confirm K7QX",
		Params: []Param{
			{Name: "code", Kind: Rest, Optional: true, Help: "which request, if several wait; then the six digits of your authenticator, which open sealed addresses"},
		},
		Run: s.confirm,
	}}, s.unsealCommands()...)
}

func (s Services) batsignal(ctx context.Context, c *Call) (Reply, error) {
	severity := 1
	if c.Given("sev") {
		severity, _ = strconv.Atoi(c.Text("sev")) // one of the choices
	}
	asked, err := s.Incidents.Ask(ctx, c.Actor(), incidents.Signal{
		What: c.Text("what"), Severity: severity, Everyone: c.Given("all"), Separate: c.Given("separate"),
	})
	if err != nil && asked.Challenge != nil {
		// It was asked for already. The switchboard's line is said once more: its code is said
		// by that alone.
		r := Refusal(err)
		r.Blocks = append(r.Blocks, Verbatim(asked.Challenge.Line))
		return r, nil
	}
	if err != nil {
		return Reply{}, err
	}
	if asked.Opened != nil {
		return s.unlessAnnounced(ctx, c, asked.Opened.Incident.ID, s.opened(asked.Opened, c.Network))
	}
	var items []string
	for _, l := range asked.Plan {
		items = append(items, planWords(l, asked.Signal.Everyone))
	}
	r := Reply{Blocks: []Block{
		Line(fmt.Sprintf("This rings %s at once, severity %d: %s", oncall.Plural(asked.Rings(), "person", "people"), severity, asked.Signal.What)),
		List{Items: items},
	}}
	if asked.Challenge != nil {
		// The switchboard says the rest, word for word: a line of ours with its code that says
		// anything else would void it.
		r.Blocks = append(r.Blocks, Verbatim(asked.Challenge.Line), Actions(incidents.ConfirmActions(asked)))
		return r, nil
	}
	r.Blocks = append(r.Blocks,
		Line(fmt.Sprintf("It needs a second person until %s: %s", oncall.Clock(asked.Expires, c.Zone), c.Typed("confirm "+asked.Code))),
		Actions(incidents.ConfirmActions(asked)))
	if asked.Sealed != "" {
		r.Blocks = append(r.Blocks, Line(asked.Sealed))
	}
	return r, nil
}

func planWords(l incidents.PlanLine, everyone bool) string {
	switch {
	case l.First == "":
		return l.Role.Title + ": " + cmp.Or(l.Nobody, "nobody has said yes to it")
	case everyone:
		return fmt.Sprintf("%s: all %d", l.Role.Title, l.Members)
	}
	text := l.Role.Title + ": " + l.First
	if l.Asleep {
		text += " (it is night there)"
	}
	if more := l.Members - max(l.Rings, 1); more > 0 {
		text += fmt.Sprintf(", then %d more", more)
	}
	return text
}

func (s Services) confirm(ctx context.Context, c *Call) (Reply, error) {
	code, digits, _ := strings.Cut(c.Text("code"), " ")
	confirm := s.Incidents.Confirm
	if digits != "" {
		confirm = s.Incidents.ConfirmWithDigits
	}
	opened, err := confirm(ctx, c.Actor(), code)
	if kind := fault.KindOf(err); err != nil && digits != "" && s.Incidents.Switchboard != nil && (kind == fault.Conflict || kind == fault.NotFound) {
		// It is of an incident that goes on. Whether the code is right, the switchboard tells.
		return sentence("The switchboard looks at the code."), nil
	}
	if digits == "" && fault.KindOf(err) == fault.NotFound && s.isChallenge(ctx, c, code) {
		return Reply{}, errDigits
	}
	if err != nil {
		return Reply{}, err
	}
	return s.unlessAnnounced(ctx, c, opened.Incident.ID, s.opened(opened, c.Network))
}

var errDigits = fault.New(fault.Invalid, "That opens sealed addresses, which takes a code of your authenticator too: !confirm, the four letters, and its six digits.")

// isChallenge tells whether a code is that of a challenge of this room.
func (s Services) isChallenge(ctx context.Context, c *Call, code string) bool {
	if s.Incidents.Switchboard == nil {
		return false
	}
	open, err := s.Incidents.Challenges(ctx, c.Network, c.Room)
	return err == nil && slices.ContainsFunc(open, func(one unseal.Challenge) bool { return strings.EqualFold(one.Code, code) })
}

// opened tells what lighting the signal did.
func (s Services) opened(o *incidents.Opened, network string) Reply {
	text := fmt.Sprintf("The bat-signal is lit: %s. Ringing %s.", o.Incident.Ref(), o.RungWords())
	if len(o.Empty) > 0 {
		text += " Nobody can be rung for " + oncall.JoinNames(o.Empty) + "."
	}
	r := sentence(text)
	if rooms := incidents.RoomsFrom(o.Rooms, network); rooms != "" {
		r.Blocks = append(r.Blocks, Line("Come to "+rooms+"."))
	}
	return s.withPage(r, o.Incident.ID)
}

// withPage adds the link to an incident's page.
func (s Services) withPage(r Reply, incident int64) Reply {
	if s.PublicURL != "" {
		r.Blocks = append(r.Blocks, Link{Text: "Page", URL: IncidentURL(s.PublicURL, incident)})
	}
	return r
}

// IncidentURL is the page of an incident on the web.
func IncidentURL(publicURL string, incident int64) string {
	return fmt.Sprintf("%s/incidents/%d", strings.TrimRight(publicURL, "/"), incident)
}
