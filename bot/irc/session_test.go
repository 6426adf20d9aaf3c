package irc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"batsignal/bot"
	"batsignal/bot/irc/irctest"
	"batsignal/oncall/secret"
)

func TestWrongLoginsAreRefusedAndSaidSo(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts})
	cases := []struct {
		name string
		edit func(*Config)
		says string
	}{
		{"wrong password", func(c *Config) { c.Password = secret.New("wrong") }, "refused the login to account batsignal"},
		{"unknown authority", func(c *Config) { c.RootCAs = nil }, "cannot prove that it is 127.0.0.1"},
		{"another name", func(c *Config) { c.ServerName = "irc.example.org" }, "cannot prove that it is irc.example.org"},
		{"nobody there", func(c *Config) { c.Server = "127.0.0.1:1" }, "cannot be reached"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := open(t, n, c.edit)
			until(t, c.says, func() bool { return contains(w.Check(), c.says) })
			for _, err := range []error{
				w.Say(w.ctx(), "#ops", bot.Message{Text: "x"}), w.Direct(w.ctx(), "maria", bot.Message{Text: "x"}), w.open(w.ctx(), "#x", ""),
				w.SetTopic(w.ctx(), "#x", ""), w.Invite(w.ctx(), "#x", "maria"), looked(w),
			} {
				if !errors.Is(err, bot.ErrOffline) {
					t.Fatalf("offline: %v", err)
				}
			}
		})
	}
}

func looked(w *tester) error {
	_, err := w.Look(w.ctx(), "#x")
	return err
}

func TestAServerThatDoesNotSpeakTLS(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{}) // it waits for more, and so would we
	d, err := New(Config{Name: "testnet", Server: n.PlainAddr(), TLS: true, RootCAs: n.RootCAs(), Nick: "batsignal"})
	if err != nil {
		t.Fatal(err)
	}
	d.dialPatience = 300 * time.Millisecond
	w := start(t, d)
	until(t, "the failure to be told", func() bool { return contains(w.Check(), "cannot prove that it is 127.0.0.1") })
}

func TestLoginByCertificate(t *testing.T) {
	t.Parallel()
	cert := certificate(t)
	sum := sha256.Sum256(cert.Certificate[0])
	n := irctest.Run(t, irctest.Options{
		Accounts: accounts, Fingerprints: map[string]string{"batsignal": hex.EncodeToString(sum[:])},
	})
	w := open(t, n, func(c *Config) { c.Password, c.Certificate = secret.Text{}, cert })
	w.ready()
	stranger := open(t, n, func(c *Config) { c.Nick, c.Password, c.Certificate = "stranger", secret.Text{}, certificate(t) })
	until(t, "a refusal", func() bool { return contains(stranger.Check(), "refused the login") })
}

func TestServicesThatAreDown(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts})
	n.StopServices()
	strict := open(t, n)
	lax := open(t, n, func(c *Config) { c.Nick, c.OptionalSASL, c.Silence = "lax", true, time.Second })
	until(t, "the strict one to say why", func() bool { return contains(strict.Check(), "did not offer a login") })
	until(t, "the lax one to be there", func() bool { return contains(lax.Check(), "not identified as account batsignal") })
	if err := n.StartServices(); err != nil {
		t.Fatal(err)
	}
	strict.ready()
	lax.ready() // noticed by itself that the login is offered again
}

func TestTheServerDies(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts})
	w := open(t, n)
	w.ready()
	w.must(w.open(w.ctx(), "#inc-1", "first"))
	n.Kill()
	until(t, "the loss to be noticed", func() bool { return contains(w.Check(), "Not connected") })
	if err := w.Say(w.ctx(), "#ops", bot.Message{Text: "lost"}); !errors.Is(err, bot.ErrOffline) {
		t.Fatalf("Say while the server is dead: %v", err)
	}
	if err := n.Restart(); err != nil {
		t.Fatal(err)
	}
	w.ready() // that includes the room that was opened later
	maria := n.Person(t, "maria", "maria", "maria-pass")
	maria.Join("#ops")
	w.must(w.Say(w.ctx(), "#ops", bot.Message{Text: "back again"}))
	maria.Expect("#ops", "back again")
	maria.ExpectNot("#ops", "lost")
}

