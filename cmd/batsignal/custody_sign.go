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
be pasted into the page of custody (/custody), or mailed to whoever runs
batsignal custody record-drill. Whoever checks the line learns nothing about the share. It
needs no network. With --keyring it is first made sure that the share is of that keyring.`,
		Example: `  batsignal custody drill --share share-1-1.age --identity key.txt
  batsignal custody drill --share -      # typed from a sheet`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			talk := a.asker()
			s, err := f.read(cmd.Context(), talk)
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
		RunE: func(cmd *cobra.Command, args []string) error {
			talk := a.asker()
			text, err := a.approvalText(talk, args)
			if err != nil {
				return err
			}
			s, err := f.read(cmd.Context(), talk)
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
