package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"batsignal/bot/console"
	"batsignal/bot/play"
	"batsignal/incidents"
	"batsignal/migrations/pglocal"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/rosterfile"
	"batsignal/oncall/secret"
)

// tryOptions are what changes a play.
type tryOptions struct {
	script   string
	seed     uint64
	roster   string
	sleepers []string
}

func newTryCommand(a *app) *cobra.Command {
	var o tryOptions
	cmd := &cobra.Command{
		Use:     "try",
		Short:   "Play a whole incident on a fast clock, without a human",
		GroupID: groupUse,
		Long: `Try plays a scripted incident with invented people: somebody lights the
bat-signal, somebody confirms, people are rung until every role is filled, the
baton goes round, and it is resolved. Only time and the people are invented; the
database, the guard, the paging and the announcements are the real ones.

It uses a database of its own and leaves nothing behind. It ends with 0 only if
every role was filled.`,
		Example: `  batsignal try --script heartbleed
  batsignal try --sleepers release-engineering
  batsignal try --roster people.yaml --seed 7`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load(cmd)
			if err != nil {
				return err
			}
			return a.try(cmd.Context(), c, o)
		},
	}
	cmd.Flags().StringVar(&o.script, "script", "heartbleed", "which play: heartbleed")
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "decides how fast people answer")
	cmd.Flags().StringVar(&o.roster, "roster", "", "a roster file to play with instead of the example")
	cmd.Flags().StringSliceVar(&o.sleepers, "sleepers", nil, "roles in which everybody sleeps through everything")
	return cmd
}

func (a *app) try(ctx context.Context, c Config, o tryOptions) error {
	if o.script != "heartbleed" {
		return fault.New(fault.Invalid, "There is no script called %q. The one there is: heartbleed.", o.script)
	}
	roster, err := tryRoster(o.roster)
	if err != nil {
		return err
	}
	db, err := scratchDatabase(ctx, c, a)
	if err != nil {
		return err
	}
	defer db.close()

	fmt.Fprintf(a.stdout, "A play on a fast clock: heartbleed, seed %d. Times are UTC. Lines with > are people, the others the bot.\n\n", o.seed)
	crowd := play.NewCrowd(o.seed)
	stage, err := play.New(ctx, db.Pool.Web, play.Options{
		Start: play.HeartbleedStart(), Roles: rolesOf(c), Guard: guardOf(c), NewCode: crowd.Code,
		Prefix: c.Commands.Prefix, Emergency: c.Commands.Emergency, Log: quiet(a.log),
		Show: func(at time.Time, l console.Line) {
			fmt.Fprintf(a.stdout, "%s   %s\n", at.Format("15:04:05"), l)
			crowd.Hear(at, l)
		},
	})
	if err != nil {
		return err
	}
	defer stage.Close()
	if err := castRoster(ctx, stage, crowd, roster, o.sleepers); err != nil {
		return err
	}
	story := play.Heartbleed{Stage: stage, Crowd: crowd, Said: func(at time.Time, who, room, text string) {
		if room == "" {
			room = "(to batsignal)"
		}
		fmt.Fprintf(a.stdout, "%s > %s <%s> %s\n", at.Format("15:04:05"), room, who, text)
	}}
	empty, err := story.Play(ctx)
	if err != nil {
		return err
	}
	if err := summary(ctx, a.stdout, stage); err != nil {
		return err
	}
	if len(empty) > 0 {
		var titles []string
		for _, st := range empty {
			titles = append(titles, st.Role.Title)
		}
		return fault.New(fault.Unready, "Nobody took %s within an hour. Everybody in it was asked again and again.", oncall.JoinNames(titles))
	}
	return nil
}

