package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
)

func newRefillCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "refill FILE",
		Short: "Give a restored database back what it lacks of the ledger",
		Long: `After the database was restored from a backup, the ledger in it is shorter than what the
switchboard has signed, and nothing is opened. Refill takes the entries that are missing
from an export of the ledger, which must have all that was signed: export it every night
(batsignal ledger export), beside the backups, or fetch it from the page of the ledger.
It runs on the switchboard's host, while the switchboard is stopped, and signs nothing.`,
		Example: "  batsignal ledger refill ledger.txt --config /etc/batsignal-switchboard/switchboard.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			book, err := readBook(args[0])
			if err != nil {
				return err
			}
			return a.withLedger(cmd, func(ctx context.Context, s custodySide, log *ledger.Log) error {
				var added int64
				if err := pg.InTx(ctx, s.db, func(tx pgx.Tx) (err error) {
					added, err = log.Refill(ctx, tx, book)
					return err
				}); err != nil {
					return err
				}
				fmt.Fprintf(a.stdout, "Added: %s. batsignal ledger verify looks at all of it.\n", oncall.Plural(added, "entry", "entries"))
				return nil
			})
		},
	}
}

func newTrustHeadCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "trust-head LINE",
		Short: "Have a new switchboard's host go on with a ledger, by a line that a room has",
		Long: `A switchboard remembers, off the database, the last head that it signed, and refuses a
ledger that does not contain it. On a new host there is no such memory. Trust-head makes
it, after you looked up the newest line "Ledger SIZE HASH" in a log of the home room that
you trust: the ledger in the database must have that very head. Do not take the line from
the database or from its pages: that would trust whoever wrote there.`,
		Example: "  batsignal ledger trust-head 'Ledger 812 1a2b3c4d5e6f7081' --config /etc/batsignal-switchboard/switchboard.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withSide(cmd, func(ctx context.Context, s custodySide) error { return a.trustHead(ctx, s, args[0]) })
		},
	}
}

func (a *app) trustHead(ctx context.Context, s custodySide, line string) error {
	if err := s.needs(custody.SideSwitchboard); err != nil {
		return err
	}
	size, prefix, ok := ledger.ParseLine(line)
	if !ok {
		return fault.New(fault.Invalid, "That is no line of a head. It looks like: Ledger 812 1a2b3c4d5e6f7081")
	}
	guard := s.home.guard()
	if kept, err := guard.Last(); err != nil || kept != "" {
		return fault.Wrap(fault.Conflict, err, "This host remembers a head already: %s. It is not replaced.", guard.Path)
	}
	_, public, err := s.home.ledgerKey(ledgerName(s.c))
	if err != nil {
		return err
	}
	keys, err := s.home.ledgerKeys(ctx, s.db, public)
	if err != nil {
		return err
	}
	report, err := ledger.Verify(ctx, s.db, []ledger.Seen{{Size: size, Prefix: prefix, Where: "the room"}}, keys...)
	if err != nil {
		return err
	}
	if err := report.Err(); err != nil {
		return err
	}
	head, found, err := ledger.HeadOf(ctx, s.db, size)
	if err != nil || !found {
		return fault.Wrap(fault.NotFound, err, "The ledger has no head of size %d.", size)
	}
	if err := guard.Keep(head.Note); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "The ledger was checked from its beginning. This host goes on from %s.\n", head.Line())
	return nil
}

// withLedger does something as the switchboard that signs.
func (a *app) withLedger(cmd *cobra.Command, do func(ctx context.Context, s custodySide, log *ledger.Log) error) error {
	return a.withSide(cmd, func(ctx context.Context, s custodySide) error {
		if err := s.needs(custody.SideSwitchboard); err != nil {
			return err
		}
		log, _, err := s.home.ledger(ctx, s.db, ledgerName(s.c))
		if err != nil {
			return err
		}
		return do(ctx, s, log)
	})
}
