package command

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"batsignal/integrations/job"
	"batsignal/oncall"
	"batsignal/oncall/rota"
)

func (s Services) jobCommands() []*Command {
	if s.Jobs == nil {
		return nil
	}
	number := Param{Name: "run", Kind: Number, Prefix: "R", Help: "which run"}
	why := Param{Name: "why", Kind: Rest, Optional: true, Help: "why, in a few words"}
	return append([]*Command{{
		Name: "job", Aliases: []string{"jobs"}, Group: "Jobs", Default: "list", Needs: Known,
		Summary: "Has jobs done: lists them, asks for a run, shows how it goes.", Example: "job run backup-wiki",
		Subs: []*Command{
			{
				Name: "list", Summary: "Lists the jobs that can be asked for, and how the last run of each went.", Example: "job list all",
				Params: []Param{{Name: "which", Optional: true, Help: "a word in their names, or all, to read what each does"}}, Run: s.jobList,
			},
			{
				Name: "run", Needs: Known | LetIn, Summary: "Asks for a job.", Example: `job run backup-wiki --reason "before the update"`,
				Params: append(jobOptions(), Param{Name: "job", Kind: Word, Help: "which job"}, Param{Name: "values", Kind: Words, Optional: true, Help: "what it takes, as name=value"}),
				Run: func(ctx context.Context, c *Call) (Reply, error) {
					return s.askJob(ctx, c, strings.ToLower(c.Text("job")), c.Text("values"))
				},
			},
			{Name: "show", Summary: "Shows a run: who asked, how far it is, what came of it.", Example: "job show 12", Params: []Param{number}, Run: s.jobShow},
			{
				Name: "logs", Aliases: []string{"log"}, Needs: Known | LetIn, Summary: "Shows the last lines of a run's log.", Example: "job logs 12 --last 20",
				Params: []Param{{Name: "last", Kind: Option, Help: "how many lines, 10 if not said, at most 50"}, number}, Run: s.jobLogs,
			},
			{
				Name: "cancel", Needs: Known | LetIn, Summary: "Ends a run; what it left is taken back.", Example: "job cancel 12",
				Params: []Param{number, why}, Run: s.onRun(func(ctx context.Context, c *Call, run int64) (job.Row, error) {
					return s.Jobs.Cancel(ctx, c.Actor(), run, c.Text("why"))
				}),
			},
			{
				Name: "approve", Aliases: []string{"agree"}, Needs: Known | LetIn, Summary: "Agrees to a run that somebody else asked for.", Example: "job approve 12",
				Params: []Param{number, why}, Run: s.onRun(func(ctx context.Context, c *Call, run int64) (job.Row, error) {
					return s.Jobs.Approve(ctx, c.Actor(), run, c.Text("why"))
				}),
			},
			{
				Name: "deny", Needs: Known | LetIn, Summary: "Refuses a run; one person is enough.", Example: "job deny 12 not on a friday",
				Params: []Param{number, why}, Run: s.onRun(func(ctx context.Context, c *Call, run int64) (job.Row, error) {
					return s.Jobs.Deny(ctx, c.Actor(), run, c.Text("why"))
				}),
			},
			s.jobScheduleCommand(),
		},
	}, s.freezeCommand()}, s.shortJobCommands()...)
}

// jobOptions are what one may add to whatever asks for a job.
func jobOptions() []Param {
	return []Param{
		{Name: "dry", Kind: Flag, Help: "say what it would do, and do nothing"},
		{Name: "override", Kind: Flag, Help: "although nothing risky is done now; two others must agree"},
		{Name: "reason", Kind: Option, Help: "why, in double quotes"},
		incidentOption,
	}
}

// askJob asks for a run of a job.
func (s Services) askJob(ctx context.Context, c *Call, name, values string) (Reply, error) {
	params, err := valuesOf(values)
	if err != nil {
		return Reply{}, err
	}
	a := job.Ask{
		Job: name, Params: params, By: c.Actor(), Admin: c.Rights.Has(Admin), Reason: c.Text("reason"), Dry: c.Given("dry"), Override: c.Given("override"),
	}
	if c.MessageID != "" {
		a.Key = "said/" + c.Network + "/" + c.MessageID
	}
	if a.Incident, err = s.jobIncident(ctx, c); err != nil {
		return Reply{}, err
	}
	r, err := s.Jobs.Ask(ctx, a)
	if err != nil {
		return Reply{}, err
	}
	return s.asked(ctx, c, r)
}

