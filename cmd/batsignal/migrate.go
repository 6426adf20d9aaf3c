package main

import (
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"batsignal/migrations"
	"batsignal/oncall/fault"
)

func newMigrateCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "migrate",
		Short:   "Bring the database to this version",
		GroupID: groupCare,
		Long: `Migrate makes and changes the tables, as the role that owns them
(database.owner_url). It may run while bots run, in several places at once, and
again at any time. The private Postgres needs no migrate: every start sees to it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load(cmd)
			if err != nil {
				return err
			}
			if c.Database.URL.Empty() {
				db, err := openDatabase(cmd.Context(), c, true, a.log)
				if err != nil {
					return err
				}
				db.close()
				fmt.Fprintln(a.stdout, "The private database is up to date.")
				return nil
			}
			if c.Database.OwnerURL.Empty() {
				return fault.New(fault.Invalid, "To migrate, the configuration must say how to log in as the owner of the tables: database.owner_url_file.")
			}
			login, err := botLogin(c)
			if err != nil {
				return err
			}
			result, err := migrations.Up(cmd.Context(), c.Database.OwnerURL.Reveal(), login, a.log)
			if err != nil {
				return fault.Wrap(fault.Unready, err, "The database cannot be brought up to date: %v.", err)
			}
			if !result.Changed() {
				fmt.Fprintf(a.stdout, "Nothing to do: the database is at version %d.\n", result.To)
				return nil
			}
			fmt.Fprintf(a.stdout, "The database went from version %d to %d.\n", result.From, result.To)
			return nil
		},
	}
}

// botLogin is the role that the bot logs in as, into a database of the operator's own.
func botLogin(c Config) (string, error) {
	bot, err := pgx.ParseConfig(c.Database.URL.Reveal())
	if err != nil {
		return "", fault.New(fault.Invalid, "database.url cannot be understood; it should look like postgres://name@host:5432/database.")
	}
	return bot.User, nil
}
