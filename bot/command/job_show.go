package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"batsignal/integrations/job"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Most that is shown of a run in chat; the web has all.
const (
	shownLines    = 10
	mostLines     = 50
	shownEvidence = 8
)

func (s Services) jobList(ctx context.Context, c *Call) (Reply, error) {
	if len(s.Jobs.Definitions) == 0 {
		return sentence("No job is set up here. docs/jobs.md says how: jobs.backups, jobs.vaults and jobs.procedures in the configuration."), nil
	}
	last, err := s.Jobs.Last(ctx)
	if err != nil {
		return Reply{}, err
	}
	t := Table{Head: []string{"Job", "What it does", "Last run"}}
	for _, d := range s.Jobs.Definitions {
		went := "never"
		if r, ok := last[d.Name]; ok {
			went = fmt.Sprintf("%d %s, %s", r.ID, r.State.Words(), stamp(r.AskedAt, c))
		}
		t.Rows = append(t.Rows, []string{d.Name, d.Summary, went})
	}
	return s.withPath(Reply{Blocks: []Block{t}}, "Jobs", "/jobs"), nil
}

func (s Services) jobShow(ctx context.Context, c *Call) (Reply, error) {
	r, err := s.Jobs.Get(ctx, c.Number("run"))
	if err != nil {
		return Reply{}, err
	}
	facts := Facts{{"Asked", r.AskedWords + ", " + stamp(r.AskedAt, c)}}
	if r.Reason != "" {
		facts = append(facts, [2]string{"Because", r.Reason})
	}
	if r.State == job.Asked {
		facts = append(facts, [2]string{"Agreed", fmt.Sprintf("%d of %d", r.Agreed, r.Approvals)})
	}
	if !r.State.Ended() && r.Doing != "" {
		facts = append(facts, [2]string{"Now", r.Doing})
	}
	if how := r.Progress(); how != "" && !r.State.Ended() {
		facts = append(facts, [2]string{"Done", how})
	}
	for _, e := range r.Evidence[:min(len(r.Evidence), shownEvidence)] {
		facts = append(facts, e)
	}
	head := fmt.Sprintf("%s: %s.", r.Ref(), r.State.Words())
	if r.Said != "" {
		head += " " + r.Said
	}
	return s.withPath(Reply{Blocks: []Block{Line(head), facts}}, "Run", runPath(r.ID)), nil
}

func (s Services) jobLogs(ctx context.Context, c *Call) (Reply, error) {
	want := shownLines
	if given := c.Text("last"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > mostLines {
			return Reply{}, fault.New(fault.Invalid, "The value of --last should be 1 to %d.", mostLines)
		}
		want = n
	}
	r, err := s.Jobs.Get(ctx, c.Number("run"))
	if err != nil {
		return Reply{}, err
	}
	lines, err := s.Jobs.Lines(ctx, r.ID, 0)
	if err != nil {
		return Reply{}, err
	}
	if len(lines) == 0 {
		return sentence(fmt.Sprintf("%s has no log yet: it %s.", r.Ref(), r.State.Words())), nil
	}
	l := List{Title: fmt.Sprintf("%s, %s", r.Ref(), oncall.Plural(len(lines), "line", "lines"))}
	for _, one := range lines[max(0, len(lines)-want):] {
		l.Items = append(l.Items, one.At.UTC().Format("15:04:05 ")+strings.TrimSpace(one.Text))
	}
	return s.withPath(Reply{Blocks: []Block{l}}, "All of it", runPath(r.ID)), nil
}
