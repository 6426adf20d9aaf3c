package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"batsignal/bot/command"
	"batsignal/incidents/minutes/archive"
	"batsignal/incidents/minutes/write"
	"batsignal/oncall/fault"
)

func newListCommand(a *app) *cobra.Command {
	var room string
	var most int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the newest meetings",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, db, service, err := a.openMeetings(cmd)
			if err != nil {
				return err
			}
			defer db.close()
			list, err := service.Shelf(cmd.Context(), room, most)
			if err != nil {
				return err
			}
			if len(list) == 0 {
				fmt.Fprintln(a.stdout, "There are no meetings yet. Somebody says #startmeeting in a room, or batsignal minutes import brings an archive in.")
				return nil
			}
			t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "id\tstarted (UTC)\tlines\ttitle\tpath")
			for _, m := range list {
				var marks []string
				if m.EndedAt == nil {
					marks = append(marks, "goes on")
				}
				if m.Restricted {
					marks = append(marks, "restricted")
				}
				if m.Imported {
					marks = append(marks, "imported")
				}
				fmt.Fprintf(t, "%d\t%s\t%d\t%s\t%s\t%s\n", m.ID, m.StartedAt.UTC().Format("2006-01-02 15:04"), m.Lines, command.Clean(m.Title), command.Clean(m.Path), strings.Join(marks, ", "))
			}
			return t.Flush()
		},
	}
	cmd.Flags().StringVar(&room, "room", "", "of this room only")
	cmd.Flags().IntVar(&most, "most", 50, "how many at most")
	return cmd
}

func newShowCommand(a *app) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "show ID|PATH",
		Short: "Print the minutes of a meeting",
		Example: `  batsignal minutes show 12
  batsignal minutes show ops/2026/ops.2026-11-22-03.03 --format md`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withMeetings(cmd, args, func(doc write.Doc) error {
				endings, err := formatsOf(doc.Dialect, []string{format})
				switch {
				case err != nil:
					return err
				case endings == nil:
					return fault.New(fault.Invalid, "One file can be shown at a time. batsignal minutes write writes all of them.")
				}
				return archive.Select(archive.FormatsFor(doc.Dialect), endings)[0].Write(a.stdout, doc)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "txt", "which of the files, such as md, html, log.txt")
	return cmd
}

func newWriteCommand(a *app) *cobra.Command {
	var out string
	var formats []string
	cmd := &cobra.Command{
		Use:   "write ID|PATH… --out DIR",
		Short: "Write the files of meetings anew, at their paths below a directory",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return noOut()
			}
			return a.withMeetings(cmd, args, func(doc write.Doc) error {
				endings, err := formatsOf(doc.Dialect, formats)
				if err != nil {
					return err
				}
				if err := (archive.Dir{Path: out, Formats: endings}).Put(cmd.Context(), doc); err != nil {
					return fault.Wrap(fault.Unready, err, "The files cannot be written to %s: %s. Choose another --out.", out, fileTrouble(err))
				}
				fmt.Fprintf(a.stdout, "%s: %s\n", command.Clean(doc.Path()), command.Clean(doc.Title()))
				return nil
			})
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "the directory")
	cmd.Flags().StringSliceVar(&formats, "format", nil, "which files to write, such as txt,html; without it, all")
	return cmd
}

// withMeetings reads meetings from the database, one after the other.
func (a *app) withMeetings(cmd *cobra.Command, refs []string, use func(write.Doc) error) error {
	_, db, service, err := a.openMeetings(cmd)
	if err != nil {
		return err
	}
	defer db.close()
	for _, ref := range refs {
		id, err := service.Named(cmd.Context(), ref)
		if err != nil {
			return err
		}
		doc, err := service.Doc(cmd.Context(), id)
		if err != nil {
			return err
		}
		if err := use(doc); err != nil {
			return err
		}
	}
	return nil
}
