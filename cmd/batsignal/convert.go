package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"batsignal/integrations/rosterimport"
	"batsignal/integrations/rosterimport/goalert"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/tree"
)

// conversion is how an export of another system is read.
type conversion struct {
	role, people, onto, output string
}

func newConvertCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "convert",
		Short:   "Make a file for apply out of what another system exports",
		GroupID: groupCare,
		Long: `Convert reads schedules and escalation policies as another system exports them, and
writes them as a file for batsignal plan and batsignal apply. What cannot be carried over
is said on standard error, thing by thing. It needs no database and changes nothing.

docs/imports.md says what to fetch from each system, and what becomes of it.`,
	}
	for _, system := range rosterimport.Systems() {
		cmd.AddCommand(newConvertFrom(a, system))
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "goalert-query",
		Short: "Print the query whose answer convert goalert reads",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.stdout, goalert.Query)
			return err
		},
	})
	return cmd
}

func newConvertFrom(a *app, system string) *cobra.Command {
	var how conversion
	cmd := &cobra.Command{
		Use:     system + " FILE…",
		Short:   "Read an export of " + rosterimport.Title(system),
		Example: fmt.Sprintf("  batsignal convert %s export.json --role coordination -o oncall.yaml\n  batsignal export | batsignal convert %s export.json --onto -", system, system),
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return a.convert(system, args, how) },
	}
	cmd.Flags().StringVar(&how.role, "role", "", "the role that the schedules serve")
	cmd.Flags().StringVar(&how.people, "people", "", "a YAML file that says who is who: an id, e-mail or name of the export, and the handle here (- leaves out)")
	cmd.Flags().StringVar(&how.onto, "onto", "", "a file as batsignal export writes it, into which the result goes, so that nothing else is retired")
	cmd.Flags().StringVarP(&how.output, "output", "o", "", "the file to write; standard output if there is none")
	return cmd
}

func (a *app) convert(system string, files []string, how conversion) error {
	o := rosterimport.Options{Role: how.role, Now: time.Now()}
	if how.people != "" {
		text, err := a.readFile(how.people)
		if err != nil {
			return err
		}
		if err := yaml.Unmarshal(text, &o.People); err != nil {
			return fault.Wrap(fault.Invalid, err, "The file %s should say who is who, line by line, like: jane@example.org: jane", how.people)
		}
	}
	texts := make([][]byte, len(files))
	for i, file := range files {
		var err error
		if texts[i], err = a.readFile(file); err != nil {
			return err
		}
	}
	f, notes, err := rosterimport.Convert(system, texts, o)
	if err != nil {
		return err
	}
	if how.onto != "" {
		onto, err := a.readTree(how.onto)
		if err != nil {
			return err
		}
		f = tree.Merge(onto, f)
	}
	for _, n := range notes {
		fmt.Fprintf(a.stderr, "%s\n", n)
	}
	fmt.Fprintf(a.stderr, "%s and %s carried over, with %s. Read the file, then: batsignal plan FILE.\n",
		oncall.Plural(len(f.Schedules), "schedule", "schedules"), oncall.Plural(len(f.Policies), "policy", "policies"), oncall.Plural(len(notes), "note", "notes"))
	if how.onto == "" {
		fmt.Fprintln(a.stderr, "Its sections are complete: applied as it is, it retires the schedules and policies that there are already. --onto keeps them.")
	}
	return a.write(how.output, tree.Encode(f))
}
