package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"batsignal/oncall/ledger"
)

func newLedgerCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ledger",
		Short:   "Check the record of what was done with sealed addresses",
		GroupID: groupCare,
		Long: `The ledger is an append-only record of what was done with sealed addresses: which was opened,
dialled, shown or deleted, and which keyring is used. The switchboard signs each head of it, and the bot says heads in the room:
whoever keeps a log of the room can tell whether anything was changed or left out since.`,
		Example: `  batsignal ledger verify --log '#ops.log' --key 'ledger.example.org+1a2b3c4d+AbC…'
  batsignal ledger export -o ledger.txt`,
	}
	cmd.AddCommand(newLedgerVerifyCommand(a), newLedgerExportCommand(a), newStatementCommand(a), newCheckStatementCommand(a),
		newRefillCommand(a), newTrustHeadCommand(a))
	return cmd
}

func newLedgerExportCommand(a *app) *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the whole ledger as one text that anybody can check",
		Long: `Export writes every entry, as the bytes that are hashed, and every signed head. There is no
address in it. Whoever has it and the public key of the ledger checks it without a database:
batsignal ledger verify --book FILE`,
		Example: "  batsignal ledger export -o ledger.txt --config /etc/batsignal/batsignal.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withSide(cmd, func(ctx context.Context, s custodySide) error {
				b, err := ledger.Read(ctx, s.db)
				if err != nil {
					return err
				}
				if to == "" || to == "-" {
					return b.Export(a.stdout)
				}
				return writeWith(to, func(w io.Writer) error { return b.Export(w) })
			})
		},
	}
	cmd.Flags().StringVarP(&to, "output", "o", "", "the file to write; standard output if there is none")
	return cmd
}