// jobIncident is the incident on whose timeline a run stands: the one that was named, else
// that of the room.
func (s Services) jobIncident(ctx context.Context, c *Call) (int64, error) {
	inc, err := s.pick(ctx, c)
	switch {
	case err == nil && (c.Given("inc") || inc.Status == "open"):
		return inc.ID, nil
	case c.Given("inc"):
		return 0, err
	}
	return 0, nil
}

// asked is the answer to whoever asked for a run. A room in which people are asked to agree
// hears that by announcement.
func (s Services) asked(ctx context.Context, c *Call, r job.Row) (Reply, error) {
	switch {
	case r.Dry:
		out := Reply{Blocks: []Block{List{Title: fmt.Sprintf("%s would do this, and did nothing:", r.Job), Items: r.Plan}}}
		return s.withPath(out, "Run", runPath(r.ID)), nil
	case r.State == job.Asked && c.Room != "":
		return Reply{}, nil
	case r.State == job.Asked:
		return sentence(fmt.Sprintf("%s begins when %s agreed; the home room was asked.", r.Ref(), oncall.Plural(r.Approvals, "other person has", "other people have"))), nil
	case r.State.Ended(): // asked for before, by the same words
		return sentence(fmt.Sprintf("%s: %s.", r.Ref(), r.State.Words())), nil
	}
	cancel := fmt.Sprintf("job cancel %d", r.ID)
	out := sentence(fmt.Sprintf("%s is next. %s says how it goes, %s ends it.", r.Ref(), c.Typed(fmt.Sprintf("job show %d", r.ID)), c.Typed(cancel)))
	out = s.withPath(out, "Run", runPath(r.ID))
	out.Blocks = append(out.Blocks, Actions{{Label: "End it", Command: cancel, Says: "Ends " + r.Ref() + "; what it left is taken back.", Grave: true}})
	return out, nil
}

func runPath(run int64) string { return fmt.Sprintf("/jobs/runs/%d", run) }

// hearsOfRun tells whether the room in which a call was made hears of what becomes of a run.
func (s Services) hearsOfRun(ctx context.Context, c *Call, r job.Row) (bool, error) {
	switch {
	case c.Room == "":
		return false, nil
	case r.Room != "" && r.Network == c.Network && strings.EqualFold(r.Room, c.Room):
		return true, nil
	case r.Incident != nil:
		return s.Incidents.Announces(ctx, c.Network, c.Room, *r.Incident)
	}
	return r.Room == "" && slices.ContainsFunc(s.Jobs.Rooms, func(one rota.Room) bool {
		return one.Network == c.Network && strings.EqualFold(one.Room, c.Room)
	}), nil
}

// onRun is a verb on one run. What comes of it is told in the rooms of the run; the caller
// hears it if that is elsewhere.
func (s Services) onRun(do func(context.Context, *Call, int64) (job.Row, error)) func(context.Context, *Call) (Reply, error) {
	return func(ctx context.Context, c *Call) (Reply, error) {
		r, err := do(ctx, c, c.Number("run"))
		if err != nil {
			return Reply{}, err
		}
		here, err := s.hearsOfRun(ctx, c, r)
		switch {
		case err != nil:
			return Reply{}, err
		case r.CancelAt != nil && !r.State.Ended(): // it may take a while until it is heard of
			return sentence(r.Ref() + " is told to stop."), nil
		case here:
			return Reply{}, nil
		case r.State == job.Asked:
			return sentence(fmt.Sprintf("%s: %d of %d agreed.", r.Ref(), r.Agreed, r.Approvals)), nil
		case r.State == job.Queued:
			return sentence(r.Ref() + " is next."), nil
		}
		return sentence(fmt.Sprintf("%s: %s.", r.Ref(), r.State.Words())), nil
	}
}
