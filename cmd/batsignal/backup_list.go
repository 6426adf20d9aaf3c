package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	storage "batsignal/integrations/place"
	"batsignal/integrations/snapshot"
	"batsignal/oncall"
)

func newBackupListCommand(a *app) *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use:   "list [JOB]",
		Short: "List the backups that there are",
		Long: `List shows the backups that the bot's database knows of, the newest first, with how far each
was proven. With --place it asks the place itself, by what stands beside each file, and
needs no database: that is for the day on which it is lost.`,
		Example: `  batsignal backup list
  batsignal backup list backup-wiki
  batsignal backup list --place offsite`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			of := strings.Join(args, "")
			if at != "" {
				from, _, err := a.openPlace(cmd, at)
				if err != nil {
					return err
				}
				return a.listPlace(cmd.Context(), from, of)
			}
			c, err := a.load(cmd)
			if err != nil {
				return err
			}
			db, err := openDatabase(cmd.Context(), c, true, a.log)
			if err != nil {
				return err
			}
			defer db.close()
			return a.listKnown(cmd.Context(), db, of)
		},
	}
	cmd.Flags().StringVar(&at, "place", "", "ask this one of jobs.places, and not the database")
	return cmd
}

// listKnown lists what the database knows of.
func (a *app) listKnown(ctx context.Context, db *database, of string) error {
	jobs := []string{of}
	if of == "" {
		var err error
		if jobs, err = snapshot.Jobs(ctx, db.Pool); err != nil {
			return err
		}
	}
	t := newTable(a.stdout, "NUMBER", "TAKEN (UTC)", "SIZE", "PROVEN", "WHERE", "KEY")
	for _, name := range jobs {
		list, err := snapshot.List(ctx, db.Pool, snapshot.Query{Job: name, States: []snapshot.State{snapshot.Kept}})
		if err != nil {
			return err
		}
		for _, s := range list {
			var where []string
			key := ""
			for _, c := range s.Copies {
				if c.Intact() {
					where = append(where, c.Place)
					key = longer(key, c.Key)
				}
			}
			t.row(strconv.FormatInt(s.ID, 10), minuteUTC(s.TakenAt), sizeWords(s.Size()), provenWords(s), strings.Join(where, ", "), key)
		}
	}
	return t.end("There are no backups.")
}

// longer is the key that says more: in a place that seals by itself it lacks how it is sealed.
func longer(a, b string) string {
	if len(b) > len(a) {
		return b
	}
	return a
}

func provenWords(s snapshot.Snapshot) string {
	switch {
	case !s.Complete():
		return "not complete"
	case s.Checked == snapshot.Failed:
		return "failed"
	case s.Verified():
		return "verified"
	case s.Level > 0:
		return "V" + strconv.Itoa(s.Level)
	}
	return "no"
}

// listPlace lists what a place has.
func (a *app) listPlace(ctx context.Context, from storage.Named, of string) error {
	prefix := ""
	if of != "" {
		prefix = of + "/"
	}
	all, err := heldAt(ctx, from, prefix)
	if err != nil {
		return err
	}
	t := newTable(a.stdout, "TAKEN (UTC)", "SIZE", "KEY")
	var unread []error
	slices.Reverse(all)
	for _, h := range all {
		taken, size := h.StoredAt, h.Size
		note, err := backup.ReadNote(ctx, from, h.Key)
		switch {
		case err == nil:
			taken, size = note.TakenAt, note.Size
		case errors.Is(err, storage.ErrNone):
			h.Key += "  (nothing beside it says what it is)"
		default:
			unread = append(unread, err)
		}
		t.row(minuteUTC(taken), sizeWords(size), h.Key)
	}
	return errors.Join(t.end("There are no backups at "+from.Name+"."), errors.Join(unread...))
}

// heldAt are the backups of a place, the oldest of each job first, without what stands beside
// them.
func heldAt(ctx context.Context, from storage.Named, prefix string) ([]storage.File, error) {
	all, err := from.List(ctx, prefix)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(f storage.File) bool {
		for _, end := range []string{".json", ".txt"} {
			if of, beside := strings.CutSuffix(f.Key, end); beside && slices.ContainsFunc(all, func(o storage.File) bool { return o.Key == of }) {
				return true
			}
		}
		return false
	}), nil
}

func minuteUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func sizeWords(n int64) string { return job.Bytes(n) }

// table is a list for people, with a line above that says what is what.
type table struct {
	out  io.Writer
	tab  *tabwriter.Writer
	head []string
	rows int
}

func newTable(out io.Writer, head ...string) *table {
	return &table{out: out, tab: tabwriter.NewWriter(out, 0, 4, 2, ' ', 0), head: head}
}

func (t *table) row(cells ...string) {
	if t.rows++; t.rows == 1 {
		fmt.Fprintln(t.tab, strings.Join(t.head, "\t"))
	}
	fmt.Fprintln(t.tab, strings.Join(cells, "\t"))
}

// end writes it; none is what is said if there are no rows.
func (t *table) end(none string) error {
	if t.rows == 0 {
		_, err := fmt.Fprintln(t.out, oncall.UpperFirst(none))
		return err
	}
	return t.tab.Flush()
}
