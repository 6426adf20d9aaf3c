package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestSlackManifest reads what Slack must know of the app, before there is any token.
func TestSlackManifest(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	file := writeFile(t, dir, "batsignal.yaml", `
state_dir: state
web: {public_url: 'https://bat.example.org/'}
commands: {emergency: sos}
slack:
  - {id: acme, bot_token_file: not-yet, app_token_file: not-yet, home: '#ops', slash_prefix: bs-}
  - {id: other, bot_token_file: not-yet, signing_secret_file: not-yet, home: '#ops'}
`, 0o600)
	type manifest struct {
		Display  struct{ Name string } `json:"display_information"`
		Settings struct {
			Events struct {
				RequestURL string `json:"request_url"`
			} `json:"event_subscriptions"`
			Interactivity struct {
				RequestURL string `json:"request_url"`
			}
			Socket bool `json:"socket_mode_enabled"`
		}
		Features struct {
			Slash []struct{ Command, URL string } `json:"slash_commands"`
		}
		OAuth struct{ Scopes struct{ Bot []string } } `json:"oauth_config"`
	}
	manifestOf := func(args ...string) (m manifest, commands []string, r result) {
		t.Helper()
		r = shell(t, dir, append([]string{"slack", "manifest"}, args...)...)
		if r.status != exitOK {
			t.Fatalf("manifest %v: %s", args, r)
		}
		if err := json.Unmarshal([]byte(r.stdout), &m); err != nil {
			t.Fatalf("manifest %v is no JSON: %v: %s", args, err, r)
		}
		for _, c := range m.Features.Slash {
			commands = append(commands, c.Command)
		}
		return m, commands, r
	}
	has := func(list []string, want ...string) {
		t.Helper()
		for _, one := range want {
			if !slices.Contains(list, one) {
				t.Errorf("no %s in %q", one, list)
			}
		}
	}

	m, commands, r := manifestOf("--config", file)
	has(commands, "/bs-sos", "/bs-confirm", "/bs-ack", "/bs-status")
	has(m.OAuth.Scopes.Bot, "chat:write", "channels:manage")
	if !m.Settings.Socket || m.Settings.Events.RequestURL != "" || m.Features.Slash[0].URL != "" {
		t.Errorf("Socket Mode has addresses: %+v", m)
	}
	if !strings.Contains(r.stderr, "The manifest is printed all the same, but: ") || !strings.Contains(r.stderr, "there is no file "+dir+"/not-yet") {
		t.Errorf("what is missing yet is not told: %s", r.stderr)
	}

	m, commands, _ = manifestOf("--config", file, "--http", "--id", "other")
	has(commands, "/sos", "/confirm", "/sos-status") // Slack keeps /status for itself
	const hooks = "https://bat.example.org/slack/other"
	if m.Settings.Socket || m.Settings.Events.RequestURL != hooks+"/events" || m.Settings.Interactivity.RequestURL != hooks+"/actions" || m.Features.Slash[0].URL != hooks+"/commands" {
		t.Errorf("by HTTP: %+v", m)
	}

	_, commands, r = manifestOf() // without any configuration
	has(commands, "/batsignal", "/batsignal-status")
	if r.stderr != "" {
		t.Errorf("without a configuration there is a complaint: %s", r.stderr)
	}

	if r := shell(t, dir, "slack", "manifest", "--config", file, "--id", "nobody"); r.status == exitOK || !strings.Contains(r.stderr, "No Slack workspace nobody is configured.") {
		t.Errorf("an unknown workspace: %s", r)
	}
	if r := shell(t, dir, "slack", "manifest", "--help"); r.status != exitOK || !strings.Contains(r.stdout, "https://api.slack.com/apps") || !strings.Contains(r.stdout, "--http") {
		t.Errorf("help: %s", r)
	}
}

