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
var shortJobs = []struct {
	verb                           string
	aliases                        []string
	prefix, summary, example, noun string
}{
	{"backup", []string{"snapshot", "backups"}, "backup-", "Has a backup taken now. Or: status tells how all are; hold and release keep one from deletion.", "backup wiki", "backup"},
	{"verify", nil, "verify-", "Proves that the newest backup can be restored, by restoring it.", "verify wiki", "backup"},
}

func (s Services) shortJobCommands() []*Command {
	var all []*Command
	for _, v := range shortJobs {
		all = append(all, &Command{
			Name: v.verb, Aliases: v.aliases, Needs: Known | LetIn, Summary: v.summary, Example: v.example,
			Params: append(jobOptions(), Param{Name: "name", Kind: Words, Optional: true, Help: "which one, then what it takes as name=value"}),
			Run: func(ctx context.Context, c *Call) (Reply, error) {
				if v.prefix == "backup-" {
					if r, done, err := s.backupVerb(ctx, c, c.Text("name")); done || err != nil {
						return r, err
					}
				}
				return s.askShort(ctx, c, v.prefix, v.noun, v.verb)
			},
		})
	}
	return all
}

// askShort asks for the job that a short verb means.
func (s Services) askShort(ctx context.Context, c *Call, prefix, noun, verb string) (Reply, error) {
	name := token(c.Text("name"))
	if strings.Contains(name, "=") {
		name = ""
	}
	values := c.Text("name")[len(name):]
	full, err := s.shortJob(c, prefix, noun, verb, strings.ToLower(name))
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
func (s Services) shortJob(c *Call, prefix, noun, verb, name string) (string, error) {
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
		how := ""
		if verb == "backup" {
			how = c.Typed("backup status") + " tells how they are. "
		}
		return "", fault.New(fault.Invalid, "Which one? There %s. %sExample: %s", thereAre(names), how, c.Typed(verb+" "+names[0]))
	}
	return "", fault.New(fault.NotFound, "There is no %s %s. There %s.", noun, quote(name), thereAre(names))
}

func thereAre(names []string) string {
	if len(names) == 1 {
		return "is " + names[0]
	}
	return fmt.Sprintf("are %s", oncall.JoinNames(names))
}
