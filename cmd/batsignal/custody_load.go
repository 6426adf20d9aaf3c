package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
)

func newLoadCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "load KEYRING",
		Short: "Store a keyring of a ceremony in the database",
		Long: `Load checks who signed the keyring, and stores it. The first one is the current one at once, and
is sealed to by pages when both hosts trust it; a later one waits until every sealed address is wrapped for it
(batsignal custody rotate, on both hosts) and it is flipped. The same once more changes
nothing.`,
		Example: "  batsignal custody load keyring-1.txt --config /etc/batsignal/batsignal.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := a.readKeyring(args[0])
			if err != nil {
				return err
			}
			return a.withSide(cmd, func(ctx context.Context, s custodySide) error { return a.loadKeyring(ctx, s, k) })
		},
	}
}

func (a *app) loadKeyring(ctx context.Context, s custodySide, k custody.Keyring) error {
	if k.Epoch > 1 {
		// Those before it are this host's own, and not what somebody put into the database.
		if _, err := s.home.trusted(ctx, s.db); err != nil {
			return err
		}
	}
	state, err := custody.Store(ctx, s.db, time.Now(), k)
	if err != nil {
		return err
	}
	a.tellFingerprint(k)
	switch state {
	case custody.StatePending:
		fmt.Fprintf(a.stdout, "It waits. Next, on both hosts: batsignal custody rotate. Then: batsignal custody flip\n")
	case custody.StatePast:
		fmt.Fprintf(a.stdout, "It was used before, and is not any more.\n")
	default:
		fmt.Fprintf(a.stdout, "It is the current one. On both hosts, from the paper of the ceremony: batsignal custody trust FINGERPRINT\n")
	}
	return nil
}

func newTrustCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "trust FINGERPRINT",
		Short: "Have this host trust a keyring, by the fingerprint on the paper of its ceremony",
		Long: `Trust remembers in this host's own directory which keyring it trusts. From then on it
follows that one and those that its custodians sign, and nothing else: whoever can write
every row of the database cannot make it seal to other keys. It is needed once on each of
the two hosts, with its own configuration.

Type the fingerprint from paper, all 64 digits; spaces do no harm. Do not copy it from the
database or from a chat: that would trust whoever wrote it there.`,
		Example: "  batsignal custody trust 41ab 9f0c … --config /etc/batsignal-switchboard/switchboard.yaml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			want := strings.ToLower(strings.Join(strings.Fields(strings.Join(args, "")), ""))
			if len(want) != 64 || strings.Trim(want, "0123456789abcdef") != "" {
				return fault.New(fault.Invalid, "A whole fingerprint has 64 digits (0-9, a-f), and this has %d letters. It stands below the short one.", len(want))
			}
			return a.withSide(cmd, func(ctx context.Context, s custodySide) error { return a.trust(ctx, s, want) })
		},
	}
}

func (a *app) trust(ctx context.Context, s custodySide, want string) error {
	all, err := custody.All(ctx, s.db)
	if err != nil {
		return err
	}
	pin, err := s.home.pin()
	if err != nil {
		return err
	}
	for _, k := range all {
		if k.Fingerprint() != want {
			continue
		}
		if k.State == custody.StatePending {
			return fault.New(fault.Conflict, "Keyring %d waits and is not in force, so it is not trusted yet: trust the one that is, by its paper: keyring %d. With the flip this host trusts keyring %d by itself.", k.Epoch, k.Epoch-1, k.Epoch)
		}
		next := custody.PinOf(k.Keyring)
		if pin.Epoch > next.Epoch || pin.Epoch == next.Epoch && pin != next {
			return fault.New(fault.Forbidden, "Keyring %d is trusted here already. To begin anew, which gives up what it promises, remove %s by hand.", pin.Epoch, s.home.pinFile())
		}
		if err := s.home.keepPin(next); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "The host of the %s trusts keyring %d (%s) from now on, and those that its custodians sign.\n", s.home.side, k.Epoch, k.Short())
		return nil
	}
	return fault.New(fault.NotFound, "No keyring in the database has this fingerprint. Compare it with the paper again. If it is right, what is stored is not the keyring of the ceremony: do not go on.")
}

func newFingerprintCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "fingerprint [KEYRING]",
		Short: "Print the fingerprint of a keyring: of a file, or of the ones in the database",
		Long: `Fingerprint prints by what a keyring is known. Everybody at a ceremony writes it down, and
whoever trusts or signs a keyring later compares it with that paper.`,
		Example: "  batsignal custody fingerprint keyring-1.txt",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				k, err := a.readKeyring(args[0])
				if err == nil {
					a.tellFingerprint(k)
				}
				return err
			}
			return a.withSide(cmd, func(ctx context.Context, s custodySide) error {
				all, err := custody.All(ctx, s.db)
				for _, k := range all {
					a.tellFingerprint(k.Keyring)
				}
				return err
			})
		},
	}
}
