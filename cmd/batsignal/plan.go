package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"batsignal/oncall/fault"
	"batsignal/oncall/tree"
)

// exitDifferent is the exit status of plan where the file is not what there is.
const exitDifferent = 3

func newPlanCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "plan FILE",
		Short:   "Show what applying a file would change",
		GroupID: groupCare,
		Long: `Plan compares a file, as export writes it, with what there is, and shows what apply
would change, whom it would ask, and which gaps it would make or close in the next 14
days. It changes nothing and tells nobody. FILE may be - for standard input.

The exit status is 0 if nothing is different, 3 if something is (for a job that watches
for drift), 2 if the file is wrong or cannot be applied, and 1 if something failed.`,
		Example: `  batsignal plan oncall.yaml
  batsignal plan oncall.yaml --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := a.readTree(args[0])
			if err != nil {
				return err
			}
			return a.withParts(cmd, func(ctx context.Context, p *parts) error {
				plan, err := p.tree.Plan(ctx, theOperator(), f)
				if err != nil {
					return err
				}
				if err := a.showPlan(plan, asJSON); err != nil {
					return err
				}
				switch {
				case len(plan.Problems) > 0:
					return said{exitUsage}
				case !plan.Empty():
					return said{exitDifferent}
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the plan as JSON")
	return cmd
}

// readTree reads the file of a tree, "-" being standard input.
func (a *app) readTree(file string) (tree.File, error) {
	text, err := a.readFile(file)
	if err != nil {
		return tree.File{}, err
	}
	return tree.Parse(text)
}

// longestTree is in bytes; what is longer is refused by whoever reads it.
const longestTree = 64 << 20

// openFile opens a file to read it.
func openFile(path string) (*os.File, error) {
	f, err := os.Open(path) // #nosec G304 -- the operator names it, who runs the program
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The file %s cannot be read: %s.", path, whyNot(err))
	}
	return f, nil
}

func (a *app) readFile(file string) ([]byte, error) {
	in := a.stdin
	if file != "-" {
		f, err := openFile(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, longestTree))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The file %s cannot be read: %s.", file, whyNot(err))
	}
	return text, nil
}

func (a *app) showPlan(p tree.Plan, asJSON bool) error {
	if !asJSON {
		_, err := fmt.Fprint(a.stdout, p.Text())
		return err
	}
	if p.Changes == nil {
		p.Changes = []tree.Change{}
	}
	out := json.NewEncoder(a.stdout)
	out.SetIndent("", "  ")
	return out.Encode(p)
}
