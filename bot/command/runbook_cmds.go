package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"batsignal/incidents"
	"batsignal/incidents/runbook"
	"batsignal/incidents/runbook/book"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// runbookCommands are about runbooks that people walk through together.
func (s Services) runbookCommands() []*Command {
	if s.Runbooks == nil {
		return nil
	}
	name := Param{Name: "name", Help: "which runbook, as in vault-failover"}
	run := Param{Name: "run", Kind: Option, Help: "which run, as in R3 or by its runbook, if several go on"}
	return []*Command{{
		Name: "runbook", Aliases: []string{"runbooks", "sop"}, Group: "Incident", Default: "list",
		Summary: "Walks through a runbook with you, step by step, and remembers who did what.", Example: "runbook list",
		Subs: []*Command{
			{Name: "list", Needs: Known, Summary: "Lists the runbooks that there are, and those that go on.", Example: "runbook list", Run: s.runbookList},
			{
				Name: "show", Needs: Known, Summary: "Shows the steps of a runbook, to you alone.", Example: "runbook show vault-failover",
				Params: []Param{name}, Run: s.runbookShow,
			},
			{
				Name: "start", Needs: Known | LetIn, Summary: "Starts a runbook, in an incident's room for that incident.", Example: "runbook start vault-failover",
				Params: []Param{incidentOption, name}, Run: s.runbookStart,
			},
			{
				Name: "next", Needs: Known | LetIn, Summary: "Says what is at hand; goes on from what is only to be read, and starts the job of a step.", Example: "runbook next",
				Params: []Param{run, {Name: "step", Kind: Rest, Optional: true, Help: "its number, and values if its job asks for them, as in 5 snapshot=12"}},
				Run:    s.onRunbook("step", s.Runbooks.Next),
			},
			{
				Name: "done", Needs: Known | LetIn, Summary: "Says that a step is done or that its guard is true, or chooses.", Example: "runbook done 4",
				Params: []Param{run, {Name: "step", Kind: Rest, Optional: true, Help: "its number, then a choice if it is a decision, then a note if you like"}},
				Run:    s.onRunbook("step", s.Runbooks.Done),
			},
			{
				Name: "retry", Needs: Known | LetIn, Summary: "Starts the job of a step once more that did not succeed.", Example: "runbook retry 5",
				Params: []Param{run, {Name: "step", Kind: Rest, Optional: true, Help: "its number, and values if its job asks for them"}},
				Run:    s.onRunbook("step", s.Runbooks.Retry),
			},
			{
				Name: "skip", Needs: Known | LetIn, Summary: "Goes on without a step, for a reason.", Example: "runbook skip 4 the old server is gone",
				Params: []Param{run, {Name: "why", Kind: Rest, Optional: true, Help: "the number of the step, and why"}},
				Run:    s.onRunbook("why", s.Runbooks.Skip),
			},
			{
				Name: "abort", Needs: Known | LetIn, Summary: "Ends a runbook before its end, and says what is to be taken back.", Example: "runbook abort the old server answers again",
				Params: []Param{run, {Name: "why", Kind: Rest, Optional: true, Help: "why"}}, Run: s.runbookAbort,
			},
			{
				Name: "status", Needs: Known, Summary: "Tells where a runbook is, and who did what.", Example: "runbook status R3",
				Params: []Param{{Name: "run", Optional: true, Help: run.Help}}, Run: s.runbookStatus,
			},
		},
	}}
}

// runbookBy is who speaks, as runbooks know them.
func runbookBy(c *Call) runbook.By {
	return runbook.By{Actor: c.Actor(), Admin: c.Rights.Has(Admin)}
}

// onRunbook makes a verb of something that is done at a step of the run that is meant. The
// number of the step, if it is said, comes before all other words.
func (s Services) onRunbook(words string, do func(context.Context, runbook.By, runbook.Said) (runbook.Told, error)) func(context.Context, *Call) (Reply, error) {
	return func(ctx context.Context, c *Call) (Reply, error) {
		id, err := s.Runbooks.Pick(ctx, c.Actor(), c.Text("run"))
		if err != nil {
			return Reply{}, err
		}
		said := runbook.Said{Run: id, Text: c.Text(words)}
		first, rest, _ := strings.Cut(said.Text, " ")
		if step, err := strconv.Atoi(strings.Trim(first, "#.,:;")); err == nil && step > 0 {
			said.Step, said.Text = step, strings.TrimSpace(rest)
		}
		told, err := do(ctx, runbookBy(c), said)
		return runbookReply(c, told), err
	}
}

