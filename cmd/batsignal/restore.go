package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"batsignal/integrations/backup"
	"batsignal/integrations/pgbackup"
	storage "batsignal/integrations/place"
	"batsignal/integrations/seal"
	"batsignal/migrations/pglocal"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func newRestoreCommand(a *app) *cobra.Command {
	var f fetching
	var rehearse, yes bool
	cmd := &cobra.Command{
		Use:   "restore FILE | --place NAME KEY",
		Short: "Bring the bot's own database back from a backup",
		Long: `Restore brings the bot's own database back into an empty one: the private database of a new
state directory, or the one in database.url, as its owner (database.owner_url). It reads the
backup from a file, or from a place of the configuration, sees that it is whole, restores it,
and brings it to this program's version. Then it says what is to be done before the bot may
start; do that in its order. It refuses a database that is not empty.

KEY is as batsignal backup list --place NAME shows it; the name of a job, such as
backup-own, is its newest. A file that ends with .age or .gpg is opened with your key first.

With --rehearse the same is done on a server that is thrown away: it shows that it works,
and how long it takes.`,
		Example: `  batsignal restore --place offsite backup-own --identity ~/key.txt
  batsignal restore backup.pgdump.tar
  batsignal restore --rehearse --place offsite backup-own --identity ~/key.txt`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			begun := time.Now()
			from, c, err := a.restoreFrom(cmd, &f, args[0])
			if err != nil {
				return err
			}
			a.doing("reading it once, to see that it is whole: " + from.name)
			if err := from.check(cmd.Context()); err != nil {
				return err
			}
			if rehearse {
				return a.rehearse(cmd.Context(), c, from, begun)
			}
			return a.restore(cmd.Context(), c, from, yes)
		},
	}
	f.flags(cmd)
	cmd.Flags().BoolVar(&rehearse, "rehearse", false, "restore on a server that is thrown away, and into no database")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// toRestore is a backup that is restored from; it can be read again.
type toRestore struct {
	name string
	read func(ctx context.Context, w io.Writer) error // writes it, opened
}

// restoreFrom finds the backup, in a place or in a file.
func (a *app) restoreFrom(cmd *cobra.Command, f *fetching, arg string) (toRestore, Config, error) {
	if f.place == "" {
		c, err := a.loadFor(cmd, func(_ Config, key string) bool { return strings.HasPrefix(key, "database.") })
		return toRestore{arg, func(ctx context.Context, w io.Writer) error {
			r, err := f.openSealed(ctx, arg)
			if err != nil {
				return err
			}
			_, err = io.Copy(w, r)
			return errors.Join(err, r.Close())
		}}, c, errors.Join(err, restorable(arg))
	}
	from, c, err := a.openPlace(cmd, f.place)
	if err != nil {
		return toRestore{}, c, err
	}
	key, err := newestOf(cmd.Context(), from, arg)
	if err != nil {
		return toRestore{}, c, err
	}
	opener, err := f.opener(cmd.Context(), key)
	if err != nil {
		return toRestore{}, c, err
	}
	return toRestore{key, func(ctx context.Context, w io.Writer) error { return a.fetch(ctx, from, key, opener, w) }}, c, restorable(key)
}

func (a *app) fetch(ctx context.Context, from storage.Named, key string, opener seal.Opener, w io.Writer) error {
	got, err := backup.Fetch(ctx, from, key, opener, w)
	if err == nil && !got.Checked {
		a.log.Warn("nothing beside the backup says what was stored, so it could not be compared", "key", key)
	}
	return noSuchBackup(err, from, key)
}

// restorable refuses what is restored another way.
func restorable(name string) error {
	if strings.Contains(filepath.Base(name), ".pgbase.tgz") {
		return fault.New(fault.Invalid, "%s is a copy of a whole server: it is restored by hand, as the text beside it says (%s.txt).", name, name)
	}
	return nil
}

// check reads it whole, so that nothing is begun with what is damaged.
func (r toRestore) check(ctx context.Context) error { return r.read(ctx, io.Discard) }

// into gives it as a stream.
func (r toRestore) into(ctx context.Context, use func(io.Reader) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, in := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = in.CloseWithError(r.read(ctx, in)) // it never fails
	}()
	err := use(out)
	if err == nil {
		_, err = io.Copy(io.Discard, out) // whether it ended well
	}
	_ = out.CloseWithError(io.ErrClosedPipe) // it never fails
	<-done
	return err
}

