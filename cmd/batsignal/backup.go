package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"batsignal/integrations/backup"
	storage "batsignal/integrations/place"
	"batsignal/integrations/seal"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/wholefile"
)

func newBackupCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "backup",
		Short:   "See what backups there are, and fetch one, also when all else is lost",
		GroupID: groupCare,
		Long: `Backup works with the places of backups (jobs.places) directly. With --place it needs no
database and no running bot: only the configuration, with what it takes to reach that one
place. Backups are taken, tested and deleted by jobs: see docs/backups.md.`,
	}
	cmd.AddCommand(newBackupListCommand(a), newBackupFetchCommand(a), newBackupForgetPlaceCommand(a))
	return cmd
}

// fetching is how a backup in a place, or in a file, is reached and opened.
type fetching struct {
	place, identity, gnupgHome string
}

func (f *fetching) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.place, "place", "", "which of jobs.places it is read from")
	f.keyFlags(cmd)
}

func (f *fetching) keyFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.identity, "identity", "", "a file with your secret key of age, or of SSH, that opens it")
	cmd.Flags().StringVar(&f.gnupgHome, "gnupg-home", "", "the home of a gpg with your secret key, for a backup sealed with OpenPGP")
}

func newBackupFetchCommand(a *app) *cobra.Command {
	var f fetching
	var to string
	var sealed bool
	cmd := &cobra.Command{
		Use:   "fetch KEY",
		Short: "Read a backup from a place, see that it is whole, and open it",
		Long: `Fetch reads a backup, opens it with your key, and compares it with what stands beside it.
KEY is as batsignal backup list shows it; the name of a job, such as backup-wiki, is its
newest. The file is written only if all of that went well. On standard output (-o -) it is
whole and genuine only if the exit status is 0.

How it is restored stands beside it in the place, in KEY.txt: fetch that with --sealed.`,
		Example: `  batsignal backup fetch --place offsite backup-wiki --identity ~/key.txt -o backup.pgdump.tar
  batsignal backup fetch --place offsite backup-wiki/20261129T023000Z-12.pgdump.tar.age --sealed -o wiki.age
  batsignal backup fetch --place attic backup-keys/20261129T023000Z-13.tar.gpg --gnupg-home ~/.gnupg -o backup.tar`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			from, _, err := a.openPlace(cmd, f.place)
			if err != nil {
				return err
			}
			key, err := newestOf(ctx, from, args[0])
			if err != nil {
				return err
			}
			var opener seal.Opener
			if !sealed {
				if opener, err = f.opener(ctx, key); err != nil {
					return err
				}
			}
			var got backup.Fetched
			fill := func(w io.Writer) (err error) {
				got, err = backup.Fetch(ctx, from, key, opener, w)
				return err
			}
			if err := a.fill(to, fill); err != nil {
				return noSuchBackup(err, from, key)
			}
			fmt.Fprintf(a.stderr, "%s: %s, SHA-256 %s. %s\n", key, sizeWords(got.Size), got.SHA256, wholeWords(got))
			return nil
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVarP(&to, "output", "o", "", "the file to write; - is standard output")
	cmd.Flags().BoolVar(&sealed, "sealed", false, "leave it sealed")
	for _, name := range []string{"place", "output"} {
		_ = cmd.MarkFlagRequired(name) // the flag is there
	}
	return cmd
}

func wholeWords(got backup.Fetched) string {
	if got.Checked {
		return "That is what was stored."
	}
	return "Nothing beside it says what was stored, so it could not be compared."
}

// fill writes a file, whole or not at all, or to standard output.
func (a *app) fill(to string, fill func(io.Writer) error) error {
	if to == "-" {
		return fill(a.stdout)
	}
	var failed error
	err := wholefile.Fill(to, 0o600, func(w io.Writer) error {
		failed = fill(w)
		return failed
	})
	if failed != nil {
		return failed
	}
	return unwritten(to, err)
}

// opener opens the file of a key; nil if its place has opened it already.
func (f *fetching) opener(ctx context.Context, key string) (seal.Opener, error) {
	switch filepath.Ext(key) {
	case ".age":
		if f.identity == "" {
			return nil, fault.New(fault.Invalid, "It is sealed with age: say which key opens it, with --identity FILE.")
		}
		return seal.NewAgeOpener(f.identity)
	case ".gpg":
		if f.gnupgHome == "" {
			return nil, fault.New(fault.Invalid, "It is sealed with OpenPGP: say where the gpg is that has your secret key, with --gnupg-home DIR.")
		}
		return seal.NewPGPOpener(ctx, f.gnupgHome, secret.Text{})
	}
	return nil, nil
}

// openPlace gives a place of the configuration. Of the configuration only that place must be
// in order: on a new machine, little else is there yet.
func (a *app) openPlace(cmd *cobra.Command, name string) (storage.Named, Config, error) {
	c, err := a.loadFor(cmd, func(c Config, key string) bool {
		i := slices.IndexFunc(c.Jobs.Places, func(p placeConfig) bool { return p.Name == name })
		return i >= 0 && strings.HasPrefix(key, entry("jobs.places", i)) || strings.HasPrefix(key, "database.")
	})
	if err != nil {
		return storage.Named{}, c, err
	}
	var there []string
	for _, conf := range c.Jobs.Places {
		if conf.Name == name {
			at, err := backupPlace(conf)
			return storage.Named{Name: name, OffSite: conf.OffSite, Place: at}, c, err
		}
		there = append(there, conf.Name)
	}
	if len(there) == 0 {
		return storage.Named{}, c, fault.New(fault.Invalid, "The configuration names no places of backups: jobs.places. Is it the right one? See --config.")
	}
	return storage.Named{}, c, fault.New(fault.Invalid, "%q is none of jobs.places; there are: %s.", name, strings.Join(there, ", "))
}

// loadFor reads the configuration for a command that needs little of it: only what is wrong
// about keys that matter counts.
func (a *app) loadFor(cmd *cobra.Command, matters func(c Config, key string) bool) (Config, error) {
	l, err := a.loadAll(cmd)
	if l.found == nil {
		return l.Config, err
	}
	var found problems
	for _, p := range l.found {
		if matters(l.Config, p.key) {
			found = append(found, p)
		}
	}
	a.log = newLogger(a.stderr, l.Log)
	return l.Config, l.fault(found)
}

// newestOf gives the key of the newest backup of a job, where a job is named.
func newestOf(ctx context.Context, from storage.Named, key string) (string, error) {
	if strings.Contains(key, "/") {
		return key, nil
	}
	held, err := heldAt(ctx, from, key+"/")
	if err != nil {
		return "", err
	}
	if len(held) == 0 {
		return "", fault.New(fault.NotFound, "The place %s has no backup of the job %s. What it has, batsignal backup list --place %s shows.", from.Name, key, from.Name)
	}
	return held[len(held)-1].Key, nil
}

// noSuchBackup says where to look, if there is no such file.
func noSuchBackup(err error, from storage.Named, key string) error {
	if fault.KindOf(err) == fault.NotFound {
		return fault.Wrap(fault.NotFound, err, "The place %s has no %s. What it has, batsignal backup list --place %s shows.", from.Name, key, from.Name)
	}
	return err
}

// openSealed opens a sealed file of this machine, by the end of its name.
func (f *fetching) openSealed(ctx context.Context, name string) (io.ReadCloser, error) {
	opener, err := f.opener(ctx, name)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(name) // #nosec G304 -- whoever runs the program names it
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "%s cannot be read: %s.", name, whyNot(err))
	}
	if opener == nil {
		return file, nil
	}
	plain, err := opener.Open(ctx, file)
	if err != nil {
		_ = file.Close() // it was only read
		return nil, err
	}
	return both{plain, file}, nil
}

// both closes what is read, and what that reads from.
type both struct {
	io.ReadCloser
	below io.Closer
}

func (b both) Close() error {
	err := b.ReadCloser.Close()
	_ = b.below.Close() // it was only read
	return err
}
