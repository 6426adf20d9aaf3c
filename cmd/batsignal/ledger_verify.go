package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
)

// ledgerKeyFlags say by which public keys a ledger is checked.
type ledgerKeyFlags struct {
	keys, keyrings []string
}

func (f *ledgerKeyFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.keys, "key", nil, "the public key of the ledger, as name+hash+key; once for each, if it was changed")
	cmd.Flags().StringArrayVar(&f.keyrings, "keyring", nil, "the file of a keyring, which names it")
}

// read returns the keys that were given; none is none.
func (f *ledgerKeyFlags) read(a *app) ([]string, error) {
	keys := f.keys
	for _, file := range f.keyrings {
		k, err := a.readKeyring(file)
		if err != nil {
			return nil, err
		}
		if k.Ledger != "" {
			keys = append(keys, k.Ledger)
		}
	}
	return keys, nil
}

func newLedgerVerifyCommand(a *app) *cobra.Command {
	var f ledgerKeyFlags
	var logs []string
	var book string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check the whole ledger: in the database, or an exported one, and against chat logs",
		Long: `Verify checks every entry, its place in the tree, every head and its signature, and that
each head that was said in the chat logs you give (--log, in any form) is in this ledger: if
one is not, something was changed or left out since. With --book it needs no configuration
and no database. Without --key and --keyring it takes the key from the keyring that this host
trusts.

It ends with status 1 if the ledger is not sound. Then nothing should be opened until people
have looked.`,
		Example: `  batsignal ledger verify --log ops.log --config /etc/batsignal/batsignal.yaml
  batsignal ledger verify --book ledger.txt --log ops.log --key 'ledger.example.org+1a2b3c4d+AbC…'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keys, err := f.read(a)
			if err != nil {
				return err
			}
			seen, err := seenIn(logs)
			if err != nil {
				return err
			}
			if book != "" {
				if len(keys) == 0 {
					return fault.New(fault.Invalid, "Say by which key: --key, or --keyring with the file of a keyring that you trust.")
				}
				b, err := readBook(book)
				if err != nil {
					return err
				}
				report, err := b.Verify(seen, keys...)
				if err != nil {
					return err
				}
				return a.tellReport(report)
			}
			return a.withSide(cmd, func(ctx context.Context, s custodySide) error { return a.verifyLedger(ctx, s, seen, keys) })
		},
	}
	f.add(cmd)
	cmd.Flags().StringArrayVar(&logs, "log", nil, "a log of a room where heads were said; once for each")
	cmd.Flags().StringVar(&book, "book", "", "an exported ledger (batsignal ledger export), instead of the database")
	return cmd
}

func (a *app) verifyLedger(ctx context.Context, s custodySide, seen []ledger.Seen, keys []string) error {
	if len(keys) == 0 {
		var err error
		if keys, err = s.ledgerKeys(ctx); err != nil {
			return err
		}
	}
	forgot := ""
	if s.home.side == custody.SideSwitchboard {
		// What this host signed last is a witness too.
		guard := s.home.guard()
		signed, err := guard.Last()
		if err != nil {
			return err
		}
		if signed == "" {
			forgot = "This host has no memory of the head that it signed last, so it opens nothing. On a new host `batsignal ledger trust-head` makes it."
		} else {
			head, err := ledger.ParseHead(signed, keys...)
			if err != nil {
				return err
			}
			seen = append(seen, ledger.Seen{Size: head.Size, Prefix: head.Prefix(), Where: guard.Path})
		}
	}
	report, err := ledger.Verify(ctx, s.db, seen, keys...)
	if err != nil {
		return err
	}
	if forgot != "" && report.Leaves > 0 {
		report.Findings = append(report.Findings, forgot)
	}
	return a.tellReport(report)
}

// ledgerKeys are those of every keyring, if this host trusts the current one: what an
// earlier key signed is still in the ledger.
func (s custodySide) ledgerKeys(ctx context.Context) ([]string, error) {
	trusted, err := s.home.trusted(ctx, s.db)
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), err, "%s Or say by which key to check: --key.", fault.Say(err))
	}
	return custody.LedgerKeys(ctx, s.db, trusted)
}

func (a *app) tellReport(r ledger.Report) error {
	fmt.Fprintln(a.stdout, r.Says())
	for _, finding := range r.Findings {
		fmt.Fprintf(a.stdout, "  %s\n", finding)
	}
	for _, remark := range r.Remarks {
		fmt.Fprintf(a.stdout, "  Note: %s\n", remark)
	}
	if len(r.Findings) > 0 {
		return said{exitFailed}
	}
	return nil
}

func seenIn(logs []string) (seen []ledger.Seen, err error) {
	for _, name := range logs {
		f, err := os.Open(name) // #nosec G304 -- the operator names it, who runs the program
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The chat log %s cannot be read: %s.", name, whyNot(err))
		}
		found, err := ledger.SeenIn(f, filepath.Base(name))
		_ = f.Close() // it was only read
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fault.New(fault.NotFound, "No head of the ledger is said in %s, so it proves nothing. A head looks like: Ledger 812 1a2b3c4d5e6f7081", name)
		}
		seen = append(seen, found...)
	}
	return seen, nil
}

func readBook(name string) (ledger.Book, error) {
	f, err := openFile(name)
	if err != nil {
		return ledger.Book{}, err
	}
	defer f.Close()
	return ledger.Import(f)
}
