package main

import (
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"batsignal/bot/irc/irctest"
)

// Who takes part.
const (
	networkName = "testnet"
	homeRoom    = "#ops"
	botNick     = "batsignal"
	asker       = "alice"
	confirmer   = "bob"
)

func password(account string) string { return account + "-pass" }

// signing signs webhooks between the program and the sink.
const signing = "a secret for the bench only"

// config is what an operator would write, and where.
type config struct {
	dir    string // of the configuration, its secrets, the state and the log
	listen string
	irc    *irctest.Network
	// url and owner are a database of the operator's own; without them the program
	// starts its private one.
	url, owner string
}

func (c config) file() string { return filepath.Join(c.dir, "batsignal.yaml") }

// The limits are raised where they would end the bench: how often the signal may be
// lit, and how fast the bot may talk. Everything else is as it comes.
var configText = template.Must(template.New("config").Parse(`state_dir: {{.State}}
web:
  listen: {{.Listen}}
log:
  level: warn
{{- if .URL}}
database:
  url: {{.URL}}
  owner_url: {{.Owner}}
{{- end}}
irc:
  - id: {{.Network}}
    server: {{.Server}}
    ca_file: {{.CA}}
    nick: {{.Nick}}
    sasl:
      mechanism: plain
      account: {{.Nick}}
      password_file: irc-password
    home: '{{.Home}}'
    burst: 1000
    lines_per_second: 1000
webhook:
  secret_file: webhook-secret
  allow_networks: [127.0.0.1/32]
guard:
  per_person: 1000000
  per_organisation: 1000000
admins: [{{.Network}}/{{.Asker}}]
`))

// write makes the directory and the files.
func (c config) write() error {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	var text strings.Builder
	if err := configText.Execute(&text, map[string]string{
		"State": filepath.Join(c.dir, "state"), "Listen": c.listen, "URL": c.url, "Owner": c.owner,
		"Network": networkName, "Server": c.irc.Addr(), "CA": c.irc.CAFile(), "Nick": botNick, "Home": homeRoom, "Asker": asker,
	}); err != nil {
		return err
	}
	for name, content := range map[string]string{
		"batsignal.yaml": text.String(), "irc-password": password(botNick), "webhook-secret": signing,
	} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}
