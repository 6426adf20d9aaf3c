package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"batsignal/bot/command"
	"batsignal/bot/slack"
	"batsignal/oncall/fault"
)

func newSlackCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "slack",
		Short:   "Prepare a Slack workspace",
		GroupID: groupCare,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newManifestCommand(a))
	return cmd
}

func newManifestCommand(a *app) *cobra.Command {
	var id string
	var byHTTP bool
	cmd := &cobra.Command{
		Use:   "manifest",
		Short: "Print the app's manifest, to paste where Slack makes an app",
		Long: `Manifest prints what Slack must know of the app: its rights (the least that work),
events, slash commands and shortcuts, with the names of the configuration. Paste it at
https://api.slack.com/apps, Create New App, From a manifest. docs/slack.md is the
whole way.

Without --http it is for Socket Mode: we connect to Slack, and need no public address.`,
		Example: "  batsignal slack manifest --config /etc/batsignal/batsignal.yaml > manifest.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// The tokens that the configuration must name come after the manifest.
			l, err := a.loadAll(cmd)
			c := l.Config
			switch {
			case err != nil && l.file != "" && len(l.lines) == 0:
				return err
			case err != nil:
				fmt.Fprintf(a.stderr, "batsignal: The manifest is printed all the same, but: %s\n", fault.Say(err))
			}
			n := defaultSlack()
			if len(c.Slack) > 0 {
				n = c.Slack[0]
			}
			if id != "" {
				i := slices.IndexFunc(c.Slack, func(n slackConfig) bool { return n.ID == id })
				if i < 0 {
					return fault.New(fault.Invalid, "No Slack workspace %s is configured.", id)
				}
				n = c.Slack[i]
			}
			address := ""
			if byHTTP {
				address = c.Web.PublicURL
			}
			text, err := slack.Manifest(slack.VerbsOf(command.Vocabulary(command.Services{Switchboard: linkTo(c, nil, nil)}), c.Commands.Emergency), slack.ManifestOptions{
				Network: n.ID, Emergency: c.Commands.Emergency, SlashPrefix: n.SlashPrefix, PublicURL: address,
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.stdout, string(text))
			return err
		},
	}
	cmd.Flags().StringVar(&id, "id", "", "which workspace of the configuration, if there are several")
	cmd.Flags().BoolVar(&byHTTP, "http", false, "Slack posts events to web.public_url instead of a connection of ours")
	return cmd
}
