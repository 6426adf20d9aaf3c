package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes/archive"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func newImportCommand(a *app) *cobra.Command {
	r := importRun{app: a}
	cmd := &cobra.Command{
		Use:   "import FILE-OR-DIR…",
		Short: "Bring the meetings of an archive into the database",
		Long: `Import reads logs, and below directories every file whose name ends in .log.txt,
such as the tree that a MeetBot wrote. Their meetings are found and shown like those
that the bot was in itself, at the same paths as in the archive. What is there already
is left alone, so it may be repeated at will.

Actions of old meetings are shown with them and not opened: nobody is reminded of
them, unless --actions says so.`,
		Example: `  batsignal minutes import --network libera /var/www/meetbot
  batsignal minutes import --network libera --dialect openstack --room '#ops' ops.2026-11-22-03.03.log.txt`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return r.run(cmd, args) },
	}
	r.flags.add(cmd)
	r.flags.addDate(cmd)
	cmd.Flags().StringVar(&r.network, "network", "", "the network that the rooms are on; not needed if one is configured")
	cmd.Flags().BoolVar(&r.actions, "actions", false, "open the actions of these meetings, as if they had been held now")
	return cmd
}

// importRun is one call of the command.
type importRun struct {
	*app
	flags   logFlags
	network string
	actions bool

	set      logSetting
	service  *meeting.Service
	meetings int      // that are new
	there    int      // logs of which nothing was new
	skipped  []string // why, for each log with nothing in it
}

// archivedLog is one log, and where it is below what was named.
type archivedLog struct{ file, below string }

func (r *importRun) run(cmd *cobra.Command, args []string) (err error) {
	ctx := cmd.Context()
	if r.set, err = r.flags.read(); err != nil {
		return err
	}
	logs, err := logsIn(args)
	if err != nil {
		return err
	}
	c, db, service, err := r.openMeetings(cmd)
	if err != nil {
		return err
	}
	defer db.close()
	if r.service = service; r.network == "" {
		switch ids := c.networkIDs(); len(ids) {
		case 1:
			r.network = ids[0]
		case 0:
			r.network = consoleNetwork
		default:
			return fault.New(fault.Invalid, "Which network were these meetings on? Say --network with one of: %s.", strings.Join(ids, ", "))
		}
	}
	for _, log := range logs {
		if err := ctx.Err(); err != nil {
			return fault.Wrap(fault.Unready, err, "Interrupted. What was imported stays; say it again to go on.")
		}
		if err := r.one(cmd, log); err != nil {
			if fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.Unready {
				return err
			}
			r.skipped = append(r.skipped, fault.Say(err))
		}
	}
	for _, why := range r.skipped {
		fmt.Fprintf(r.stderr, "batsignal: skipped: %s\n", why)
	}
	fmt.Fprintf(r.stdout, "%s imported from %s; %d held nothing new, %d skipped.\n", oncall.Plural(r.meetings, "meeting", "meetings"),
		oncall.Plural(len(logs), "log", "logs"), r.there, len(r.skipped))
	if len(r.skipped) == len(logs) {
		return said{exitFailed}
	}
	return nil
}

// one imports one log.
func (r *importRun) one(cmd *cobra.Command, log archivedLog) error {
	text, err := readLog(log.file, nil)
	if err != nil {
		return err
	}
	at := archive.SourceOf(log.file)
	set := r.set.of(at)
	if set.room == "" {
		return fault.New(fault.Conflict, "%s does not tell by its name which room it is of. Say --room.", log.file)
	}
	lines := chatlog.Parse(text, chatlog.Options{Date: set.date, Zone: set.zone})
	if set.date.IsZero() && !chatlog.Dated(text) {
		return fault.New(fault.Conflict, "%s does not say of which day it is, and neither does its name. Say --date 2026-11-22.", log.file)
	}
	room := incidents.Room{Network: r.network, Room: set.room}
	starts := slices.ContainsFunc(lines, func(l chatlog.Line) bool { return set.dialect.IsStart(l.Event.Text) })
	if !starts {
		return fault.New(fault.Conflict, "There is no #startmeeting in %s.", log.file)
	}
	whole, err := filepath.Abs(log.file)
	if err != nil {
		return err
	}
	n, err := r.service.Import(cmd.Context(), room, meeting.ImportSetting{
		Dialect: set.dialect.Name, Path: archive.PathOf(whole, log.below), Actions: r.actions,
	}, lines)
	if err != nil {
		return fmt.Errorf("import %s: %w", log.file, err)
	}
	if r.meetings += n; n == 0 {
		r.there++
	}
	return nil
}

// logsIn are the logs that arguments name, in the order of their names below each.
func logsIn(args []string) (list []archivedLog, err error) {
	for _, arg := range args {
		st, err := os.Stat(arg)
		if err != nil {
			return nil, fault.New(fault.Invalid, "%s cannot be read: %s.", arg, fileTrouble(err))
		}
		if !st.IsDir() {
			list = append(list, archivedLog{arg, filepath.Base(arg)})
			continue
		}
		before := len(list)
		if err := filepath.WalkDir(arg, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(file, ".log.txt") {
				return err
			}
			below, err := filepath.Rel(arg, file)
			list = append(list, archivedLog{file, below})
			return err
		}); err != nil {
			return nil, fault.New(fault.Invalid, "%s cannot be read: %s.", arg, fileTrouble(err))
		}
		if len(list) == before {
			return nil, fault.New(fault.Invalid, "There is no log below %s: no file there has a name that ends in .log.txt.", arg)
		}
	}
	return list, nil
}

// openMeetings opens the database for what commands do with meetings.
func (a *app) openMeetings(cmd *cobra.Command) (Config, *database, *meeting.Service, error) {
	c, err := a.load(cmd)
	if err != nil {
		return c, nil, nil, err
	}
	db, err := openDatabase(cmd.Context(), c, true, quiet(a.log))
	if err != nil {
		return c, nil, nil, err
	}
	return c, db, &meeting.Service{DB: db.Pool, Now: time.Now, Log: a.log, Policy: policyOf(c)}, nil
}
