package command

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"batsignal/incidents"
	"batsignal/oncall"
)

func (s Services) incidentCommands() []*Command {
	number := Param{Name: "incident", Kind: Number, Prefix: "INC", Optional: true, Help: "which incident, if not this room's"}
	return []*Command{{
		Name: "incident", Aliases: []string{"inc"}, Group: "Incident", Default: "show",
		Summary: "Shows and changes incidents.",
		Example: "incident show 7",
		Subs: []*Command{
			{Name: "show", Summary: "Shows how an incident stands: roles, baton, last lines.", Example: "incident show 7", Params: []Param{number}, Run: s.incidentShow},
			{Name: "list", Summary: "Lists open incidents, then the last resolved ones.", Example: "incident list", Run: s.incidentList},
			{
				Name: "note", Needs: Known, Summary: "Adds a line to the timeline.", Example: "incident note the fix is in testing",
				Params: []Param{incidentOption, {Name: "text", Kind: Rest, Help: "what to remember"}}, Run: s.incidentNote,
			},
			{
				Name: "action", Aliases: []string{"todo"}, Needs: Known, Summary: "Notes something to be done later: an action, and a line of the timeline.", Example: "incident action li rotates the signing key by friday",
				Params: []Param{incidentOption, {Name: "text", Kind: Rest, Help: "who does what"}}, Run: s.incidentAction,
			},
			{
				Name: "sev", Aliases: []string{"severity"}, Needs: Known | LetIn, Summary: "Changes the severity.", Example: "incident sev 2",
				Params: []Param{incidentOption, {Name: "severity", Kind: Word, Choices: []string{"1", "2", "3", "4"}, Help: "1 is worst"}}, Run: s.incidentSev,
			},
			{
				Name: "rename", Needs: Known, Summary: "Gives the incident another title.", Example: "incident rename heartbleed in openssl",
				Params: []Param{incidentOption, {Name: "title", Kind: Rest, Help: "the new title"}}, Run: s.incidentRename,
			},
			{
				Name: "resolve", Aliases: []string{"close"}, Needs: Known, Summary: "Ends the incident and all its paging; for the holder of the baton, who has a role, and admins.", Example: "incident resolve fixed packages are on the mirrors",
				Params: []Param{
					incidentOption,
					{Name: "false-alarm", Kind: Flag, Help: "it was no emergency; this goes on the public record"},
					{Name: "why", Kind: Rest, Optional: true, Help: "how it ended"},
				}, Run: s.incidentResolve,
			},
			{Name: "reopen", Needs: Known | LetIn, Summary: "Continues a resolved incident.", Example: "incident reopen 7", Params: []Param{number}, Run: s.incidentReopen},
		},
	}, {
		Name: "timeline", Summary: "Shows the last lines of an incident's timeline.", Example: "timeline 7 --last 20",
		Params: []Param{
			{Name: "last", Kind: Option, Help: "how many lines, 10 if not said, at most 50"},
			number,
		},
		Run: s.timeline,
	}, {
		Name: "status", Summary: "Tells what goes on, and whether the bot is well.", Example: "status", Run: s.status,
	}}
}

