package slack

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"batsignal/bot/command"
)

const (
	guide       = "../../docs/slack.md"
	scopesBegin = "<!-- scopes: written by make docs -->\n"
	scopesEnd   = "<!-- end of scopes -->\n"
)

// TestDocsScopes keeps the guide's table of what the app may do.
func TestDocsScopes(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), scopesBegin)
	_, after, ends := strings.Cut(rest, scopesEnd)
	if !begins || !ends {
		t.Fatalf("%s has no place for the scopes", guide)
	}
	table := "\n| Scope | Why |\n| --- | --- |\n"
	for _, s := range Scopes {
		table += fmt.Sprintf("| `%s` | %s |\n", s.Name, s.Why)
	}
	compare(t, guide, before+scopesBegin+table+"\n"+scopesEnd+after)
}

// The manifest is what an admin pastes: every verb as a slash command of a name that
// Slack lets an app have, and the rights and events that the code uses.
func TestManifest(t *testing.T) {
	verbs := VerbsOf(command.Vocabulary(command.Services{}), "batsignal")
	text, err := Manifest(verbs, ManifestOptions{Network: "acme", Emergency: "batsignal"})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, filepath.Join("testdata", "manifest.json"), string(text)+"\n")

	var m struct {
		Features struct {
			SlashCommands []struct {
				Command     string `json:"command"`
				URL         string `json:"url"`
				Description string `json:"description"`
				UsageHint   string `json:"usage_hint"`
			} `json:"slash_commands"`
		} `json:"features"`
	}
	text, err = Manifest(VerbsOf(command.Vocabulary(command.Services{}), "redalert"), ManifestOptions{
		Network: "acme", Emergency: "redalert", SlashPrefix: "bs-", PublicURL: "https://bat.example.org/",
	})
	if err != nil || json.Unmarshal(text, &m) != nil {
		t.Fatal(err)
	}
	d := painter(t)
	d.cfg.Emergency, d.cfg.SlashPrefix = "redalert", "bs-"
	seen := map[string]bool{}
	for _, c := range m.Features.SlashCommands {
		name := strings.TrimPrefix(c.Command, "/")
		if seen[name] || slices.Contains(builtIn, name) || len(c.Command) > 32 || len(c.Description) > 100 || len(c.UsageHint) > 100 || c.Description == "" {
			t.Errorf("%+v", c)
		}
		seen[name] = true
		if c.URL != "https://bat.example.org/slack/acme/commands" {
			t.Error(c.URL)
		}
		if verb := d.verbOf(c.Command); "/bs-"+verb != c.Command {
			t.Errorf("%s is read as %s", c.Command, verb)
		}
	}
	if !seen["bs-redalert"] || !seen["bs-status"] || !seen["bs-help"] || len(seen) > 50 { // so many an app may have
		t.Errorf("%v", seen)
	}
	d = painter(t)
	for command, verb := range map[string]string{"/batsignal": "batsignal", "/batsignal-status": "status", "/batsignal-help": "help", "/page": "page", "/batsignal-page": "batsignal-page"} {
		if got := d.verbOf(command); got != verb {
			t.Errorf("%s is read as %s", command, got)
		}
	}
}

func compare(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("%s is stale, run make golden (%v)", file, err)
	}
}
