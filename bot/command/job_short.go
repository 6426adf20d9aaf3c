package command

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"batsignal/integrations/job"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// shortJobs are the verbs that save typing: the first word of a job's name, then its second.
var shortJobs = []struct{ verb, prefix, summary, example, noun string }{
	{"backup", "backup-", "Has a backup taken now.", "backup wiki", "backup"},
	{"snapshot", "backup-", "Has a snapshot taken now; the same as backup.", "snapshot consul", "backup"},
	{"verify", "verify-", "Proves that the newest backup can be restored, by restoring it.", "verify wiki", "backup"},
}

func (s Services) shortJobCommands() []*Command {
	var all []*Command
	for _, v := range shortJobs {
		all = append(all, &Command{
			Name: v.verb, Needs: Known | LetIn, Summary: v.summary, Example: v.example,
			Params: append(jobOptions(), Param{Name: "name", Kind: Rest, Optional: true, Help: "which one, then what it takes as name=value"}),
			Run:    func(ctx context.Context, c *Call) (Reply, error) { return s.askShort(ctx, c, v.prefix, v.noun, v.verb) },
		})
	}
	return all
}

// askShort asks for the job that a short verb means.
func (s Services) askShort(ctx context.Context, c *Call, prefix, noun, verb string) (Reply, error) {
	name, values, _ := strings.Cut(strings.TrimSpace(c.Text("name")), " ")
	if strings.Contains(name, "=") {
		name, values = "", c.Text("name")
	}
	full, err := s.shortJob(prefix, noun, verb, strings.ToLower(name))
	if err != nil {
		return Reply{}, err
	}
	return s.askJob(ctx, c, full, values)
}

// hasJobs tells whether there is a job whose name begins so.
func (s Services) hasJobs(prefix string) bool {
	return s.Jobs != nil && slices.ContainsFunc(s.Jobs.Definitions, func(d job.Definition) bool { return strings.HasPrefix(d.Name, prefix) })
}

// shortJob is the job that is meant. Without a name it is the only one.
func (s Services) shortJob(prefix, noun, verb, name string) (string, error) {
	var names []string
	for _, d := range s.Jobs.Definitions {
		if short, ok := strings.CutPrefix(d.Name, prefix); ok {
			if short == name || d.Name == name {
				return d.Name, nil
			}
			names = append(names, short)
		}
	}
	switch {
	case len(names) == 0:
		return "", fault.New(fault.NotFound, "No %s is set up here. docs/jobs.md says how.", noun)
	case name == "" && len(names) == 1:
		return prefix + names[0], nil
	case name == "":
		return "", fault.New(fault.Invalid, "Which one? There %s. Example: !%s %s", thereAre(names), verb, names[0])
	}
	return "", fault.New(fault.NotFound, "There is no %s %s. There %s.", noun, quote(name), thereAre(names))
}

func thereAre(names []string) string {
	if len(names) == 1 {
		return "is " + names[0]
	}
	return fmt.Sprintf("are %s", oncall.JoinNames(names))
}
