package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"batsignal/oncall/custody"
	"batsignal/oncall/wholefile"
)

func newSignKeyringCommand(a *app) *cobra.Command {
	var f shareFlags
	var previous string
	var into bool
	cmd := &cobra.Command{
		Use:   "sign-keyring NEXT",
		Short: "Sign the following keyring with a share of the one before",
		Long: `Sign-keyring shows what another keyring changes (who keeps shares, how many open, which
keys) and asks whether you agree. With --into it writes the signature into the file of the
new keyring; without, it prints it, and batsignal custody add-signature puts it there.

Compare the fingerprint with what was read out at the ceremony: a keyring that somebody else
made has another one.`,
		Example: "  batsignal custody sign-keyring keyring-2.txt --previous keyring-1.txt --share share-1-1.age --identity key.txt --into",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			next, before, err := a.readKeyrings(args[0], previous)
			if err != nil {
				return err
			}
			talk := a.asker()
			s, err := f.read(cmd.Context(), talk)
			if err != nil {
				return err
			}
			defer s.Wipe()
			who, err := before.Check(s)
			if err != nil {
				return err
			}
			a.tellFingerprint(next)
			for _, change := range changes(before, next) {
				fmt.Fprintf(a.stdout, "  %s\n", change)
			}
			if !talk.agrees(fmt.Sprintf("Do you, %s, agree?", who.Name)) {
				talk.say("Nothing was signed.\n")
				return said{exitFailed}
			}
			sig, err := s.SignKeyring(next)
			if err != nil {
				return err
			}
			if !into {
				_, err = fmt.Fprintln(a.stdout, sig)
				return err
			}
			return a.addSignatures(args[0], next, before, sig)
		},
	}
	f.add(cmd, false)
	cmd.Flags().StringVar(&previous, "previous", "", "the file of the keyring before, whose custodians sign")
	cmd.Flags().BoolVar(&into, "into", false, "write the signature into the file of the new keyring")
	_ = cmd.MarkFlagRequired("previous") // the flag is there
	return cmd
}

func newAddSignatureCommand(a *app) *cobra.Command {
	var previous string
	cmd := &cobra.Command{
		Use:   "add-signature NEXT SIGNATURE...",
		Short: "Put signatures of custodians into the file of the following keyring",
		Long: `Add-signature takes what batsignal custody sign-keyring printed at somebody's home, checks
it, and writes it into the file of the new keyring. Signatures are no secrets.`,
		Example: "  batsignal custody add-signature keyring-2.txt bsig1.keyring.1.4.… --previous keyring-1.txt",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			next, before, err := a.readKeyrings(args[0], previous)
			if err != nil {
				return err
			}
			var list []custody.Signature
			for _, text := range args[1:] {
				sig, err := custody.ParseSignature(text)
				if err != nil {
					return err
				}
				list = append(list, sig)
			}
			return a.addSignatures(args[0], next, before, list...)
		},
	}
	cmd.Flags().StringVar(&previous, "previous", "", "the file of the keyring before, whose custodians sign")
	_ = cmd.MarkFlagRequired("previous") // the flag is there
	return cmd
}

func (a *app) readKeyrings(next, previous string) (n, p custody.Keyring, err error) {
	if n, err = a.readKeyring(next); err != nil {
		return n, p, err
	}
	p, err = a.readKeyring(previous)
	return n, p, err
}

// addSignatures writes them into the file, and says how many are lacking.
func (a *app) addSignatures(file string, next, before custody.Keyring, list ...custody.Signature) (err error) {
	for _, sig := range list {
		if next, err = next.SignedBy(sig, before); err != nil {
			return err
		}
	}
	if err := unwritten(file, wholefile.Replace(file, []byte(next.Text()), 0o644)); err != nil {
		return err
	}
	if missing := next.Missing(before); missing > 0 {
		fmt.Fprintf(a.stdout, "Signed by %d. It takes %d more.\n", len(next.Signatures), missing)
		return nil
	}
	fmt.Fprintf(a.stdout, "Signed by %d, which is enough. Next: batsignal custody load %s\n", len(next.Signatures), file)
	return nil
}
