package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"batsignal/oncall/fault"
)

// exitTryAgain is what mail servers understand as "deliver it again later" (EX_TEMPFAIL of
// sysexits.h).
const exitTryAgain = 75

// newMailInCommand takes one letter from a mail server that delivers into a pipe.
func newMailInCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "mail-in",
		Short:   "Hear one letter that answers a page, on standard input",
		GroupID: groupCare,
		Long: `Mail-in is for a mail server that delivers letters into a pipe: it reads one letter,
and does what is written in it. For Exim and Postfix, make it a pipe transport that runs as
the bot's own user, who alone can read its secrets; docs/routes.md has the lines.

Where it cannot be done now, as while the database is away, it ends with status 75, and the
mail server delivers the letter again later. A letter that answers nothing is taken too.`,
		Example: "  batsignal mail-in --config /etc/batsignal/batsignal.yaml < letter",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := a.withParts(cmd, func(ctx context.Context, p *parts) error {
				if p.inbox == nil {
					return fault.New(fault.Invalid, "No address for answers is configured: set inbox.address.")
				}
				return p.inbox.Deliver(ctx, cmd.InOrStdin())
			})
			if err != nil && fault.KindOf(err) != fault.Invalid {
				a.log.Error("a letter was not heard; the mail server is told to deliver it again", "error", err)
				fmt.Fprintf(a.stderr, "batsignal: %s\n", fault.Say(err))
				return said{exitTryAgain}
			}
			return err
		},
	}
}
