package command

import (
	"context"
	"fmt"
	"strings"

	"batsignal/integrations/job/clockwork"
	"batsignal/oncall/fault"
)

func (s Services) jobScheduleCommand() *Command {
	return &Command{
		Name: "schedule", Needs: Known, Summary: "Shows when jobs run by themselves; pauses and resumes one.", Example: "job schedule pause backup-wiki",
		Params: []Param{
			{Name: "what", Kind: Word, Optional: true, Choices: []string{"list", "pause", "resume"}, Help: "list if not said"},
			{Name: "job", Kind: Rest, Optional: true, Help: "which job"},
		},
		Run: s.jobSchedule,
	}
}

func (s Services) jobSchedule(ctx context.Context, c *Call) (Reply, error) {
	name := strings.ToLower(strings.TrimSpace(c.Text("job")))
	what := c.Text("what")
	if what == "" || what == "list" {
		return s.jobTimes(ctx, c)
	}
	switch {
	case s.Clock == nil || name == "":
		return Reply{}, fault.New(fault.Invalid, "Which job? Example: !job schedule %s backup-wiki", what)
	case !c.Rights.Has(LetIn):
		return Reply{}, fault.New(fault.Forbidden, "Only people whom an administrator has let into a role may do that.")
	}
	if what == "pause" {
		row, err := s.Clock.Pause(ctx, c.Actor(), name)
		if err != nil {
			return Reply{}, err
		}
		return sentence(fmt.Sprintf("%s does not run by itself until somebody says !job schedule resume %s.", row.Job, row.Job)), nil
	}
	row, err := s.Clock.Resume(ctx, c.Actor(), name)
	if err != nil {
		return Reply{}, err
	}
	said := row.Job + " runs by itself again"
	if row.NextAt != nil {
		said += ", next " + stamp(*row.NextAt, c)
	}
	return sentence(said + "."), nil
}

func (s Services) jobTimes(ctx context.Context, c *Call) (Reply, error) {
	var rows []clockwork.Row
	if s.Clock != nil {
		var err error
		if rows, err = s.Clock.List(ctx); err != nil {
			return Reply{}, err
		}
	}
	if len(rows) == 0 {
		return sentence("No job runs by itself."), nil
	}
	t := Table{Head: []string{"Job", "When", "Next", "Succeeded"}}
	for _, r := range rows {
		next, went := "", "never"
		switch {
		case r.PausedAt != nil:
			next = "paused by " + r.PausedBy
		case r.NextAt != nil:
			next = stamp(*r.NextAt, c)
		}
		if r.SucceededAt != nil {
			went = stamp(*r.SucceededAt, c)
		}
		if r.AlarmedAt != nil {
			went += ", overdue"
		}
		t.Rows = append(t.Rows, []string{r.Job, r.Words(), next, went})
	}
	return s.withPath(Reply{Blocks: []Block{t}}, "Jobs", "/jobs"), nil
}
