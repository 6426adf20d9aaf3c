package main

import (
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"batsignal/bot/irc/irctest"
	"batsignal/bot/slack/slackfake"
)

// Who takes part.
const (
	networkName   = "testnet"
	workspaceName = "acme"
	homeRoom      = "#ops"
	botNick       = "batsignal"
	asker         = "alice"
	confirmer     = "bob"
)

func password(account string) string { return account + "-pass" }

// signing signs webhooks between the program and the sink.
const signing = "a secret for the bench only"

// config is what an operator would write, and where. It has one chat network.
type config struct {
	dir    string // of the configuration, its secrets, the state and the log
	listen string
	irc    *irctest.Network
	slack  *slackfake.Server
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
{{- if .Server}}
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
admins: [{{.Network}}/{{.Asker}}]
{{- end}}
{{- if .API}}
slack:
  - id: {{.Workspace}}
    bot_token_file: slack-bot-token
    app_token_file: slack-app-token
    home: '{{.Home}}'
    api_url: {{.API}}
    burst: 1000
    messages_per_second: 1000
admins: [{{.Workspace}}/{{.Admin}}]
{{- end}}
webhook:
  secret_file: webhook-secret
  allow_networks: [127.0.0.1/32]
guard:
  per_person: 1000000
  per_organisation: 1000000
`))

// write makes the directory and the files.
func (c config) write() error {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	values := map[string]string{
		"State": filepath.Join(c.dir, "state"), "Listen": c.listen, "URL": c.url, "Owner": c.owner,
		"Network": networkName, "Workspace": workspaceName, "Nick": botNick, "Home": homeRoom, "Asker": asker,
	}
	files := map[string]string{"webhook-secret": signing}
	if c.irc != nil {
		values["Server"], values["CA"] = c.irc.Addr(), c.irc.CAFile()
		files["irc-password"] = password(botNick)
	}
	if c.slack != nil {
		values["API"], values["Admin"] = c.slack.APIURL(), c.slack.TeamID()+"/"+c.slack.User(asker).ID
		files["slack-bot-token"], files["slack-app-token"] = c.slack.BotToken(), c.slack.AppToken()
	}
	var text strings.Builder
	if err := configText.Execute(&text, values); err != nil {
		return err
	}
	files["batsignal.yaml"] = text.String()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}
