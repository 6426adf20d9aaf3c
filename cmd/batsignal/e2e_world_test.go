package main

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/inbox/dovecottest"
	"batsignal/integrations/mail/mailtest"
	"batsignal/integrations/webhook/webhooktest"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/secret"
)

// The names that every configuration here has.
const (
	netID   = "testnet"
	botNick = "batsignal"
	home    = "#ops"
)

// world is what one installation lives in: a network, a mail server, a receiver
// of webhooks, and a directory with its configuration and state.
type world struct {
	t    *testing.T
	net  *irctest.Network
	mail *mailtest.Server
	sink *webhooktest.Sink

	dir    string
	config string // path of the configuration file
	web    string // "http://127.0.0.1:20123"

	own *pgtest.DB // nil with the private database

	passwords map[string]string // what must never be printed, by what it is
	bot       *process
	lookout   *irctest.Person // only looks who is where, see awaitBot
}

// plan says how a world differs from the usual one.
type plan struct {
	accounts []string // who has an account on the network
	network  irctest.Options
	roles    string // of the configuration, in YAML
	admins   string // accounts, with commas
	more     string // further configuration
	level    string // of the log; "" is debug
}

// newWorld starts the servers and writes the configuration; the bot is not started.
func newWorld(t *testing.T, p plan) *world {
	t.Helper()
	needPostgres(t)
	w := &world{t: t, dir: pgtest.Dir(t), passwords: map[string]string{}}
	prepare(t, w.state())
	for _, what := range []string{"irc", "smtp", "webhook"} {
		w.passwords[what] = what + "-" + rand.Text()
	}
	p.network.Accounts = map[string]string{botNick: w.passwords["irc"]}
	for _, name := range p.accounts {
		p.network.Accounts[name] = name + "-password"
	}
	w.net = irctest.Run(t, p.network)
	w.mail = mailtest.Start(t, mailtest.Options{Username: "batsignal", Password: w.passwords["smtp"]})
	w.sink = webhooktest.Start(t, secret.New(w.passwords["webhook"]))
	for what, password := range w.passwords {
		writeFile(t, w.dir, what+"-password", password+"\n", 0o600)
	}
	writeFile(t, w.dir, "mail-ca.pem", authorityOf(t, w.mail), 0o600)
	w.web = "http://" + freeAddress(t)
	w.writeConfig(p)
	return w
}

func (w *world) writeConfig(p plan) {
	w.t.Helper()
	if p.level == "" {
		p.level = "debug"
	}
	if p.admins == "" {
		p.admins = netID + "/root"
	}
	if p.roles == "" {
		p.roles = oneRole
	}
	w.config = writeFile(w.t, w.dir, "batsignal.yaml", strings.TrimSpace(fmt.Sprintf(`
state_dir: state
log: {level: %[1]s, format: json}
web: {listen: %[2]q}
irc:
  - id: %[3]s
    server: %[4]q
    ca_file: %[5]q
    nick: %[6]s
    sasl: {mechanism: plain, account: %[6]s, password_file: irc-password}
    home: '%[7]s'
    burst: 200
    lines_per_second: 500
mail:
  host: %[8]q
  port: %[9]d
  ca_file: mail-ca.pem
  username: batsignal
  password_file: smtp-password
  from: Batsignal <batsignal@example.org>
webhook: {secret_file: webhook-password, allow_networks: [127.0.0.0/8]}
admins: [%[10]s]
roles:
%[11]s
%[12]s
`, p.level, strings.TrimPrefix(w.web, "http://"), netID, w.net.Addr(), w.net.CAFile(), botNick, home,
		w.mail.Host, w.mail.Port, p.admins, p.roles, p.more))+"\n", 0o600)
}

// oneRole is enough where roles are not what a test is about.
const oneRole = `  - {name: coordination, leads: true, patience_sev1: 1h, patience: 1h}`

// What the nights have in which somebody is needed: two roles, and a signal that anybody
// who is known may light.
const (
	twoRoles = oneRole + `
  - {name: package-fixing, patience_sev1: 1h, patience: 1h}`
	anybodyLights = `
roster: {join: open}
guard: {confirmations: 1, may_fire: ["@known"], may_confirm: ["@known"]}
`
)

// start starts the bot; it returns when the web pages say that it is ready.
func (w *world) start() {
	w.t.Helper()
	w.bot = begin(w.t, w.dir, "serve", "--config", w.config)
	w.awaitReady()
}

func (w *world) awaitReady() {
	w.t.Helper()
	eventually(w.t, "the bot to be ready", func() bool {
		if w.bot.ended() {
			w.t.Fatalf("the bot ended by itself:\n%s", w.bot.output())
		}
		status, _ := w.get("/readyz")
		return status == 200
	}, w.bot.output)
}

// cli runs a command of the shell with the world's configuration.
func (w *world) cli(args ...string) result {
	w.t.Helper()
	return shell(w.t, w.dir, append(args, "--config", w.config)...)
}

// must runs a command that has to succeed, and returns what it printed.
func (w *world) must(args ...string) string {
	w.t.Helper()
	r := w.cli(args...)
	if r.status != exitOK {
		w.t.Fatalf("batsignal %s: %s", strings.Join(args, " "), r)
	}
	return r.stdout
}

// givenAddresses are not given twice: who got one listens there later.
var givenAddresses sync.Map

// freeAddress is a free port of this machine, below those that systems give to
// outgoing connections: nobody takes it before the bot does.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		n, err := rand.Int(rand.Reader, big.NewInt(9000))
		if err != nil {
			t.Fatal(err)
		}
		address := fmt.Sprintf("127.0.0.1:%d", 10000+n.Int64())
		if _, taken := givenAddresses.LoadOrStore(address, true); taken {
			continue
		}
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no free port on the loopback")
	return ""
}

// shownBy is the certificate of a server, as an operator would save it.
func shownBy(state tls.ConnectionState) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: state.PeerCertificates[0].Raw}))
}

// authorityOf is the certificate of a mail server.
func authorityOf(t *testing.T, s *mailtest.Server) string {
	t.Helper()
	c, err := smtp.Dial(fmt.Sprintf("%s:%d", s.Host, s.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.StartTLS(&tls.Config{ServerName: "mail.test", RootCAs: s.RootCAs()}); err != nil {
		t.Fatal(err)
	}
	state, _ := c.TLSConnectionState()
	return shownBy(state)
}

// authorityOfBox is that of a mailbox.
func authorityOfBox(t *testing.T, s *dovecottest.Server) string {
	t.Helper()
	c, err := tls.Dial("tcp", fmt.Sprintf("%s:%d", s.Host, s.TLS), &tls.Config{ServerName: s.Host, RootCAs: s.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return shownBy(c.ConnectionState())
}

// state is a path inside the state directory.
func (w *world) state(path ...string) string {
	return filepath.Join(append([]string{w.dir, "state"}, path...)...)
}

// read returns a file as text, "" if there is none.
func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}
