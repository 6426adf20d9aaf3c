package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"batsignal/oncall/fault"
	"batsignal/oncall/tree"
)

func newApplyCommand(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "apply FILE",
		Short:   "Make what there is the same as a file",
		GroupID: groupCare,
		Long: `Apply shows what batsignal plan shows, asks on a terminal whether that is right, and
then does it: all of it or, if anything is refused, nothing. If somebody changes
something between the plan and the yes, nothing is done either.

Whoever joins a roster by it is asked on their networks, and not rung before their own
yes. Without a terminal --yes is needed.`,
		Example: `  batsignal apply oncall.yaml
  batsignal apply --yes oncall.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			asks := isTerminal(a.stdin) && args[0] != "-"
			if !yes && !asks {
				return fault.New(fault.Invalid, "There is no terminal to ask on. Look at batsignal plan %s, then: batsignal apply --yes %s", args[0], args[0])
			}
			f, err := a.readTree(args[0])
			if err != nil {
				return err
			}
			return a.withParts(cmd, func(ctx context.Context, p *parts) error { return a.apply(ctx, p.tree, f, yes) })
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (a *app) apply(ctx context.Context, s *tree.Service, f tree.File, yes bool) error {
	p, err := s.Plan(ctx, theOperator(), f)
	if err != nil {
		return err
	}
	if err := a.showPlan(p, false); err != nil {
		return err
	}
	switch {
	case len(p.Problems) > 0:
		return said{exitUsage}
	case p.Empty():
		return nil
	case !yes && !a.agrees("Apply this? y/N "):
		fmt.Fprintln(a.stdout, "Nothing was changed.")
		return said{exitFailed}
	}
	done, err := s.Apply(ctx, theOperator(), f, p.Fingerprint)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "Applied. %s\n", done.Summary())
	return nil
}

// agrees asks a question on the terminal.
func (a *app) agrees(question string) bool {
	fmt.Fprint(a.stdout, question)
	answer, _ := bufio.NewReader(a.stdin).ReadString('\n') // an end is a no
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}
