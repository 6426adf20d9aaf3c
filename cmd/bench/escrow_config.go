package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/oncall/custody"
)

// earNick listens for the switchboard.
const earNick = "swbear"

// exchangeConfig is what an operator would write for the bot and for the switchboard, in
// two directories.
type exchangeConfig struct {
	dir    string
	slow   bool // the bot talks as public networks bear it; else as fast as it can
	irc    *irctest.Network
	phones *twiliofake.Fake

	web, botAt, boardAt, pagesAt, inboundAt string // addresses, host:port
	bot, owner, board                       string // logins to the database
	botPin, boardPin                        string
}

func (c exchangeConfig) botDir() string    { return filepath.Join(c.dir, "bot") }
func (c exchangeConfig) boardDir() string  { return filepath.Join(c.dir, "switchboard") }
func (c exchangeConfig) botFile() string   { return filepath.Join(c.botDir(), "batsignal.yaml") }
func (c exchangeConfig) boardFile() string { return filepath.Join(c.boardDir(), "switchboard.yaml") }

// Who confirms is on no roster here, so that nobody is rung by chat. Everything else is as it comes, but for how often the signal may be lit.
var botText = template.Must(template.New("bot").Parse(`state_dir: '{{.State}}'
web: {listen: '{{.Web}}'}
log: {level: warn}
database: {url: '{{.Bot}}', owner_url: '{{.Owner}}'}
irc:
  - id: {{.Network}}
    server: {{.Server}}
    ca_file: {{.CA}}
    nick: {{.Nick}}
    sasl: {mechanism: plain, account: {{.Nick}}, password_file: irc-password}
    home: '{{.Home}}'
{{- if not .Slow}}
    burst: 1000
    lines_per_second: 1000
{{- end}}
admins: [{{.Network}}/{{.Asker}}]
webhook: {secret_file: webhook-secret, allow_networks: [127.0.0.1/32]}
guard: {per_person: 1000000, per_organisation: 1000000, may_fire: ['@known'], may_confirm: ['@known']}
switchboard: {url: 'https://{{.BoardAt}}', peer: '{{.BoardPin}}', listen: '{{.BotAt}}', pages: 'http://{{.PagesAt}}'}
`))

var boardText = template.Must(template.New("switchboard").Parse(`state_dir: '{{.BoardDir}}'
log: {level: info}
database: {url: '{{.Board}}'}
irc:
  - id: {{.Network}}
    server: {{.Server}}
    ca_file: {{.CA}}
    nick: {{.Ear}}
    sasl: {mechanism: plain, account: {{.Ear}}, password_file: ear-password}
    home: '{{.Home}}'
inbound: {listen: '{{.InboundAt}}', public_url: 'http://{{.InboundAt}}'}
twilio: {account_sid: {{.SID}}, auth_token_file: twilio-token, from: '{{.From}}', base_url: '{{.Twilio}}'}
switchboard:
  run:
    listen: '{{.BoardAt}}'
    peer: '{{.BotPin}}'
    bots: ['https://{{.BotAt}}']
    pages: '{{.PagesAt}}'
    pages_url: 'http://{{.PagesAt}}'
    bot_accounts: [{{.Network}}/{{.Nick}}]
`))

// write makes the directories and the files.
func (c exchangeConfig) write() error {
	values := map[string]any{
		"State": filepath.Join(c.botDir(), "state"), "BoardDir": c.boardDir(), "Web": c.web, "Bot": c.bot, "Owner": c.owner, "Board": c.board,
		"Network": networkName, "Server": c.irc.Addr(), "CA": c.irc.CAFile(), "Nick": botNick, "Ear": earNick, "Home": homeRoom, "Asker": asker,
		"Slow": c.slow, "BotAt": c.botAt, "BoardAt": c.boardAt, "PagesAt": c.pagesAt, "InboundAt": c.inboundAt,
		"BotPin": c.botPin, "BoardPin": c.boardPin, "SID": c.phones.AccountSID(), "From": c.phones.From(), "Twilio": c.phones.URL(),
	}
	files := map[string]string{
		filepath.Join(c.botDir(), "irc-password"):   password(botNick),
		filepath.Join(c.botDir(), "webhook-secret"): signing,
		filepath.Join(c.boardDir(), "ear-password"): password(earNick),
		filepath.Join(c.boardDir(), "twilio-token"): c.phones.Token(),
	}
	for name, text := range map[string]*template.Template{c.botFile(): botText, c.boardFile(): boardText} {
		var out strings.Builder
		if err := text.Execute(&out, values); err != nil {
			return err
		}
		files[name] = out.String()
	}
	for _, dir := range []string{c.botDir(), c.boardDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// keys has both sides make their keys, as an operator does before the ceremony, and tell
// their pins and what the ceremony must know.
func (c *exchangeConfig) keys(ctx context.Context, b *bench) (bot, board custody.Host, err error) {
	for _, pin := range []*string{&c.botPin, &c.boardPin} {
		*pin = "sha256:" + strings.Repeat("0", 64) // not known yet
	}
	if err := c.write(); err != nil {
		return bot, board, err
	}
	if c.botPin, bot, err = b.hostOf(ctx, c.botFile(), custody.SideBot); err != nil {
		return bot, board, err
	}
	if c.boardPin, board, err = b.hostOf(ctx, c.boardFile(), custody.SideSwitchboard); err != nil {
		return bot, board, err
	}
	return bot, board, c.write()
}

// hostOf reads what the program tells of one side.
func (b *bench) hostOf(ctx context.Context, file string, side custody.Side) (pin string, h custody.Host, err error) {
	cmd := exec.CommandContext(ctx, b.binary, "escrow", "keys", "--config", file)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(file)}
	var trouble bytes.Buffer
	cmd.Stderr = &trouble
	out, err := cmd.Output()
	if err != nil {
		return "", h, fmt.Errorf("escrow keys: %w\n%s", err, trouble.String())
	}
	first, line, _ := strings.Cut(string(out), "\n")
	h, err = custody.ParseHost(line, side)
	return strings.TrimPrefix(first, "# pin: "), h, err
}
