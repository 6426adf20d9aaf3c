package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall/switchboard"
	"batsignal/oncall/switchboard/totp"
)

func newConfirmerCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "confirmer",
		Short: "Who may ask for sealed addresses to be rung, and confirm it with an authenticator",
		Long: `A confirmer is a person whom the switchboard itself knows: their handle, their accounts on
the networks where it listens, and the seed of their authenticator, which nobody else has. The
bot cannot add one. The file stands in the switchboard's own directory; run this as its user,
on its host, with its configuration. A running switchboard sees the change at once.`,
		Example: `  batsignal switchboard confirmer add jan --account libera/jan --config /etc/batsignal-switchboard/switchboard.yaml
  batsignal switchboard confirmer list --config /etc/batsignal-switchboard/switchboard.yaml`,
	}
	cmd.AddCommand(newConfirmerAddCommand(a), newConfirmerRemoveCommand(a), newConfirmerListCommand(a))
	return cmd
}

// confirmers are those of the switchboard's directory.
func (a *app) confirmers(cmd *cobra.Command) (*switchboard.Confirmers, Config, error) {
	if err := harden(); err != nil { // each seed is read
		return nil, Config{}, err
	}
	c, err := a.loadSwitchboard(cmd)
	if err != nil {
		return nil, c, err
	}
	dir := switchboardKeys(c).dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, c, err
	}
	return switchboard.OpenConfirmers(dir), c, nil
}

func newConfirmerAddCommand(a *app) *cobra.Command {
	var accounts []string
	var asksOnly, page bool
	cmd := &cobra.Command{
		Use:   "add HANDLE",
		Short: "Make a person known, and show the seed of their authenticator, once",
		Long: `Add makes a person known and prints the seed of their authenticator, in two forms: to be
typed, and as a link. It is shown this once and never again: have the person there, who types
it into their telephone, and clear the screen. Who has lost the telephone is removed and added
again.

Each account belongs to one person: somebody who counts as two could open everything alone.
Without an account a person confirms on the switchboard's page only. With --asks-only their
word counts for what they ask for themselves, and not as the second person's.

With --page the seed is not printed: a link is, to a page of the switchboard that shows it
once, within a day. Give it to the person in a way that only they read; whoever opens it
first has the authenticator.`,
		Example: `  batsignal switchboard confirmer add jan --account libera/jan --account oftc/jan
  batsignal switchboard confirmer add kim --account libera/kim --asks-only
  batsignal switchboard confirmer add maria --account libera/maria --page`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			people, c, err := a.confirmers(cmd)
			if err != nil {
				return err
			}
			seed, err := people.Add(time.Now(), args[0], accounts, !asksOnly)
			if err != nil {
				return err
			}
			defer seed.Wipe()
			handle := handleOf(args[0])
			if page {
				link, err := newSeedBox(c).keep(handle, seed, ledgerName(c))
				if err != nil {
					return err
				}
				fmt.Fprintf(a.stdout, "%s is known to the switchboard. Their authenticator is shown once, within a day, at:\n\n  %s\n", handle, link.Reveal())
				return nil
			}
			fmt.Fprintf(a.stdout, "%s is known to the switchboard. The seed of their authenticator, shown this once:\n\n  %s\n\n  %s\n\nAfter it was typed or opened on the telephone, clear the screen.\n",
				handle, totp.Typed(seed).Reveal(), totp.URI(seed, ledgerName(c), handle).Reveal())
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&accounts, "account", nil, "an account of theirs, as network/name; once for each")
	cmd.Flags().BoolVar(&page, "page", false, "print a link to a page that shows the seed once, instead of the seed")
	cmd.Flags().BoolVar(&asksOnly, "asks-only", false, "they can ask, and cannot confirm what somebody else asks for")
	return cmd
}

// handleOf is a handle as it is known, of what was typed.
func handleOf(typed string) string { return strings.ToLower(strings.TrimPrefix(typed, "@")) }

func newConfirmerRemoveCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "remove HANDLE",
		Short: "Forget a person: no code of theirs counts from now on",
		Long: `Remove forgets a person and their authenticator at once, and a link to it that nobody opened.
What was allowed before on their word goes on until it ends by itself, 60 minutes at most.`,
		Example: "  batsignal switchboard confirmer remove jan --config /etc/batsignal-switchboard/switchboard.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			people, c, err := a.confirmers(cmd)
			if err != nil {
				return err
			}
			if err := people.Remove(args[0]); err != nil {
				return err
			}
			handle := handleOf(args[0])
			if err := newSeedBox(c).sweep(handle); err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "%s is not known to the switchboard any more.\n", handle)
			return nil
		},
	}
}

func newConfirmerListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List who can ask and confirm",
		Long:    "List tells everybody whom the switchboard knows, by handle. Seeds are never shown.",
		Example: "  batsignal switchboard confirmer list --config /etc/batsignal-switchboard/switchboard.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			people, _, err := a.confirmers(cmd)
			if err != nil {
				return err
			}
			list, err := people.List()
			if err != nil {
				return err
			}
			if len(list) == 0 {
				fmt.Fprintln(a.stdout, "Nobody is known, so nothing sealed can be rung. Make at least two people known: batsignal switchboard confirmer add")
				return nil
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "HANDLE\tMAY\tACCOUNTS\tSINCE")
			for _, p := range list {
				may := "ask and confirm"
				if !p.MayConfirm {
					may = "ask"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Handle, may, strings.Join(p.Accounts, ", "), p.AddedAt.Format(time.DateOnly))
			}
			return w.Flush()
		},
	}
}
