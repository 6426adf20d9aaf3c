package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"batsignal/oncall"
	"batsignal/oncall/component"
	"batsignal/oncall/fault"
)

func newComponentsCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "components",
		Short:   "Bring in lists of who looks after what",
		GroupID: groupCare,
	}
	var in component.Import
	load := &cobra.Command{
		Use:   "import FILE|URL --source NAME",
		Short: "Make what a source says the same as a list",
		Long: `Import reads a list of components and their owners, as CSV (component,owner,rank),
as YAML (openssl: [maria, jan]) or as JSON of the same shape, from a file or from an
address. An owner is a handle, or an account on any network; one who means nobody here
is kept and shown, and cannot be rung. The ranks are owner, co-owner and knows.

The list replaces what the same source said before, in one step; what other sources
and people in chat said stays. The same list again changes nothing.`,
		Example: `  batsignal components import owners.yaml --source team
  batsignal components import https://src.example.org/owners.json --source fedora`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if in.Source == "" {
				return fault.New(fault.Invalid, "Say what the list is called, since it replaces what that list said before: --source NAME")
			}
			in.Place = args[0]
			return a.importComponents(cmd, in)
		},
	}
	load.Flags().StringVar(&in.Source, "source", "", "what the list is called; needed")
	load.Flags().BoolVar(&in.Shrink, "shrink", false, "it is right that the list names less than half of what it named before")
	cmd.AddCommand(load, &cobra.Command{
		Use:   "sources",
		Short: "List the lists, and how it stands with them",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.listSources(cmd) },
	}, &cobra.Command{
		Use:   "forget SOURCE",
		Short: "Remove a list, with everything that it alone says",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withParts(cmd, func(ctx context.Context, p *parts) error {
				if err := p.components.Forget(ctx, theOperator(), args[0]); err != nil {
					return err
				}
				fmt.Fprintf(a.stdout, "What %s alone said is forgotten.\n", args[0])
				return nil
			})
		},
	})
	return cmd
}

func (a *app) importComponents(cmd *cobra.Command, in component.Import) error {
	return a.withParts(cmd, func(ctx context.Context, p *parts) error {
		text, err := p.components.Fetcher.Fetch(ctx, in.Place)
		if err != nil {
			return err
		}
		if in.List, err = component.ParseList(in.Place, text); err != nil {
			return err
		}
		sum, err := p.components.Import(ctx, theOperator(), in)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, sum.Says())
		return nil
	})
}

func (a *app) listSources(cmd *cobra.Command) error {
	return a.withParts(cmd, func(ctx context.Context, p *parts) error {
		all, err := component.Sources(ctx, p.components.DB)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			fmt.Fprintln(a.stdout, "No list was imported, and the configuration names none.")
			return nil
		}
		w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		for _, s := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, oncall.Plural(s.Components, "component", "components"), readWords(s), s.Place)
		}
		return w.Flush()
	})
}

// readWords tells when a list was read, and what is wrong if it cannot be.
func readWords(s component.State) string {
	text := "never read"
	if s.LoadedAt != nil {
		text = "read " + s.LoadedAt.UTC().Format("2006-01-02 15:04 UTC")
	}
	if s.DueAt != nil {
		text += ", again " + s.DueAt.UTC().Format("2006-01-02 15:04 UTC")
	}
	if s.Trouble != "" {
		text += "; the last time it failed: " + s.Trouble
	}
	return text
}