func TestTheNickIsTaken(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts})
	thief := n.Person(t, "batsignal", "", "")
	w := open(t, n)
	until(t, "our own nick", func() bool { s := w.online(); return s != nil && s.nickname() == "batsignal" })
	thief.Forget()
	w.ready()

	// Without a login nobody gives the nick back but its holder.
	holder := n.Person(t, "guest", "", "")
	guest := open(t, n, func(c *Config) { c.Nick, c.Account, c.Password = "guest", "", secret.Text{} })
	guest.ready()
	if nick := guest.online().nickname(); nick != "guest-2" {
		t.Fatalf("the nick is %q", nick)
	}
	holder.Join("#ops") // so that we see it go
	holder.Quit()
	until(t, "our own nick", func() bool { return guest.online().nickname() == "guest" })
}

func TestKickedAndKilled(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts})
	maria := n.Person(t, "maria", "maria", "maria-pass")
	maria.Join("#ops")
	w := open(t, n)
	w.ready()
	maria.Raw("KICK #ops batsignal :out")
	until(t, "the kick to be noticed", func() bool { return contains(w.Check(), "kicked out by maria") })
	w.ready()
	maria.Raw("MODE #ops +b *!*@*")
	maria.Raw("KICK #ops batsignal :out")
	until(t, "the ban to be told", func() bool { return contains(w.Check(), "#ops (The network refused it: Cannot join channel") })
	maria.Raw("MODE #ops -b *!*@*")
	w.ready()
	if err := n.Oper("KILL batsignal :begone"); err != nil {
		t.Fatal(err)
	}
	until(t, "the kill to be noticed", func() bool { return contains(w.Check(), "Not connected") })
	w.ready()
}

func TestGoodbye(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts})
	maria := n.Person(t, "maria", "maria", "maria-pass")
	maria.Join("#ops")
	w := open(t, n)
	w.ready()
	w.stop()
	maria.ExpectRaw("the goodbye", func(l irctest.Line) bool { return l.Command == "QUIT" && l.Nick == "batsignal" })
	if err := w.Say(w.ctx(), "#ops", bot.Message{Text: "x"}); !errors.Is(err, bot.ErrOffline) {
		t.Fatalf("Say after the end: %v", err)
	}
}

func TestConfigurationsThatCannotWork(t *testing.T) {
	good := Config{Name: "x", Server: "irc.example.org:6697", TLS: true, Nick: "batsignal", Account: "batsignal", Password: secret.New("p")}
	cases := []struct {
		says string
		edit func(*Config)
	}{
		{"host:port", func(c *Config) { c.Server = "irc.example.org" }},
		{"needs a name", func(c *Config) { c.Name = "" }},
		{"cannot be a nick", func(c *Config) { c.Nick = "7up" }},
		{"cannot be a user name", func(c *Config) { c.User = "a b" }},
		{"no account", func(c *Config) { c.Account = "" }},
		{"needs a password", func(c *Config) { c.Password = secret.Text{} }},
		{"Turn TLS on", func(c *Config) { c.TLS = false }},
		{"too long", func(c *Config) { c.Password = secret.New(string(make([]byte, 300))) }},
		{"cannot be a room", func(c *Config) { c.Rooms = []string{"ops"} }},
	}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		cfg := good
		c.edit(&cfg)
		_, err := New(cfg)
		wantSay(t, err, c.says)
	}
}

func contains(err error, part string) bool { return err != nil && strings.Contains(err.Error(), part) }

// certificate makes a client certificate that signs itself.
func certificate(t *testing.T) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
