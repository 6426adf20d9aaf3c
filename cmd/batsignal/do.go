package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"batsignal/bot/command"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// cliNetwork is where commands of the command line come from.
const cliNetwork = "cli"

func newDoCommand(a *app) *cobra.Command {
	var as string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "do COMMAND",
		Short:   "Run one command of the chat from the shell",
		GroupID: groupUse,
		Long: `Do runs one command as a person who is on the roster, with the rights of an
operator: whoever can read the configuration can reach the database anyway. The
bot that runs beside it rings and announces what follows; if none runs, that waits
until one is started.`,
		Example: `  batsignal do --as maria "batsignal openssl is on fire"
  batsignal do --as jan "confirm K7QX" --json
  batsignal do "status"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			reply, err := a.do(cmd, args[0], as)
			if !asJSON {
				if err != nil {
					return err
				}
				for _, line := range command.PlainText(reply) {
					fmt.Fprintln(a.stdout, line)
				}
				return nil
			}
			out := json.NewEncoder(a.stdout)
			if err == nil {
				return out.Encode(reply)
			}
			if failed := out.Encode(map[string]any{"error": map[string]string{"kind": fault.KindOf(err).String(), "say": fault.Say(err)}}); failed != nil {
				return failed
			}
			return said{exitFailed}
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "the handle of the person who does it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON; errors too, with exit status 1")
	return cmd
}

func (a *app) do(cmd *cobra.Command, line, as string) (reply command.Reply, err error) {
	err = a.withParts(cmd, func(ctx context.Context, p *parts) error {
		if p.db.Local != nil && !p.db.Local.Attached() {
			fmt.Fprintln(a.stderr, "batsignal: No bot runs on this database now. What this rings or announces waits until one does.")
		}
		caller := command.Caller{Network: cliNetwork, Nick: "operator", Rights: command.Proven | command.Admin | command.LetIn}
		if as != "" {
			person, err := oncall.PersonByHandle(ctx, p.db.Pool, as)
			if err != nil {
				return err
			}
			if caller, err = p.identity.Known(ctx, caller, person); err != nil {
				return err
			}
			if err := oncall.MarkHeard(ctx, p.db.Pool, time.Now(), person.ID); err != nil {
				return err
			}
		}
		reply, err = p.set.Run(ctx, caller, line)
		return err
	})
	return reply, err
}
