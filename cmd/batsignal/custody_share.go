package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func newShareCommand(a *app) *cobra.Command {
	var f shareFlags
	var keyring string
	cmd := &cobra.Command{
		Use:   "share",
		Short: "Look whether a share is whole, and whose it is",
		Long: `Share opens a share, as its custodian does when it arrives, and compares it with what
the keyring says of it. It shows nothing of the share itself, and needs no network.`,
		Example: "  batsignal custody share --share share-1-1.age --identity key.txt --keyring keyring-1.txt",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := f.read(cmd.Context(), a.asker())
			if err != nil {
				return err
			}
			defer s.Wipe()
			k, err := a.readKeyring(keyring)
			if err != nil {
				return err
			}
			c, err := k.Check(s)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "It is whole: the share of custodian %d (%s) in keyring %d (%s), kept at: %s.\n", c.N, c.Name, k.Epoch, k.Short(), c.Place)
			return nil
		},
	}
	f.add(cmd, false)
	cmd.Flags().StringVar(&keyring, "keyring", "", "the file of the keyring that it is of")
	_ = cmd.MarkFlagRequired("keyring") // the flag is there
	return cmd
}

// shareFlags name where shares are, and by what encrypted ones open.
type shareFlags struct {
	shares, identities []string
}

func (f *shareFlags) add(cmd *cobra.Command, many bool) {
	what := "the file of the share: from age, or what a sheet says; - to type a sheet"
	if many {
		what += "; once for each share"
	}
	cmd.Flags().StringArrayVar(&f.shares, "share", nil, what)
	cmd.Flags().StringArrayVar(&f.identities, "identity", nil, "the identity file that opens it (age-keygen, or a plugin's such as age-plugin-yubikey); not for sheets")
	_ = cmd.MarkFlagRequired("share") // the flag is there
}

// read reads the share of the one custodian who sits there, in a process that nobody else
// looks into.
func (f *shareFlags) read(ctx context.Context, c *asker) (custody.Share, error) {
	if err := harden(); err != nil {
		return custody.Share{}, err
	}
	if len(f.shares) != 1 {
		return custody.Share{}, fault.New(fault.Invalid, "One share signs at a time: give --share once.")
	}
	identity, err := f.identity()
	if err != nil {
		return custody.Share{}, err
	}
	return readShare(ctx, c, f.shares[0], identity)
}

// all reads every share that can be read; trouble says in sentences which cannot.
func (f *shareFlags) all(ctx context.Context, c *asker) (shares []custody.Share, trouble []string, err error) {
	identity, err := f.identity()
	if err != nil {
		return nil, nil, err
	}
	for _, file := range f.shares {
		s, err := readShare(ctx, c, file, identity)
		if err != nil {
			trouble = append(trouble, fmt.Sprintf("%s: %s", file, fault.Say(err)))
			continue
		}
		shares = append(shares, s)
	}
	if len(shares) == 0 {
		return nil, nil, fault.New(fault.Invalid, "No share can be read. %s", strings.Join(trouble, " "))
	}
	return shares, trouble, nil
}

// identity is the text of all identity files together: a share opens by any of them.
func (f *shareFlags) identity() (secret.Text, error) {
	var all []string
	for _, file := range f.identities {
		text, err := privateText(file)
		if err != nil {
			return secret.Text{}, err
		}
		all = append(all, text.Reveal())
	}
	return secret.New(strings.Join(all, "\n")), nil
}

func readShare(ctx context.Context, c *asker, file string, identity secret.Text) (custody.Share, error) {
	text, err := secret.Text{}, error(nil)
	if file == "-" {
		text, err = c.sheet()
	} else {
		text, err = privateText(file)
	}
	if err != nil {
		return custody.Share{}, err
	}
	return custody.OpenShare(text, identity, c.terminal(ctx))
}

func wipeShares(shares []custody.Share) {
	for _, s := range shares {
		s.Wipe()
	}
}
