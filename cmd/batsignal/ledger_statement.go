package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
)

func newStatementCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "statement HANDLE",
		Short: "On the switchboard's host: state, signed, how often somebody's addresses were opened",
		Long: `Statement makes what the switchboard states for a person about their sealed addresses: how
often each was opened for others, with the proof that the last entry about it is in the ledger.
It is signed with the ledger's key, so it is made on the switchboard's host. Owners get it
themselves on the switchboard's page; whoever has it checks it with
batsignal ledger check-statement.`,
		Example: "  batsignal ledger statement jan --config /etc/batsignal-switchboard/switchboard.yaml > jan.txt",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withLedger(cmd, func(ctx context.Context, s custodySide, log *ledger.Log) error {
				who, err := oncall.PersonByHandle(ctx, s.db, args[0])
				if err != nil {
					return err
				}
				text, err := log.MakeStatement(ctx, s.db, time.Now(), who.ID)
				if err != nil {
					return err
				}
				_, err = io.WriteString(a.stdout, text)
				return err
			})
		},
	}
}

func newCheckStatementCommand(a *app) *cobra.Command {
	var f ledgerKeyFlags
	var book string
	cmd := &cobra.Command{
		Use:   "check-statement FILE",
		Short: "Check what the switchboard stated for somebody, by the public key of the ledger",
		Long: `Check-statement checks the signature and the proofs of a statement, without a configuration
or a database; - reads it from standard input. With --book, an exported ledger, it also checks
that no entry about one of these addresses was left out, and that the statement's head is in
that ledger. It ends with status 1 if something is wrong.`,
		Example: "  batsignal ledger check-statement jan.txt --book ledger.txt --key 'ledger.example.org+1a2b3c4d+AbC…'",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			keys, err := f.read(a)
			if err != nil {
				return err
			}
			if len(keys) == 0 {
				return fault.New(fault.Invalid, "Say by which key: --key, or --keyring with the file of a keyring that you trust.")
			}
			text, err := a.readFile(args[0])
			if err != nil {
				return err
			}
			s, err := ledger.VerifyStatement(string(text), keys...)
			if err != nil { // not how the command was called, but what was found
				return fault.Wrap(fault.Conflict, err, "%s", fault.Say(err))
			}
			fmt.Fprintln(a.stdout, s.Says())
			for _, r := range s.Records {
				fmt.Fprintf(a.stdout, "  %s: %s, %s by others\n", r.Record,
					oncall.Plural(r.Entries, "entry", "entries"), oncall.Plural(r.Openings, "opening", "openings"))
			}
			if book == "" {
				return nil
			}
			b, err := readBook(book)
			if err != nil {
				return err
			}
			report, err := s.Check(b, keys...)
			if err != nil {
				return err
			}
			return a.tellReport(report)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&book, "book", "", "an exported ledger to check it against")
	return cmd
}