// restore restores into the database of the configuration.
func (a *app) restore(ctx context.Context, c Config, from toRestore, yes bool) error {
	where := "the private database of " + c.StateDir
	if !c.Database.URL.Empty() {
		where = "the database in database.url"
	}
	if !yes && !a.asker().agrees(fmt.Sprintf("%s is restored into %s, which must be empty.", from.name, where)) {
		return fault.New(fault.Invalid, "Nothing was restored.")
	}
	target, done, err := a.restoreTarget(ctx, c)
	if err != nil {
		return err
	}
	defer done()
	var out pgbackup.Restored
	err = from.into(ctx, func(r io.Reader) (err error) {
		out, err = target.Restore(ctx, r, a.doing)
		return err
	})
	if err != nil {
		return notRestored(c, err)
	}
	fmt.Fprintf(a.stdout, "It is restored: schema %d of then, %d now.\n", out.From, out.To)
	a.tellRestored(out)
	return nil
}

// notRestored says how one begins anew.
func notRestored(c Config, err error) error {
	again := "drop the database, make it anew (createdb), and try again"
	if c.Database.URL.Empty() {
		again = "move " + filepath.Join(c.StateDir, "postgres") + " away, and try again"
	}
	if fault.KindOf(err) == fault.Conflict {
		return fault.Wrap(fault.Conflict, err, "The database is not empty, and what is in it is not touched. If it is no longer needed, %s.", again)
	}
	return fault.Wrap(fault.KindOf(err), err, "%s The database may be half full now: %s.", fault.Say(err), again)
}

// restoreTarget gives the database that is restored into, and what ends its server.
func (a *app) restoreTarget(ctx context.Context, c Config) (pgbackup.Target, func(), error) {
	if !c.Database.URL.Empty() {
		if c.Database.OwnerURL.Empty() {
			return pgbackup.Target{}, nil, fault.New(fault.Invalid, "To restore, the configuration must say how to log in as the owner of the tables: database.owner_url_file.")
		}
		login, err := botLogin(c)
		return pgbackup.Target{DSN: c.Database.OwnerURL, Login: login, BinDir: c.Database.PGBinDir, Log: a.log}, func() {}, err
	}
	local, err := pglocal.Start(ctx, pglocal.Options{Dir: filepath.Join(c.StateDir, "postgres"), BinDir: c.Database.PGBinDir, Log: a.log})
	switch {
	case errors.Is(err, pglocal.ErrInUse):
		return pgbackup.Target{}, nil, fault.Wrap(fault.Unready, err, "A batsignal runs on %s. Stop it first, or choose another --state-dir.", c.StateDir)
	case errors.Is(err, pglocal.ErrNoPostgres):
		return pgbackup.Target{}, nil, fault.Wrap(fault.Unready, err, "PostgreSQL is not installed. On Debian or Ubuntu, as root: apt-get install postgresql.")
	case err != nil:
		return pgbackup.Target{}, nil, fault.Wrap(fault.Unready, err, "The private database cannot start: %v.", err)
	}
	db := &database{Local: local}
	done := func() {
		if err := db.ensureSwitchboard(context.WithoutCancel(ctx)); err != nil {
			a.log.Warn("the switchboard's login could not be made; the next start of the bot tries again", "error", err)
		}
		db.close()
	}
	return pgbackup.Target{DSN: secret.New(local.OwnerDSN()), Login: pglocal.BotRole, BinDir: local.BinDir(), Log: a.log}, done, nil
}

func (a *app) tellRestored(out pgbackup.Restored) {
	for _, f := range out.Facts {
		fmt.Fprintf(a.stdout, "  %s: %s\n", f[0], f[1])
	}
	fmt.Fprintln(a.stdout, "\nWhat to do now, in this order:")
	for i, next := range out.Next {
		fmt.Fprintf(a.stdout, "%2d. %s\n", i+1, next)
	}
	fmt.Fprintf(a.stdout, "%2d. %s\n", len(out.Next)+1, "In chat, before any job is resumed: !job run sweep-places. It finds the backups that were taken since, and holds them until they are proven.")
}

// doing tells what goes on, beside what is printed.
func (a *app) doing(what string) { fmt.Fprintf(a.stderr, "... %s\n", what) }
