package slack

import (
	"context"
	"strings"
	"testing"

	"batsignal/bot/command"
	"batsignal/incidents/alert"
	"batsignal/incidents/announcement"
	"batsignal/incidents/reminder"
	"batsignal/incidents/runbook"
	"batsignal/integrations/job"
	"batsignal/integrations/vault"
	"batsignal/oncall/contact"
	"batsignal/oncall/secret"
)

// An installation that has everything has not more commands than Slack lets an app have, and
// each is described in no more bytes.
func TestManifestOfEverything(t *testing.T) {
	all := command.Vocabulary(command.Services{
		Alerts: &alert.Service{}, Runbooks: &runbook.Service{}, Reminders: &reminder.Service{}, Announcements: &announcement.Service{},
		Jobs:        &job.Service{Definitions: []job.Definition{{Name: "unseal-main"}, {Name: "backup-own"}, {Name: "verify-own"}}},
		Vaults:      []*vault.Vault{{Name: "main"}},
		Switchboard: func(context.Context, int64, contact.LinkPurpose) (secret.Text, error) { return secret.Text{}, nil },
	})
	verbs := VerbsOf(all, "batsignal")
	for _, c := range all {
		if len(c.Summary) > 100 {
			t.Errorf("%s is described in %d bytes: %s", c.Name, len(c.Summary), c.Summary)
		}
	}
	text, err := Manifest(verbs, ManifestOptions{Network: "acme", Emergency: "batsignal"})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), `"command":`); n > 50 || n < 45 || !strings.Contains(string(text), `"/job"`) {
		t.Errorf("%d of %d commands\n%s", n, len(verbs), text)
	}
}
