package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"batsignal/oncall/fault"
	"batsignal/oncall/tree"
)

func newExportCommand(a *app) *cobra.Command {
	var sections []string
	var to string
	cmd := &cobra.Command{
		Use:     "export",
		Short:   "Write roles, rosters, schedules, policies and components as one YAML file",
		GroupID: groupCare,
		Long: `Export writes everything that is a rule as one file that can be reviewed: people's
profiles, labels, roles with their rosters, schedules, policies, and components as far as
they were entered by hand. The same state is always the same text.

Decisions are not in it (overrides, cover, absences), and neither are accounts, contacts
and consent.`,
		Example: `  batsignal export -o oncall.yaml
  batsignal export --section schedules,policies`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withParts(cmd, func(ctx context.Context, p *parts) error {
				f, err := p.tree.Export(ctx)
				if err != nil {
					return err
				}
				if len(sections) > 0 {
					unknown := ""
					if f, unknown = f.Only(sections...); unknown != "" {
						return fault.New(fault.Invalid, "There is no section %q. The sections are %s.", unknown, strings.Join(tree.Sections(), ", "))
					}
				}
				return a.write(to, tree.Encode(f))
			})
		},
	}
	cmd.Flags().StringSliceVar(&sections, "section", nil, "only these sections: "+strings.Join(tree.Sections(), ", "))
	cmd.Flags().StringVarP(&to, "output", "o", "", "the file to write; standard output if there is none")
	return cmd
}

// write writes to a file, or to standard output.
func (a *app) write(file string, text []byte) error {
	if file == "" || file == "-" {
		_, err := a.stdout.Write(text)
		return err
	}
	return unwritten(file, os.WriteFile(file, text, 0o600))
}

// whyNot says in words why a file cannot be used.
func whyNot(err error) string {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err.Error()
	}
	return err.Error()
}