// runbookReply tells what happened, unless the room hears of it anyway.
func runbookReply(c *Call, told runbook.Told) Reply {
	if told.HeardIn(c.Network, c.Room) {
		return Reply{}
	}
	var r Reply
	for _, line := range told.Lines {
		r.Blocks = append(r.Blocks, Line(line))
	}
	if len(told.Actions) > 0 {
		r.Blocks = append(r.Blocks, Actions(told.Actions))
	}
	return r
}

func (s Services) runbookAbort(ctx context.Context, c *Call) (Reply, error) {
	id, err := s.Runbooks.Pick(ctx, c.Actor(), c.Text("run"))
	if err != nil {
		return Reply{}, err
	}
	told, err := s.Runbooks.Abort(ctx, runbookBy(c), runbook.Said{Run: id, Text: c.Text("why")})
	return runbookReply(c, told), err
}

func (s Services) runbookList(ctx context.Context, c *Call) (Reply, error) {
	runs, err := s.Runbooks.List(ctx, runbook.Filter{Open: true, Limit: 20})
	if err != nil {
		return Reply{}, err
	}
	books := List{Title: "Runbooks"}
	for _, b := range s.Runbooks.Books {
		books.Items = append(books.Items, fmt.Sprintf("%s: %s, %s", b.Name, b.Title, oncall.Plural(len(b.Steps), "step", "steps")))
	}
	if len(books.Items) == 0 {
		return Reply{}, fault.New(fault.NotFound, "There are no runbooks here. Whoever runs me can name a folder of them in my configuration.")
	}
	var r Reply
	if len(runs) > 0 {
		open := List{Title: "Going on"}
		for _, one := range runs {
			open.Items = append(open.Items, runWords(one, c))
		}
		r.Blocks = append(r.Blocks, open)
	}
	r.Blocks = append(r.Blocks, books, Line("To read one: "+c.Typed("runbook show NAME")+". To start one: "+c.Typed("runbook start NAME")))
	return r, nil
}

// runWords tell of a run that goes on in one line.
func runWords(r runbook.Run, c *Call) string {
	text := fmt.Sprintf("%s, %s: step %d of %d", r.Ref(), r.Name, r.Step, r.Steps)
	if r.Incident != 0 {
		text += ", " + incidents.Ref(r.Incident)
	} else if r.Room != "" {
		text += ", in " + r.Room
	}
	return text + ", started by " + r.StartedBy + " " + stamp(r.StartedAt, c)
}

func (s Services) runbookShow(_ context.Context, c *Call) (Reply, error) {
	b, err := s.Runbooks.Named(c.Text("name"))
	if err != nil {
		return Reply{}, err
	}
	r := Reply{Private: true, Blocks: []Block{Line(b.Name + ": " + b.Title + ".")}}
	if b.About != "" {
		r.Blocks = append(r.Blocks, Line(b.About))
	}
	r.Blocks = append(r.Blocks, List{Title: "Steps", Items: book.Outline(s.Runbooks.Bound(b))}, Line("To start it: "+c.Typed("runbook start "+b.Name)))
	return r, nil
}

func (s Services) runbookStart(ctx context.Context, c *Call) (Reply, error) {
	incident := incidentNumber(c)
	if incident == 0 {
		var err error
		if incident, err = s.Runbooks.IncidentHere(ctx, c.Actor()); err != nil {
			return Reply{}, err
		}
	}
	told, err := s.Runbooks.Start(ctx, runbookBy(c), c.Text("name"), incident)
	return runbookReply(c, told), err
}

func (s Services) runbookStatus(ctx context.Context, c *Call) (Reply, error) {
	id, err := s.Runbooks.Pick(ctx, c.Actor(), c.Text("run"))
	if err != nil {
		return Reply{}, err
	}
	d, err := s.Runbooks.Get(ctx, id)
	if err != nil {
		return Reply{}, err
	}
	r := sentence(runWords(d.Run, c) + ".")
	if !d.Open() {
		r = sentence(fmt.Sprintf("%s, %s: %s %s.", d.Ref(), d.Name, d.State, stamp(*d.EndedAt, c)))
	}
	const last = 8
	done := List{Title: "Who did what"}
	if len(d.Events) > last {
		done.Title = "Who did what, the last of it"
	}
	for _, e := range d.Events[max(0, len(d.Events)-last):] {
		text := e.At.UTC().Format("2006-01-02 15:04 ") + d.Book.Past(e)
		if e.Note != "" {
			text += ": " + e.Note
		}
		done.Items = append(done.Items, text)
	}
	r.Blocks = append(r.Blocks, done)
	if d.Open() {
		line, actions, err := s.Runbooks.AtHand(ctx, d)
		if err != nil {
			return Reply{}, err
		}
		r.Blocks = append(r.Blocks, Line(line), Actions(actions))
	}
	return r, nil
}
