package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall/fault"
	"batsignal/oncall/rosterfile"
)

func newRosterCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "roster",
		Short:   "Bring a first roster in from a file",
		GroupID: groupCare,
	}
	var vouched bool
	bring := &cobra.Command{
		Use:   "import FILE",
		Short: "Add the people of a roster file who are not known yet",
		Long: `Import adds people with their hours, accounts and private addresses. Everybody is
asked, on their networks, about the roles the file gives them; nobody is rung
before they have said yes. Somebody whose handle is known already is left alone.
An address waits until its owner proves it (!contact code mail sends a code there);
with --vouched you answer for the whole file, and pages go there at once.
batsignal roster example prints a file to begin with.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.importRoster(cmd, args[0], vouched) },
	}
	bring.Flags().BoolVar(&vouched, "vouched", false, "take the file's word that every address is its owner's, and page it unproven")
	cmd.AddCommand(bring, &cobra.Command{
		Use:   "example",
		Short: "Print an example of a roster file",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.stdout.Write(rosterfile.Example)
			return err
		},
	})
	return cmd
}

func (a *app) importRoster(cmd *cobra.Command, file string, vouched bool) error {
	text, err := os.ReadFile(file) // #nosec G304 -- the operator names it, who runs the program
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The roster %s cannot be read: %v.", file, err)
	}
	roster, err := rosterfile.Parse(text)
	if err != nil {
		return err
	}
	return a.withParts(cmd, func(ctx context.Context, p *parts) error {
		added, err := rosterfile.Apply(ctx, p.db.Pool, roster, rosterfile.How{
			Now: time.Now(), Vouched: vouched,
			Ask: func(ctx context.Context, handle, role string) error {
				_, err := p.people.Add(ctx, theOperator(), handle, role)
				return err
			},
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "%d of %d people are new. Each was asked on the networks they have an account on; !roster show tells who said yes.\n", added, len(roster.People))
		return nil
	})
}
