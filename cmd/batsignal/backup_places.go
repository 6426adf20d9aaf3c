package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"batsignal/integrations/snapshot"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

// placeNames are the places of the configuration, never nil: none is not any.
func placeNames(c Config) []string {
	names := make([]string, len(c.Jobs.Places))
	for i, p := range c.Jobs.Places {
		names[i] = p.Name
	}
	return names
}

func newBackupForgetPlaceCommand(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "forget-place NAME",
		Short: "Say that a place of backups will not come back",
		Long: `Forget-place tells the bot's database that a place which the configuration does not name any
more will not come back. Until then its copies are out of reach: they count for nothing, and
stay noted, since the place may come back. Afterwards they are gone from the list, and so are
backups that lay only there.

Nothing is deleted at the place itself. It refuses a place that the configuration names, and
one in which the only copy of a backup lies that somebody holds.`,
		Example: "  batsignal backup forget-place attic",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.load(cmd)
			if err != nil {
				return err
			}
			db, err := openDatabase(cmd.Context(), c, true, a.log)
			if err != nil {
				return err
			}
			defer db.close()
			return a.forgetPlace(cmd.Context(), c, db, args[0], yes)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (a *app) forgetPlace(ctx context.Context, c Config, db *database, name string, yes bool) error {
	if slices.Contains(placeNames(c), name) {
		return fault.New(fault.Conflict, "%s is one of jobs.places. Take it out of the configuration first, and start the bot anew.", name)
	}
	away, err := snapshot.OutOfReach(ctx, db.Pool, "", placeNames(c))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(away, func(u snapshot.Unreached) bool { return u.Place == name })
	if i < 0 {
		return fault.New(fault.NotFound, "No copy is noted at a place called %s.", name)
	}
	if !yes && !a.asker().agrees(fmt.Sprintf("%s of %s will not count again, also if the place comes back.", oncall.UpperFirst(away[i].Says()), oncall.Plural(away[i].Snapshots, "backup", "backups"))) {
		return fault.New(fault.Invalid, "Nothing was changed.")
	}
	f, err := snapshot.Forget(ctx, db.Pool, time.Now(), audit.By{Network: "cli"}, "somebody at the shell", name)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "The place %s is given up, with %s.\n", name, oncall.Plural(int(f.Copies), "copy", "copies"))
	if n := len(f.Gone); n > 0 {
		fmt.Fprintf(a.stdout, "%s only there, and %s not known any more.\n", oncall.Plural(n, "backup lay", "backups lay"), map[bool]string{true: "is", false: "are"}[n == 1])
	}
	return nil
}

// outOfReach tells of copies in places that the configuration does not name.
func (d *doctor) outOfReach(ctx context.Context) {
	if d.db == nil {
		return
	}
	away, err := snapshot.OutOfReach(ctx, d.db.Pool, "", placeNames(d.c))
	if err != nil {
		d.tell("copies of backups", err, "")
		return
	}
	for _, u := range away {
		d.note("place "+u.Place, strings.Join([]string{
			u.Says() + " noted, and jobs.places does not name it: they are out of reach, and count for nothing.",
			"Name it again, or, if it will not come back: batsignal backup forget-place " + u.Place,
		}, " "))
	}
}
