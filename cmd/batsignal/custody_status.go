package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall/custody"
	"batsignal/oncall/custody/quorum"
	"batsignal/oncall/fault"
)

func newCustodyStatusCommand(a *app) *cobra.Command {
	var plan string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell which shares are there, when they were drilled, and every key there is",
		Long: `Status tells how custody stands: whose share was drilled when, how many are there and how
many it takes, the inventory of every key, and which keyring this host trusts. With --plan,
a file that says where keys are and who reads which place (batsignal custody plan --help),
it also tells how many people it really takes.

It ends with status 1 if so few shares are there that custodians must be paged.`,
		Example: `  batsignal custody status --config /etc/batsignal/batsignal.yaml
  batsignal custody status --plan places.txt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var rest quorum.Plan
			if plan != "" {
				text, err := a.readFile(plan)
				if err != nil {
					return err
				}
				if rest, err = quorum.ParsePart(string(text)); err != nil {
					return err
				}
			}
			return a.withSide(cmd, func(ctx context.Context, s custodySide) error { return a.custodyStatus(ctx, s, rest, plan != "") })
		},
	}
	cmd.Flags().StringVar(&plan, "plan", "", "a file that says where keys are, and who reads which place")
	return cmd
}

func (a *app) custodyStatus(ctx context.Context, s custodySide, rest quorum.Plan, reckon bool) error {
	now := time.Now()
	h, err := custody.Stand(ctx, s.db, now)
	if err != nil {
		return err
	}
	a.tellFingerprint(h.Keyring)
	fmt.Fprintf(a.stdout, "%s\n%s\n\n", h.Sentence, s.pinSentence(ctx))
	a.tellStandings(h)
	if next, waits, err := custody.Pending(ctx, s.db); err != nil {
		return err
	} else if waits {
		fmt.Fprintf(a.stdout, "\nKeyring %d (%s) waits: batsignal custody rotate on both hosts, then batsignal custody flip.\n", next.Epoch, next.Short())
	}
	p, err := custody.PlanOf(h.Keyring, rest)
	if err != nil {
		return err
	}
	a.tellInventory(custody.Inventory(h, p, now))
	if reckon {
		result, err := p.Reckon()
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "\n%s\n", strings.Join(result.Sentences(), "\n"))
	}
	if h.Level == custody.LevelPage || h.Level == custody.LevelAlarm {
		return said{exitFailed}
	}
	return nil
}

// pinSentence says whether this host trusts what is stored.
func (s custodySide) pinSentence(ctx context.Context) string {
	if _, err := s.home.trusted(ctx, s.db); err != nil {
		return "This host does not use it: " + fault.Say(err)
	}
	return fmt.Sprintf("The host of the %s trusts it.", s.home.side)
}

func (a *app) tellStandings(h custody.Health) {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SHARE\tCUSTODIAN\tKEPT AT\tAS\tDRILLED\tDUE")
	for _, one := range h.Standings {
		c := one.Custodian
		drilled, due := "not yet", one.Due.Format(time.DateOnly)
		if one.Drilled != nil {
			drilled = one.Drilled.Format(time.DateOnly)
		}
		switch {
		case !one.Live:
			due += " (counts as lost)"
		case one.Overdue:
			due += " (late)"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", c.N, c.Name, c.Place, c.Recipient, drilled, due)
	}
	_ = w.Flush() // writing fails as any writing to the output does
}

func (a *app) tellInventory(list []custody.Entry) {
	fmt.Fprintln(a.stdout, "\nEvery key:")
	before := ""
	for _, e := range list {
		if e.Purpose == before { // the other shares
			fmt.Fprintf(a.stdout, "  %s: at %s, readable by %s.%s\n", e.Key, strings.Join(e.Places, ", "), strings.Join(e.Holders, ", "), dueSentence(e))
			continue
		}
		before = e.Purpose
		fmt.Fprintf(a.stdout, "  %s: at %s, readable by %s.%s\n    What for: %s.\n    Without it: %s\n",
			e.Key, strings.Join(e.Places, ", "), strings.Join(e.Holders, ", "), dueSentence(e), e.Purpose, e.Without)
	}
}

func dueSentence(e custody.Entry) string {
	switch {
	case e.Due == nil:
		return ""
	case e.Overdue:
		return fmt.Sprintf(" Due since %s.", e.Due.Format(time.DateOnly))
	}
	return fmt.Sprintf(" Due on %s.", e.Due.Format(time.DateOnly))
}

func newRecordDrillCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "record-drill [LINE]",
		Short: "Store the line that a custodian's drill printed",
		Long: `Record-drill checks the line that batsignal custody drill printed, and stores it: the share
counts as being there for another month. The line is no secret; without an argument it is
read from standard input.`,
		Example: "  batsignal custody record-drill bsig1.drill.1.3.… --config /etc/batsignal/batsignal.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withSide(cmd, func(ctx context.Context, s custodySide) error {
				if err := s.needs(custody.SideBot); err != nil {
					return err
				}
				line, err := strings.Join(args, ""), error(nil)
				if line == "" {
					if line, err = a.asker().line(); err != nil {
						return fault.New(fault.Invalid, "There is no line to read.")
					}
				}
				c, day, err := custody.RecordDrill(ctx, s.db, time.Now(), line)
				if err != nil {
					return err
				}
				fmt.Fprintf(a.stdout, "The share of %s is there: drilled on %s.\n", c.Name, day.Format(time.DateOnly))
				return nil
			})
		},
	}
}

func newCustodyPlanCommand(a *app) *cobra.Command {
	var keyring string
	var k int
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Reckon how many people it really takes to open, and how many losses lose it",
		Long: `Plan reads a file that says where keys and shares are kept and who can read which place,
and reckons exactly: five shares in one repository that one admin reads are one share. Each
line is a place, an item or a way to open; what is behind # is for people:

  place safe in Berlin: ada, bert
  item share-1: token of ada, safe in Berlin
  item database: bot host
  open custody: 3 of share-1, share-2, share-3 and database
  open hosts: bot-key and switchboard-key and database

With --keyring the shares, their places, our other keys and both ways to open are known
already, and the file says only what is otherwise. It needs no configuration. It ends with
status 1 if fewer people can open than --k says, or nobody can.`,
		Example: `  batsignal custody plan places.txt --k 3
  batsignal custody plan places.txt --keyring keyring-1.txt --k 2`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.readFile(args[0])
			if err != nil {
				return err
			}
			p, err := a.planOf(string(text), keyring)
			if err != nil {
				return err
			}
			result, err := p.Reckon()
			if err != nil {
				return err
			}
			fmt.Fprintln(a.stdout, strings.Join(result.Sentences(), "\n"))
			if result.Open >= max(k, 1) {
				return nil
			}
			if result.Open > 0 {
				fmt.Fprintf(a.stdout, "That is fewer than %d.\n", k)
			}
			return said{exitFailed}
		},
	}
	cmd.Flags().IntVar(&k, "k", 3, "how many people it should take at least")
	cmd.Flags().StringVar(&keyring, "keyring", "", "the file of a keyring, whose shares are known already")
	return cmd
}

func (a *app) planOf(text, keyring string) (quorum.Plan, error) {
	if keyring == "" {
		return quorum.Parse(text)
	}
	k, err := a.readKeyring(keyring)
	if err != nil {
		return quorum.Plan{}, err
	}
	rest, err := quorum.ParsePart(text)
	if err != nil {
		return quorum.Plan{}, err
	}
	return custody.PlanOf(k, rest)
}
