package command_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"batsignal/bot/command"
	"batsignal/incidents/alert"
	"batsignal/incidents/announcement"
	"batsignal/incidents/reminder"
	"batsignal/incidents/runbook"
	"batsignal/integrations/job"
	"batsignal/integrations/vault"
)

const (
	referenceFile = "../../docs/commands.md"
	readmeFile    = "../../README.md"
	tableBegin    = "<!-- commands: written by make docs -->\n"
	tableEnd      = "<!-- end of commands -->\n"
)

// TestDocsCommands keeps docs/commands.md and the table of the README what the
// definitions say.
func TestDocsCommands(t *testing.T) {
	set, err := command.NewSet(command.Options{
		// As in an installation that decided nothing; see defaults in cmd/batsignal.
		WhoMay: map[command.Right]string{
			command.Fire: "everybody on the roster", command.Confirm: "everybody on the roster",
			command.Admin: "the admins of the configuration",
		},
	}, command.Vocabulary(command.Services{
		Alerts: &alert.Service{}, Switchboard: atSwitchboard(map[string]string{"switchboard": "yes"}), Runbooks: &runbook.Service{},
		Jobs: &job.Service{Definitions: []job.Definition{{Name: "unseal-main"}}}, Vaults: []*vault.Vault{{Name: "main"}},
		Reminders: &reminder.Service{}, Announcements: &announcement.Service{},
	}))
	if err != nil {
		t.Fatal(err)
	}
	keep(t, referenceFile, set.Reference())

	readme, err := os.ReadFile(readmeFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(readme), tableBegin)
	_, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatalf("the README has no place for the table of commands, between %q and %q", tableBegin, tableEnd)
	}
	keep(t, readmeFile, before+tableBegin+"\n"+set.ReferenceTable()+"\n"+tableEnd+after)
}

// keep compares a generated file with what it should say, or writes it.
func keep(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is stale, run make docs (-wanted +found)\n%s", file, diff)
	}
}