// castRoster brings the people on the stage, and puts some to sleep.
func castRoster(ctx context.Context, stage *play.Stage, crowd *play.Crowd, roster rosterfile.File, sleepers []string) error {
	if err := stage.Cast(ctx, roster); err != nil {
		return err
	}
	for _, word := range sleepers {
		role, err := oncall.FindRole(ctx, stage.DB, word)
		if err != nil {
			return err
		}
		members, err := oncall.MembersOf(ctx, stage.DB, role.Name)
		if err != nil {
			return err
		}
		for _, m := range members {
			crowd.Asleep[m.Person.Handle] = true
		}
	}
	// Somebody always sleeps through it: the last role with anybody to spare.
	roles, err := oncall.Roles(ctx, stage.DB)
	if err != nil {
		return err
	}
	for _, r := range roles {
		members, err := oncall.MembersOf(ctx, stage.DB, r.Name)
		if err != nil {
			return err
		}
		if len(members) > 1 {
			crowd.SleepsThrough(r.Title)
		}
	}
	return nil
}

func tryRoster(file string) (rosterfile.File, error) {
	if file == "" {
		return rosterfile.Parse(rosterfile.Example)
	}
	text, err := os.ReadFile(file) // #nosec G304 -- the operator names it, who runs the program
	if err != nil {
		return rosterfile.File{}, fault.Wrap(fault.Invalid, err, "The roster %s cannot be read: %v.", file, err)
	}
	return rosterfile.Parse(text)
}

// scratchDatabase starts a Postgres that lives as long as the play.
func scratchDatabase(ctx context.Context, c Config, a *app) (*database, error) {
	dir, err := os.MkdirTemp("", "batsignal-try-")
	if err != nil {
		return nil, err
	}
	// A Postgres that runs as another user than we do must be able to walk there.
	if err := os.Chmod(dir, 0o711); err != nil { // #nosec G302 -- to walk through, not to read: see above
		return nil, err
	}
	local, err := pglocal.Start(ctx, pglocal.Options{Dir: filepath.Join(dir, "pg"), BinDir: c.Database.PGBinDir, Fast: true, Log: quiet(a.log)})
	if err != nil {
		_ = os.RemoveAll(dir) // empty, or nearly
		return nil, fault.Wrap(fault.Unready, err, "The database of the play cannot start: %v.", err)
	}
	db := &database{Local: local, scratch: dir}
	db.DSN = secret.New(local.BotDSN())
	if err := db.prepare(ctx, quiet(a.log)); err != nil {
		db.close()
		return nil, err
	}
	return db, nil
}

// summary tells from the rows how it went.
func summary(ctx context.Context, w io.Writer, stage *play.Stage) error {
	all, err := stage.Incidents.LastIncidents(ctx, 1)
	if err != nil || len(all) == 0 {
		return err
	}
	inc := all[0]
	states, err := stage.Incidents.RoleStates(ctx, inc.ID)
	if err != nil {
		return err
	}
	pages, err := stage.Incidents.PagesOf(ctx, inc.ID)
	if err != nil {
		return err
	}
	holders, err := stage.Incidents.BatonHistory(ctx, inc.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s, severity %d, %s: %s\n\n", inc.Ref(), inc.Severity, inc.Status, inc.Title)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "role\tfilled by\tafter\trung for it")
	for _, st := range states {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", st.Role.Title, filledBy(st), filledAfter(st, inc), rungFor(st, pages))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nThe baton: %s\n", strings.Join(holders, ", then "))
	return nil
}

func filledBy(st incidents.RoleState) string {
	if len(st.Filled) == 0 {
		return "nobody"
	}
	return st.Filled[0].Handle
}

func filledAfter(st incidents.RoleState, inc incidents.Incident) string {
	if len(st.Filled) == 0 {
		return "-"
	}
	return st.Filled[0].Since.Sub(inc.OpenedAt).String()
}

func rungFor(st incidents.RoleState, pages []paging.Page) string {
	var names []string
	for _, p := range pages {
		if p.Slot != paging.RoleSlot(st.Role.Name) {
			continue
		}
		what := "answered"
		if p.State != paging.PageAcked {
			what = "no answer"
		}
		names = append(names, p.Handle+" ("+what+")")
	}
	return strings.Join(names, ", ")
}