func (s Services) incidentShow(ctx context.Context, c *Call) (Reply, error) {
	inc, err := s.pick(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	states, err := s.Incidents.RoleStates(ctx, inc.ID)
	if err != nil {
		return Reply{}, err
	}
	lead, err := s.leadWords(ctx, inc, c)
	if err != nil {
		return Reply{}, err
	}
	head := fmt.Sprintf("%s, severity %d, %s since %s: %s", inc.Ref(), inc.Severity, inc.Status, stamp(inc.OpenedAt, c), inc.Title)
	if inc.ResolvedAt != nil {
		head = fmt.Sprintf("%s, severity %d, resolved %s: %s", inc.Ref(), inc.Severity, stamp(*inc.ResolvedAt, c), inc.Title)
	}
	if inc.FalseAlarm {
		head += " (false alarm)"
	}
	r := Reply{Blocks: []Block{Line(head), Facts{{"Baton", lead}}, List{Items: roleLines(states)}}}
	return s.withPage(r, inc.ID), nil
}

func (s Services) incidentList(ctx context.Context, c *Call) (Reply, error) {
	list, err := s.Incidents.LastIncidents(ctx, 10)
	if err != nil {
		return Reply{}, err
	}
	if len(list) == 0 {
		return sentence("There was no incident so far."), nil
	}
	t := Table{Head: []string{"Incident", "Severity", "Status", "Opened", "Title"}}
	for _, inc := range list {
		t.Rows = append(t.Rows, []string{inc.Ref(), strconv.Itoa(inc.Severity), inc.Status, stamp(inc.OpenedAt, c), inc.Title})
	}
	return Reply{Blocks: []Block{t}}, nil
}

func (s Services) incidentNote(ctx context.Context, c *Call) (Reply, error) {
	inc, err := s.pick(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	return sentence("Noted on the timeline of " + inc.Ref() + "."), s.Incidents.Note(ctx, c.Actor(), inc.ID, c.Text("text"))
}

func (s Services) incidentAction(ctx context.Context, c *Call) (Reply, error) {
	inc, err := s.pick(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	it, err := s.Incidents.Action(ctx, c.Actor(), inc.ID, c.Text("text"))
	return sentence("Noted on the timeline of " + inc.Ref() + ", to be done: " + noted(it)), err
}

func (s Services) incidentSev(ctx context.Context, c *Call) (Reply, error) {
	inc, err := s.pick(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	severity, _ := strconv.Atoi(c.Text("severity")) // one of the choices
	if err := s.Incidents.SetSeverity(ctx, c.Actor(), inc.ID, severity); err != nil {
		return Reply{}, err
	}
	return s.unlessAnnounced(ctx, c, inc.ID, sentence(fmt.Sprintf("%s has severity %d now.", inc.Ref(), severity)))
}

func (s Services) incidentRename(ctx context.Context, c *Call) (Reply, error) {
	inc, err := s.pick(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	if err := s.Incidents.Rename(ctx, c.Actor(), inc.ID, c.Text("title")); err != nil {
		return Reply{}, err
	}
	return s.unlessAnnounced(ctx, c, inc.ID, sentence(inc.Ref()+" has a new title."))
}

func (s Services) incidentResolve(ctx context.Context, c *Call) (Reply, error) {
	inc, err := s.pick(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	if err := s.Incidents.Resolve(ctx, c.Actor(), inc.ID, c.Text("why"), c.Given("false-alarm"), c.Rights.Has(Admin)); err != nil {
		return Reply{}, err
	}
	return s.unlessAnnounced(ctx, c, inc.ID, sentence(inc.Ref()+" is resolved. Thank you all."))
}

func (s Services) incidentReopen(ctx context.Context, c *Call) (Reply, error) {
	number := incidentNumber(c)
	if number == 0 {
		last, err := s.Incidents.LastIncidents(ctx, 1)
		if err != nil {
			return Reply{}, err
		}
		if len(last) == 1 {
			number = last[0].ID
		}
	}
	if err := s.Incidents.Reopen(ctx, c.Actor(), number); err != nil {
		return Reply{}, err
	}
	return s.unlessAnnounced(ctx, c, number, sentence(incidents.Ref(number)+" is open again."))
}

func (s Services) timeline(ctx context.Context, c *Call) (Reply, error) {
	inc, err := s.pick(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	entries, err := s.Incidents.Timeline(ctx, inc.ID, 0)
	if err != nil {
		return Reply{}, err
	}
	last := 10
	if n, err := strconv.Atoi(c.Text("last")); err == nil && n > 0 {
		last = min(n, 50)
	}
	l := List{Title: inc.Ref() + ": " + inc.Title}
	for _, e := range entries[max(0, len(entries)-last):] {
		l.Items = append(l.Items, e.At.UTC().Format("15:04:05")+" "+timelineWords(e))
	}
	return s.withPage(Reply{Blocks: []Block{l}}, inc.ID), nil
}

// timelineWords puts a note's author in front of it; other lines name their people.
func timelineWords(e incidents.Entry) string {
	switch e.Kind {
	case "note", "signal":
		return e.Who + ": " + e.Text
	case "action":
		return e.Who + ": to do: " + e.Text
	}
	return e.Text
}

// stamp writes an instant with its day.
func stamp(t time.Time, c *Call) string {
	return t.UTC().Format("2006-01-02 ") + oncall.Clock(t, c.Zone)
}
