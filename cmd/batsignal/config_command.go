package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newConfigCommand(a *app) *cobra.Command {
	family := &cobra.Command{
		Use:     "config",
		Short:   "Write, check and show the configuration",
		GroupID: groupCare,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	family.AddCommand(
		&cobra.Command{
			Use:   "example",
			Short: "Print an annotated configuration file with every default",
			Args:  cobra.NoArgs,
			RunE:  func(*cobra.Command, []string) error { return writeExample(a.stdout) },
		},
		&cobra.Command{
			Use:   "check",
			Short: "Say everything that is wrong with the configuration",
			Args:  cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				if _, err := a.load(cmd); err != nil {
					return err
				}
				_, err := fmt.Fprintln(a.stdout, "The configuration is good.")
				return err
			},
		},
		&cobra.Command{
			Use:   "show",
			Short: "Print the configuration in force, and where each value came from",
			Long:  "Print the configuration in force, and where each value came from.\nSecrets are not shown.",
			Args:  cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				l, err := a.loadAll(cmd)
				if err != nil {
					return err
				}
				return writeConfig(a.stdout, l)
			},
		},
	)
	return family
}
