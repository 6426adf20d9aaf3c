package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/custody"
)

func newRotateCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "rotate",
		Short: "Wrap this host's half of every sealed address for the keyring that waits",
		Long: `Rotate runs on both hosts, each with its own configuration, and wraps the half that is
there for the keyring that waits; no address is opened, and the halves never meet. Everything
rings as before meanwhile. It may be killed and begun again at any time, and goes on with what
is lacking. Without a keyring that waits it takes along what was sealed late.

At its end every wrap of this host at the new keyring is opened once, to see that it does.
Then: batsignal custody flip, on one of the two hosts.`,
		Example: `  batsignal custody rotate --config /etc/batsignal/batsignal.yaml
  batsignal custody rotate --config /etc/batsignal-switchboard/switchboard.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.withSide(cmd, a.rotate) },
	}
}

func (a *app) rotate(ctx context.Context, s custodySide) error {
	to, err := s.home.follow(ctx, s.db)
	if err != nil {
		return err
	}
	// What is stored as pending is signed by those of the current one, or there is an error.
	if next, waits, err := custody.Pending(ctx, s.db); err != nil {
		return err
	} else if waits {
		to = next
	}
	keys, err := s.home.unwrapKeys()
	if err != nil {
		return err
	}
	batches := 0
	watched := watchedDB{s.db, func() {
		if batches > 0 {
			fmt.Fprintf(a.stderr, "%d sealed addresses so far.\n", batches*custody.Batch)
		}
		batches++
	}}
	done, err := custody.RewrapHalf(ctx, watched, s.home.side, keys, to, custody.Batch)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "The %s's half of %s was wrapped for keyring %d (%s).\n", s.home.side, sealedAddresses(done.Records), to.Epoch, oncall.Plural(done.Wraps, "wrap", "wraps"))
	return a.checkHalf(ctx, s, to.Epoch)
}

// sealedAddresses writes how many.
func sealedAddresses[N int | int64](n N) string {
	return oncall.Plural(n, "sealed address", "sealed addresses")
}

// checkHalf opens each half once at a keyring, and fails if one does not open.
func (a *app) checkHalf(ctx context.Context, s custodySide, epoch int) error {
	keys, err := s.home.unwrapKeys()
	if err != nil {
		return err
	}
	checked, stuck, err := custody.CheckHalf(ctx, s.db, s.home.side, keys, epoch)
	if err != nil {
		return err
	}
	if len(stuck) == 0 {
		fmt.Fprintf(a.stdout, "All %d open here with keyring %d.\n", checked, epoch)
		return nil
	}
	fmt.Fprintf(a.stdout, "%d of %d do not open here with keyring %d. Each must be sealed again by its owner, or come back from a backup:\n", len(stuck), checked, epoch)
	for _, id := range stuck {
		fmt.Fprintf(a.stdout, "  %s\n", id)
	}
	return said{exitFailed}
}

// watchedDB tells of each transaction that begins, which is how far a rotation is.
type watchedDB struct {
	pg.DB
	begins func()
}

func (w watchedDB) Begin(ctx context.Context) (pgx.Tx, error) {
	w.begins()
	return w.DB.Begin(ctx)
}

func newFlipCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "flip",
		Short: "Use the keyring that waits from now on",
		Long: `Flip has every sealed address opened with the keyring that waits, and new ones sealed to
it, in one transaction. It refuses while one lacks a wrap. Both processes must have been
started since their keys for it were made. The old wraps stay until batsignal custody drop.`,
		Example: "  batsignal custody flip --config /etc/batsignal/batsignal.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withSide(cmd, func(ctx context.Context, s custodySide) error {
				if _, err := s.home.trusted(ctx, s.db); err != nil {
					return err
				}
				moved, err := custody.Flip(ctx, s.db, time.Now())
				if err != nil {
					return err
				}
				k, err := s.home.follow(ctx, s.db)
				if err != nil {
					return err
				}
				fmt.Fprintf(a.stdout, "Keyring %d (%s) is used from now on; %s went over to it.\n", k.Epoch, k.Short(), sealedAddresses(moved))
				if k.Epoch > 1 {
					fmt.Fprintf(a.stdout, "Next: %d of its custodians drill; a backup is restored elsewhere and one address in it opened; then: batsignal custody drop --backup-restored\n", k.K)
				}
				return nil
			})
		},
	}
}

func newDropCommand(a *app) *cobra.Command {
	var restored bool
	var epoch int
	cmd := &cobra.Command{
		Use:   "drop --backup-restored",
		Short: "Remove the wraps of older keyrings: their shares and keys open nothing any more",
		Long: `Drop removes what old shares and old keys of hosts open. It cannot be undone, so it asks
for three things: as many custodians as it takes drilled the current keyring; this host's half
of every address opens with it; and you say, by --backup-restored, that a backup with the new
wraps was restored somewhere and something in it opened (batsignal custody recover). Backups
of before still hold the old wraps until they expire.

It cannot look at the other host's half: run batsignal custody rotate there first, and go on
only if it ends with "All … open here". A half that does not is lost by this for good.`,
		Example: "  batsignal custody drop --backup-restored --config /etc/batsignal/batsignal.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withSide(cmd, func(ctx context.Context, s custodySide) error {
				k, err := s.home.trusted(ctx, s.db)
				if err != nil {
					return err
				}
				if err := a.checkHalf(ctx, s, k.Epoch); err != nil {
					return err
				}
				if epoch == 0 {
					epoch = k.Epoch - 1
				}
				removed, err := custody.Drop(ctx, s.db, epoch, restored)
				if err != nil {
					return err
				}
				fmt.Fprintf(a.stdout, "%d wraps of keyring %d and those before it are gone. Shares and keys of hosts that only these had can be destroyed.\n", removed, epoch)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&restored, "backup-restored", false, "a backup with the new wraps was restored somewhere, and something in it opened")
	cmd.Flags().IntVar(&epoch, "epoch", 0, "up to which keyring; without it, all before the current one")
	return cmd
}
