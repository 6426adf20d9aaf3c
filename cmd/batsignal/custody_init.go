package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/wholefile"
)

// ceremonyFlags are what a ceremony begins with.
type ceremonyFlags struct {
	bot, switchboard, out string
	k                     int
	custodians            []string
}

func (f *ceremonyFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.bot, "bot", "", "the file with the line of the bot (batsignal escrow keys)")
	flags.StringVar(&f.switchboard, "switchboard", "", "the file with the line of the switchboard (batsignal escrow keys)")
	flags.IntVar(&f.k, "k", 3, "how many custodians can open together")
	flags.StringArrayVar(&f.custodians, "custodian", nil, "'NAME;PLACE;RECIPIENT': who keeps a share, where, and the age recipient that it is encrypted to, or the word sheet; once for each")
	flags.StringVar(&f.out, "out", "", "the directory for the keyring and the handouts")
	for _, name := range []string{"bot", "switchboard", "custodian", "out"} {
		_ = cmd.MarkFlagRequired(name) // the flag is there
	}
}

func newCustodyInitCommand(a *app) *cobra.Command {
	var f ceremonyFlags
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Hold the first ceremony, on an offline laptop: make the keyring and its shares",
		Long: `Init makes the custody key, splits it and forgets it, all in memory: what is left is
the keyring, which is public, and one file for each custodian. It needs no configuration, no
database and no network: take a laptop that was started from a read-only medium, with its
network off, and custodians around the table.

A recipient of age, from age-keygen or a plugin such as age-plugin-yubikey, gets the share
encrypted; "sheet" makes a page to be printed. No two shares may be at one place. Nothing
that is there already is written over.`,
		Example: `  batsignal custody init --bot bot.txt --switchboard switchboard.txt --k 3 --out /media/stick \
    --custodian 'Ada;safe in Berlin;age1…' --custodian 'Bert;bank in Vienna;sheet' \
    --custodian 'Carla;YubiKey of Carla;age1yubikey1…' --custodian 'Dana;safe in Oslo;age1…' \
    --custodian 'Eve;notary in Graz;sheet'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.ceremony(cmd.Context(), f, custody.Keyring{}) },
	}
	f.add(cmd)
	return cmd
}

func newCustodyNextCommand(a *app) *cobra.Command {
	var f ceremonyFlags
	var previous string
	cmd := &cobra.Command{
		Use:   "next",
		Short: "Hold the ceremony of the following keyring: other custodians, or other keys of a host",
		Long: `Next makes a keyring with a custody key of its own, whenever a custodian comes or goes,
a share was seen or lost, or a host gets another key; at least once a year. Everybody gets a
new share: there is no way to go on with the old ones, since whoever leaves keeps theirs.

It is used only after as many custodians of the keyring before signed it as it takes to open
(batsignal custody sign-keyring), and then every sealed address must be wrapped for it
(batsignal custody rotate). The old shares are kept until that is over.`,
		Example: `  batsignal custody next --previous keyring-1.txt --bot bot.txt --switchboard switchboard.txt \
    --out /media/stick --custodian 'Ada;safe in Berlin;age1…' …`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			k, err := a.readKeyring(previous)
			if err != nil {
				return err
			}
			return a.ceremony(cmd.Context(), f, k)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&previous, "previous", "", "the file of the keyring before")
	_ = cmd.MarkFlagRequired("previous") // the flag is there
	return cmd
}

// ceremony makes the keyring after previous; the zero Keyring is before the first one.
func (a *app) ceremony(ctx context.Context, f ceremonyFlags, previous custody.Keyring) error {
	if err := harden(); err != nil {
		return err
	}
	talk := a.asker()
	if name := online(); name != "" {
		talk.say("Warning: this machine is on a network (%s). A ceremony belongs on one that is on none.\n", name)
	}
	p := custody.Params{K: f.k, Now: time.Now(), Terminal: talk.terminal(ctx)}
	var err error
	if p.Bot, err = a.readHost(f.bot, custody.SideBot); err != nil {
		return err
	}
	if p.Switchboard, err = a.readHost(f.switchboard, custody.SideSwitchboard); err != nil {
		return err
	}
	for _, text := range f.custodians {
		who, err := parseCustodian(text)
		if err != nil {
			return err
		}
		p.Custodians = append(p.Custodians, who)
	}
	file := filepath.Join(f.out, fmt.Sprintf("keyring-%d.txt", previous.Epoch+1))
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Conflict, "%s is there already. Take another directory; no ceremony writes over another one.", file)
	}
	var made custody.Outcome
	if previous.Epoch == 0 {
		made, err = custody.Init(p)
	} else {
		made, err = custody.Next(previous, p)
	}
	if err != nil {
		return err
	}
	if err := handOut(f.out, file, made); err != nil {
		return err
	}
	a.tellCeremony(f.out, file, made, previous)
	return nil
}

// online names a network that this machine is on; "" is none.
func online() string {
	list, err := net.Interfaces()
	if err != nil {
		return ""
	}
	for _, i := range list {
		if addresses, _ := i.Addrs(); i.Flags&net.FlagUp != 0 && i.Flags&net.FlagLoopback == 0 && len(addresses) > 0 {
			return i.Name
		}
	}
	return ""
}

func parseCustodian(text string) (custody.Invited, error) {
	parts := strings.Split(text, ";")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return custody.Invited{}, fault.New(fault.Invalid, "%q is not 'NAME;PLACE;RECIPIENT', such as 'Ada;safe in Berlin;age1…' or 'Bert;bank in Vienna;sheet'.", text)
	}
	return custody.Invited{Name: parts[0], Place: parts[1], Recipient: parts[2]}, nil
}

// handOut writes the handouts, and the keyring last: where it is, the ceremony is complete.
func handOut(dir, file string, made custody.Outcome) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.Wrap(fault.Invalid, err, "The directory %s cannot be made: %s.", dir, whyNot(err))
	}
	for _, h := range made.Handouts {
		path := filepath.Join(dir, h.File)
		if err := wholefile.Create(path, []byte(h.Text.Reveal()), 0o600); err != nil {
			return unwritten(path, err)
		}
	}
	return unwritten(file, wholefile.Create(file, []byte(made.Keyring.Text()), 0o644))
}

// tellCeremony says what there is now, and what each person must do.
func (a *app) tellCeremony(dir, file string, made custody.Outcome, previous custody.Keyring) {
	k := made.Keyring
	fmt.Fprintf(a.stdout, "Keyring %d is made: %d custodians, of whom %d can open together.\n\n", k.Epoch, k.N, k.K)
	a.tellFingerprint(k)
	fmt.Fprintln(a.stdout, "\nWhat each custodian does now:")
	for _, h := range made.Handouts {
		where := filepath.Join(dir, h.File)
		if h.Paper {
			fmt.Fprintf(a.stdout, "  %s prints %s, keeps the page at: %s. Then the file is removed (shred -u).\n", h.Custodian.Name, where, h.Custodian.Place)
			continue
		}
		fmt.Fprintf(a.stdout, "  %s takes %s (encrypted: %s), keeps it at: %s.\n", h.Custodian.Name, where, h.Custodian.Recipient, h.Custodian.Place)
	}
	fmt.Fprintf(a.stdout, "Each writes the fingerprint on paper, and drills once to see that the share works: batsignal custody drill --share FILE\n\n")
	if previous.Epoch == 0 {
		fmt.Fprintf(a.stdout, "Then, on a host of the bot: batsignal custody load %s\nand on both hosts, from the paper: batsignal custody trust FINGERPRINT\n", filepath.Base(file))
		return
	}
	fmt.Fprintf(a.stdout, "%d custodians of keyring %d must sign it before it is used, each with their old share:\n  batsignal custody sign-keyring %s --previous keyring-%d.txt --share FILE\nThen: batsignal custody load %s\nThe old shares are kept until the old wraps are dropped.\n",
		k.Missing(previous), previous.Epoch, filepath.Base(file), previous.Epoch, filepath.Base(file))
}

func (a *app) tellFingerprint(k custody.Keyring) {
	fmt.Fprintf(a.stdout, "Fingerprint of keyring %d: %s\n  whole: %s\n", k.Epoch, k.Short(), k.Fingerprint())
}
