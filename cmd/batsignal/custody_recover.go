package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/wholefile"
)

func newSealedExportCommand(a *app) *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the sealed addresses as one file, for the offline paths",
		Long: `Export writes everything that custodians need besides their shares: keyrings, sealed
addresses and handles, as of one moment. Nothing in it opens by itself; who has it and enough
shares opens all of it, so keep it as backups are kept. A dump of the database in plain SQL
serves as well.`,
		Example: "  batsignal custody export -o sealed.jsonl --config /etc/batsignal/batsignal.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withSide(cmd, func(ctx context.Context, s custodySide) error {
				if to == "" || to == "-" {
					return custody.ExportSealed(ctx, s.db, a.stdout)
				}
				return writeWith(to, func(w io.Writer) error { return custody.ExportSealed(ctx, s.db, w) })
			})
		},
	}
	cmd.Flags().StringVarP(&to, "output", "o", "", "the file to write; standard output if there is none")
	return cmd
}

// writeWith writes a file that is not there yet; a half of one does not stay.
func writeWith(path string, fill func(w io.Writer) error) error {
	var failed error
	err := wholefile.Fill(path, 0o600, func(w io.Writer) error {
		failed = fill(w)
		return failed
	})
	if failed != nil {
		return failed
	}
	return unwritten(path, err)
}

const recoverWarning = `
*** This opens private telephone numbers and addresses, on this screen. ***
Nothing records it: no ledger, no notice to their owners. Whoever does it tells the owners,
and the other custodians, what was opened and why. Be on a machine without a network, with
nobody behind you, and close the window afterwards.
`

// offline is what recover and restore-half read.
type offline struct {
	shareFlags
	backup string
}

func (o *offline) add(cmd *cobra.Command) {
	o.shareFlags.add(cmd, true)
	cmd.Flags().StringVar(&o.backup, "backup", "", "the backup: of batsignal custody export, or a dump in plain SQL")
	_ = cmd.MarkFlagRequired("backup") // the flag is there
}

// readOffline reads the backup and the shares. What is wrong with a share is said, and the
// others are used.
func (a *app) readOffline(ctx context.Context, o *offline, talk *asker) (custody.Backup, []custody.Share, error) {
	if err := harden(); err != nil {
		return custody.Backup{}, nil, err
	}
	f, err := openFile(o.backup)
	if err != nil {
		return custody.Backup{}, nil, err
	}
	defer f.Close()
	b, err := custody.ReadSealed(f)
	if err != nil {
		return b, nil, err
	}
	shares, trouble, err := o.all(ctx, talk)
	for _, t := range trouble {
		talk.say("Note: %s\n", t)
	}
	return b, shares, err
}

func newRecoverCommand(a *app) *cobra.Command {
	var o offline
	var handles []string
	var keyring string
	var everybody, piped bool
	cmd := &cobra.Command{
		Use:   "recover",
		Short: "Open sealed addresses from a backup, with shares and without any machine of ours",
		Long: `Recover is for the day on which both hosts are gone: with a backup and as many shares as it
takes it opens the sealed addresses of the people who are named, and prints them on this
terminal after a warning and a yes. It needs no configuration, no database and no network. A
share that is wrong is named, and the others are used.

Every other time, somebody who must see an address asks on the switchboard's page, where it is
recorded and its owner is told (batsignal custody approve).`,
		Example: `  batsignal custody recover --backup sealed.jsonl --handle jan --handle maria \
    --share share-1-1.age --share share-1-4.age --identity ada.txt --identity dana.txt --share -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f, ok := a.stdout.(*os.File); ok && !isTerminal(f) && !piped {
				return fault.New(fault.Forbidden, "Addresses are printed on a terminal only. If they must go somewhere else, say so: --not-on-a-terminal")
			}
			if len(handles) == 0 && !everybody {
				return fault.New(fault.Invalid, "Say whose: --handle, once for each, or --everybody.")
			}
			talk := a.asker()
			b, shares, err := a.readOffline(cmd.Context(), &o, talk)
			if err != nil {
				return err
			}
			defer wipeShares(shares)
			return a.recover(talk, b, shares, handles, keyring)
		},
	}
	o.add(cmd)
	cmd.Flags().StringVar(&keyring, "keyring", "", "the file of the shares' keyring, if the backup lacks it")
	cmd.Flags().StringArrayVar(&handles, "handle", nil, "whose addresses to open; once for each")
	cmd.Flags().BoolVar(&everybody, "everybody", false, "everybody's")
	cmd.Flags().BoolVar(&piped, "not-on-a-terminal", false, "print addresses although this is no terminal")
	cmd.MarkFlagsMutuallyExclusive("handle", "everybody")
	return cmd
}

func (a *app) recover(talk *asker, b custody.Backup, shares []custody.Share, handles []string, keyring string) error {
	if keyring != "" {
		k, err := a.readKeyring(keyring)
		if err != nil {
			return err
		}
		b = b.With(k)
	}
	if err := custody.Lacking(b, shares, handles); err != nil {
		return err // before anybody agrees to something
	}
	whose := "everybody"
	if len(handles) > 0 {
		whose = strings.Join(handles, ", ")
	}
	talk.say("%s\n", recoverWarning)
	if !talk.agrees(fmt.Sprintf("Open the sealed addresses of: %s?", whose)) {
		talk.say("Nothing was opened.\n")
		return said{exitFailed}
	}
	found, err := custody.Recover(b, shares, handles)
	if err != nil {
		return err
	}
	for _, note := range found.Notes {
		talk.say("Note: %s\n", note)
	}
	slices.SortStableFunc(found.Contacts, func(a, b custody.Opened) int {
		return cmp.Or(strings.Compare(a.Handle, b.Handle), strings.Compare(a.Kind, b.Kind))
	})
	for _, one := range found.Contacts {
		fmt.Fprintf(a.stdout, "%s  %s  %s\n", one.Handle, one.Kind, one.Address.Reveal())
	}
	talk.say("%d opened. Tell their owners.\n", len(found.Contacts))
	return nil
}
