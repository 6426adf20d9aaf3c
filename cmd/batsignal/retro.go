package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"batsignal/incidents/retrospective"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func newRetroCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "retro",
		Short:   "Read and write the retrospective of an incident",
		GroupID: groupUse,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRetroShowCommand(a), newRetroSetCommand(a))
	return cmd
}

func newRetroShowCommand(a *app) *cobra.Command {
	var edition int
	cmd := &cobra.Command{
		Use:     "show INCIDENT",
		Short:   "Print the document, as Markdown",
		Example: "  batsignal retro show INC-7 > retro.md",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			incident, err := incidentNumber(args[0])
			if err != nil {
				return err
			}
			return a.withParts(cmd, func(ctx context.Context, p *parts) error {
				e, err := p.retro.Get(ctx, incident, edition)
				if err != nil {
					return err
				}
				fmt.Fprintf(a.stderr, "batsignal: This is edition %d. To save a changed one: batsignal retro set %s FILE --as HANDLE --on %d\n", e.Number, args[0], e.Number)
				_, err = io.WriteString(a.stdout, e.Text)
				return err
			})
		},
	}
	cmd.Flags().IntVar(&edition, "edition", 0, "an older edition, by its number")
	return cmd
}

func newRetroSetCommand(a *app) *cobra.Command {
	var as string
	var on int
	cmd := &cobra.Command{
		Use:   "set INCIDENT FILE",
		Short: "Save a file as the next edition",
		Long: `Set saves a file (or -, what comes in) as the next edition of the document. Give the
edition that it was made from with --on, which show tells: if somebody has saved
another one since, nothing is saved. Older editions are kept in any case.`,
		Example: "  batsignal retro set INC-7 retro.md --as maria --on 3",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			incident, err := incidentNumber(args[0])
			if err != nil {
				return err
			}
			if as == "" {
				return fault.New(fault.Invalid, "Each edition is somebody's: say whose, with --as HANDLE.")
			}
			text, err := a.readDocument(args[1])
			if err != nil {
				return err
			}
			return a.withParts(cmd, func(ctx context.Context, p *parts) error {
				person, err := oncall.PersonByHandle(ctx, p.db.Pool, as)
				if err != nil {
					return err
				}
				if on == 0 {
					e, err := p.retro.Get(ctx, incident, 0)
					if err != nil {
						return err
					}
					on = e.Number
				}
				e, err := p.retro.Save(ctx, oncall.Actor{PersonID: person.ID, Handle: person.Handle, Network: cliNetwork}, incident, on, text)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(a.stdout, "The newest edition is %d, by %s, with %d letters.\n", e.Number, e.By, e.Letters)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "the handle of the person who wrote it")
	cmd.Flags().IntVar(&on, "on", 0, "the edition that it was made from; the newest if not said")
	return cmd
}

// incidentNumber reads 7 and INC-7.
func incidentNumber(text string) (int64, error) {
	digits := text
	if len(text) > 4 && strings.EqualFold(text[:4], "INC-") {
		digits = text[4:]
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 {
		return 0, fault.New(fault.Invalid, "%q is no incident. It should look like INC-7.", text)
	}
	return n, nil
}

// readDocument reads a file, or what comes in, a little more than a document may hold.
func (a *app) readDocument(name string) (string, error) {
	in := a.stdin
	if name != "-" {
		f, err := os.Open(name) // #nosec G304 -- the operator names it, who runs the program
		if err != nil {
			return "", fault.Wrap(fault.Invalid, err, "The document %s cannot be read: %v.", name, err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, 4*retrospective.Longest+1))
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "The document %s cannot be read: %v.", name, err)
	}
	return string(text), nil
}
