package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
)

func newDrillCommand(a *app) *cobra.Command {
	var f shareFlags
	var keyring string
	cmd := &cobra.Command{
		Use:   "drill",
		Short: "Show, once a month, that a share is there and works: prints a line to paste",
		Long: `Drill signs the day with the key that is derived of the share, and prints one line, to
be pasted into the bot (!custody drill) or the web, or mailed to whoever runs
batsignal custody record-drill. Whoever checks the line learns nothing about the share. It
needs no network. With --keyring it is first made sure that the share is of that keyring.`,
		Example: `  batsignal custody drill --share share-1-1.age --identity key.txt
  batsignal custody drill --share -      # typed from a sheet`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			talk := a.asker()
			s, err := f.read(talk)
			if err != nil {
				return err
			}
			defer s.Wipe()
			if keyring != "" {
				k, err := a.readKeyring(keyring)
				if err != nil {
					return err
				}
				c, err := k.Check(s)
				if err != nil {
					return err
				}
				talk.say("This is the share of custodian %d (%s) in keyring %d.\n", c.N, c.Name, k.Epoch)
			}
			sig, err := s.Drill(time.Now())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.stdout, sig)
			return err
		},
	}
	f.add(cmd, false)
	cmd.Flags().StringVar(&keyring, "keyring", "", "the file of the keyring that the share must be of")
	return cmd
}

// read is one, in a process that nobody else looks into.
func (f *shareFlags) read(talk *asker) (custody.Share, error) {
	if err := harden(); err != nil {
		return custody.Share{}, err
	}
	return f.one(talk)
}

// approveTitle begins each text that custodians are asked to sign for lane D, and
// approveEnd its last line (oncall/switchboard/dial): nothing else is signed by approve.
const (
	approveTitle = "batsignal: may this be shown?"
	approveEnd   = "asked: "
)

func newApproveCommand(a *app) *cobra.Command {
	var f shareFlags
	cmd := &cobra.Command{
		Use:   "approve [FILE]",
		Short: "Agree that a sealed address is shown to somebody: prints the signature to paste",
		Long: `Approve takes the text that the switchboard's page shows (from a file, or pasted),
shows what it asks, and asks whether you agree. If you do, it prints your signature, to be
pasted into that page. As many custodians must agree as it takes to open; then whoever asked
sees the address once, and its owner is told.

Ask the person who asks, by voice, before you agree. It needs no network.`,
		Example: `  batsignal custody approve --share share-1-1.age --identity key.txt
  batsignal custody approve request.txt --share -`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			talk := a.asker()
			text, err := a.approvalText(talk, args)
			if err != nil {
				return err
			}
			s, err := f.read(talk)
			if err != nil {
				return err
			}
			defer s.Wipe()
			talk.say("\n%s\n", indented(text))
			if !talk.agrees(fmt.Sprintf("Do you, custodian %d of keyring %d, agree?", s.Custodian, s.Epoch)) {
				talk.say("Nothing was signed.\n")
				return said{exitFailed}
			}
			sig, err := s.Sign(custody.PurposeApprove, text)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.stdout, sig)
			return err
		},
	}
	f.add(cmd, false)
	return cmd
}

// approvalText reads the text to sign, in the one form in which it is signed: what mail and
// terminals do to the ends of lines does no harm.
func (a *app) approvalText(talk *asker, args []string) (string, error) {
	next := talk.line
	if len(args) == 1 {
		page, err := a.readFile(args[0])
		if err != nil {
			return "", err
		}
		next = linesOf(string(page))
	} else {
		talk.say("Paste the text that the switchboard's page shows, from %q to the line that begins with %q:\n", approveTitle, approveEnd)
	}
	var text []string
	for {
		line, err := next()
		line = strings.TrimSpace(line)
		switch {
		case err != nil:
			return "", fault.New(fault.Invalid, "That is not the text that the switchboard's page shows: it begins with %q and its last line with %q.", approveTitle, approveEnd)
		case len(text) == 0 && line != approveTitle: // what stands before it
		case strings.ContainsFunc(line, notShown):
			return "", fault.New(fault.Invalid, "There are characters in the text that are not shown, so it is not signed.")
		default:
			if text = append(text, line); strings.HasPrefix(line, approveEnd) {
				return strings.Join(text, "\n") + "\n", nil
			}
		}
	}
}

func newSignKeyringCommand(a *app) *cobra.Command {
	var f shareFlags
	var previous string
	var into bool
	cmd := &cobra.Command{
		Use:     "sign-keyring NEXT",
		Aliases: []string{"sign"},
		Short:   "Sign the following keyring with a share of the one before",
		Long: `Sign-keyring shows what another keyring changes (who keeps shares, how many open, which
keys) and asks whether you agree. With --into it writes the signature into the file of the
new keyring; without, it prints it, and batsignal custody add-signature puts it there.

Compare the fingerprint with what was read out at the ceremony: a keyring that somebody else
made has another one.`,
		Example: "  batsignal custody sign-keyring keyring-2.txt --previous keyring-1.txt --share share-1-1.age --identity key.txt --into",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			next, before, err := a.readKeyrings(args[0], previous)
			if err != nil {
				return err
			}
			talk := a.asker()
			s, err := f.read(talk)
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
	if err := replaceText(file, next.Text(), 0o644); err != nil {
		return err
	}
	if missing := next.Missing(before); missing > 0 {
		fmt.Fprintf(a.stdout, "Signed by %d. It takes %d more.\n", len(next.Signatures), missing)
		return nil
	}
	fmt.Fprintf(a.stdout, "Signed by %d, which is enough. Next: batsignal custody load %s\n", len(next.Signatures), file)
	return nil
}