// TestSlackSettingsThatAreWrong has the program judge each slip in a configuration.
func TestSlackSettingsThatAreWrong(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	for name, token := range map[string]string{
		"bot": "xoxb-canary-xq7", "app": "xapp-canary-xq7", "user": "xoxp-canary-xq7", "secret": "canary-xq7-canary", "empty": "",
	} {
		writeFile(t, dir, name, token+"\n", 0o600)
	}
	writeFile(t, dir, "open", "xoxb-canary-xq7\n", 0o644)
	const good = "id: acme, bot_token_file: bot, app_token_file: app, home: '#ops'"
	for _, c := range []struct{ name, slack, want string }{
		{"good", "{" + good + "}", ""},
		{"good by HTTP", "{id: acme, bot_token_file: bot, signing_secret_file: secret, home: '#ops'}", ""},
		{"HTTP in the clear", "{id: acme, bot_token_file: bot, signing_secret_file: secret, home: '#ops'}", "slack[0].signing_secret_file: lets Slack post to web.public_url, which must be an https address that Slack can reach"},
		{"a user's token", "{id: acme, bot_token_file: user, app_token_file: app, home: '#ops'}", "slack[0].bot_token_file: holds no xoxb-... token; it must hold the bot token, from OAuth & Permissions"},
		{"the tokens the wrong way round", "{id: acme, bot_token_file: app, app_token_file: bot, home: '#ops'}", "slack[0].bot_token_file: holds no xoxb-... token; it must hold the bot token, from OAuth & Permissions|slack[0].app_token_file: holds no xapp-... token; it must hold an app-level token with the scope connections:write"},
		{"two ways to hear", "{" + good + ", signing_secret_file: secret}", "slack[0].signing_secret_file: is for events by HTTP, and app_token_file for Socket Mode; keep one of them"},
		{"no way to hear", "{id: acme, bot_token_file: bot, home: '#ops'}", "slack[0].app_token_file: must name a file with an app token (or give signing_secret_file, if Slack can reach web.public_url)"},
		{"no token", "{id: acme, app_token_file: app, home: '#ops'}", "slack[0].bot_token_file: must name a file with the bot token, from OAuth & Permissions"},
		{"an empty file", "{id: acme, bot_token_file: empty, app_token_file: app, home: '#ops'}", "slack[0].bot_token_file: " + dir + "/empty is empty; write the secret into it"},
		{"a file for everybody", "{id: acme, bot_token_file: open, app_token_file: app, home: '#ops'}", "slack[0].bot_token_file: everybody on this machine may read " + dir + "/open; run: chmod 600 " + dir + "/open"},
		{"the token itself", "{id: acme, bot_token: xoxb-canary-xq7, app_token_file: app, home: '#ops'}", "slack[0].bot_token: unknown key; batsignal config example lists every key."},
		{"the token as a name of a file", "{id: acme, bot_token_file: xoxb-canary-xq7, app_token_file: app, home: '#ops'}", "slack[0].bot_token_file: there is no file "},
		{"no channel", "{id: acme, bot_token_file: bot, app_token_file: app, home: 'Ops'}", "slack[0].home: must be a channel in small letters, such as '#security' (in quotes: # begins a comment)"},
		{"a comment", "\n    id: acme\n    bot_token_file: bot\n    app_token_file: app\n    home: #ops", "slack[0].home: must be a channel in small letters, such as '#security' (in quotes: # begins a comment)"},
		{"the number of a channel", "{id: acme, bot_token_file: bot, app_token_file: app, home: C0123ABCD}", "slack[0].home: must be a channel in small letters, such as '#security' (in quotes: # begins a comment)"},
		{"rooms", "{" + good + ", rooms: [infra], fallback_room: Fires}", `slack[0].rooms: "infra" is no channel; write it like '#infra'|slack[0].fallback_room: "Fires" is no channel; write it like '#incidents'`},
		{"one name for two", "{" + good + "}\n  - {" + good + "}", "slack[1].id: acme is there already; choose another name"},
		{"the name of an IRC network", "{id: libera, bot_token_file: bot, app_token_file: app, home: '#ops'}", "slack[0].id: libera is there already; choose another name"},
		{"before its end", "{" + good + ", archive_after: -1h}", "slack[0].archive_after: must not be negative; 0s is never"},
		{"a prefix with a slash", "{" + good + ", slash_prefix: /bs}", "slack[0].slash_prefix: must be at most 16 small letters, digits, hyphens and underscores, such as bs-"},
		{"silence", "{" + good + ", burst: 0, messages_per_second: 0}", "slack[0].burst: must be at least 1|slack[0].messages_per_second: must be more than 0, such as 1"},
		{"in the clear", "{" + good + ", api_url: 'http://slack.example.org/api/'}", "slack[0].api_url: must be an https address; leave it empty for Slack itself"},
		{"one channel for all", "{" + good + ", incident_room: '#war'}", "slack[0].incident_room: must be a room with {id} in it, such as '#inc-{id}-{slug}', so that no two incidents share one"},
		{"an impossible channel", "{" + good + ", incident_room: '#INC.{id}'}", "slack[0].incident_room: must be a channel in small letters, such as '#inc-{id}-{slug}'"},
	} {
		public := "https://bat.example.org"
		if c.name == "HTTP in the clear" {
			public = "http://bat.example.org"
		}
		file := writeFile(t, dir, "batsignal.yaml", "state_dir: state\nweb: {public_url: '"+public+"'}\nirc: [{id: libera, server: 'h:1', home: '#a'}]\nslack:\n  - "+c.slack+"\n", 0o600)
		r := shell(t, dir, "config", "check", "--config", file)
		shown := shell(t, dir, "config", "show", "--config", file)
		if strings.Contains(r.stdout+r.stderr+shown.stdout+shown.stderr, "canary-xq7") && c.name != "the token as a name of a file" {
			t.Errorf("%s: the token was printed: %s %s", c.name, r, shown)
		}
		if c.want == "" {
			if r.status != exitOK || !strings.Contains(shown.stdout, "acme") {
				t.Errorf("%s: %s", c.name, r)
			}
			continue
		}
		wants := strings.Split(c.want, "|")
		if r.status != exitUsage {
			t.Errorf("%s: exit status %d, want %d", c.name, r.status, exitUsage)
		}
		if n := strings.Count(r.stderr, "slack["); n < len(wants) || len(wants) == 1 && strings.Contains(r.stderr, "problems:") {
			t.Errorf("%s: %d problems, want %d: %s", c.name, n, len(wants), r)
		}
		for _, want := range wants {
			if !strings.Contains(r.stderr, want) {
				t.Errorf("%s: no %q: %s", c.name, want, r)
			}
		}
	}
}
