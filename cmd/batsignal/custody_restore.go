package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
)

func newRestoreHalfCommand(a *app) *cobra.Command {
	var o offline
	var side, next, out string
	cmd := &cobra.Command{
		Use:   "restore-half",
		Short: "After a host is lost: make its half anew for a new host, with shares",
		Long: `Restore-half brings a lost host back. First the new host makes keys (batsignal escrow
keys), and a ceremony the following keyring with them (batsignal custody next), signed by
those whose shares are here. Then, offline, with a backup and shares of the keyring before,
this writes the lost half of every address, wrapped for the new host. No address is opened,
and the other half is not touched. The file holds no secret that opens without the new host.

On the new host: batsignal custody trust, with the fingerprint of the keyring before (the one
in force, not the new one); load, load-restored, rotate; on the other one rotate; then flip.`,
		Example: `  batsignal custody restore-half --side switchboard --backup sealed.jsonl --next keyring-2.txt \
    --share share-1-1.age --share share-1-4.age --share share-1-5.txt --identity keys.txt --out half.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			to, err := a.readKeyring(next)
			if err != nil {
				return err
			}
			talk := a.asker()
			b, shares, err := a.readOffline(cmd.Context(), &o, talk)
			if err != nil {
				return err
			}
			defer wipeShares(shares)
			half, err := custody.RestoreHalf(b, shares, custody.Side(side), to)
			if err != nil {
				return err
			}
			for _, note := range half.Notes {
				talk.say("Note: %s\n", note)
			}
			if err := writeWith(out, half.Write); err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "The %s's half of %s is in %s, for the host of keyring %d. There: batsignal custody load-restored %s\n", half.Side, sealedAddresses(half.Wraps()), out, half.Epoch, out)
			return nil
		},
	}
	o.add(cmd)
	cmd.Flags().StringVar(&side, "side", "", "which host was lost: bot or switchboard")
	cmd.Flags().StringVar(&next, "next", "", "the file of the following keyring, which names the new host's key, signed")
	cmd.Flags().StringVar(&out, "out", "", "the file to write")
	for _, name := range []string{"side", "next", "out"} {
		_ = cmd.MarkFlagRequired(name) // the flag is there
	}
	return cmd
}

func newLoadRestoredCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "load-restored FILE",
		Short: "On a new host: take in the half that custodians made anew",
		Long: `Load-restored takes what batsignal custody restore-half wrote into the database. Each wrap
must open with this host's key, so a damaged or foreign file does no harm; what is there
already stays. Next: batsignal custody rotate, on both hosts.`,
		Example: "  batsignal custody load-restored half.jsonl --config /etc/batsignal-switchboard/switchboard.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := openFile(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			half, err := custody.ReadRestored(f)
			if err != nil {
				return err
			}
			return a.withSide(cmd, func(ctx context.Context, s custodySide) error { return a.loadRestored(ctx, s, half) })
		},
	}
}

func (a *app) loadRestored(ctx context.Context, s custodySide, half custody.Restored) error {
	if err := s.needs(half.Side); err != nil {
		return err
	}
	if _, err := s.home.trusted(ctx, s.db); err != nil {
		return err
	}
	key, err := s.keyFor(ctx, half.Epoch)
	if err != nil {
		return err
	}
	loaded, stuck, err := custody.LoadRestored(ctx, s.db, key, half)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "The %s's half of %s is back for keyring %d.\n", half.Side, sealedAddresses(loaded), half.Epoch)
	if len(stuck) > 0 {
		fmt.Fprintf(a.stdout, "%d do not open with this host's key, and were left out:\n", len(stuck))
		for _, id := range stuck {
			fmt.Fprintf(a.stdout, "  %s\n", id)
		}
		return said{exitFailed}
	}
	return nil
}

// keyFor finds the key of this host that a keyring names.
func (s custodySide) keyFor(ctx context.Context, epoch int) (escrow.PrivateKey, error) {
	keys, err := s.home.unwrapKeys()
	if err != nil {
		return escrow.PrivateKey{}, err
	}
	k, err := custody.At(ctx, s.db, epoch)
	if err != nil {
		return escrow.PrivateKey{}, err
	}
	return custody.KeyOf(s.home.side, keys, k)
}
