package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"strings"

	"batsignal/bot"
	"batsignal/bot/irc"
	"batsignal/bot/slack"
	"batsignal/incidents"
	"batsignal/integrations/mail"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// This file turns what an operator wrote into what the parts take.

func rolesOf(c Config) []oncall.Role {
	roles := make([]oncall.Role, 0, len(c.Roles))
	for _, r := range c.Roles {
		roles = append(roles, oncall.Role{Name: r.Name, Title: r.Title, Leads: r.Leads, PatienceSev1: r.PatienceSev1, Patience: r.Patience})
	}
	return roles
}

func guardOf(c Config) incidents.Guard {
	g := incidents.DefaultGuard()
	g.Confirmations, g.Window, g.Period = c.Guard.Confirmations, c.Guard.Window, c.Guard.Period
	g.PerPerson, g.PerOrganisation = c.Guard.PerPerson, c.Guard.PerOrganisation
	return g
}

func aliasesOf(c Config) map[string]string {
	aliases := map[string]string{}
	for _, a := range c.Commands.Aliases {
		aliases[a.Alias] = a.Means
	}
	return aliases
}

func mailOf(c Config) mail.Config {
	m := mail.Config{
		Host: c.Mail.Host, Port: c.Mail.Port, TLS: c.Mail.TLS, ServerName: c.Mail.ServerName,
		Username: c.Mail.Username, Password: c.Mail.Password, From: c.Mail.From, Prefix: c.Commands.Prefix,
		ReplyTo: c.Inbox.Address, BounceTo: c.Inbox.Address, Secret: c.Inbox.Secret,
	}
	m.RootCAs = poolOf(c.Mail.CAFile)
	return m
}

// poolOf reads a file of certificate authorities; the configuration check has seen
// that it can be read. An empty name is nil: the system's.
func poolOf(file string) *x509.CertPool {
	if file == "" {
		return nil
	}
	pool := x509.NewCertPool()
	if pem, err := os.ReadFile(file); err == nil { // #nosec G304 -- the operator names it, in the configuration
		pool.AppendCertsFromPEM(pem)
	}
	return pool
}

// placesOf makes a door for each configured network. Without connect, the places
// are only known, as in a process that runs one command.
func placesOf(c Config, connect bool, log *slog.Logger) ([]place, error) {
	var places []place
	for _, n := range c.IRC {
		at := place{id: n.ID, home: strings.ToLower(n.Home), rooms: strings.ToLower(n.IncidentRoom), closeAfter: n.LeaveAfter}
		if connect {
			door, err := ircDoor(n, log)
			if err != nil {
				return nil, err
			}
			at.network = door
		}
		places = append(places, at)
	}
	for _, n := range c.Slack {
		at := place{id: n.ID, home: n.Home, rooms: n.IncidentRoom, closeAfter: n.ArchiveAfter, summaries: true}
		if connect {
			at.make = func(db pg.DB, inc *incidents.Service) (bot.Network, error) { return slackDoor(c, n, db, inc, log) }
		}
		places = append(places, at)
	}
	return places, nil
}

func slackDoor(c Config, n slackConfig, db pg.DB, inc *incidents.Service, log *slog.Logger) (*slack.Door, error) {
	return slack.New(slack.Config{
		Name: n.ID, BotToken: n.BotToken, AppToken: n.AppToken, SigningSecret: n.SigningSecret, APIURL: n.APIURL,
		Rooms: append([]string{n.Home}, n.Rooms...), Fallback: n.FallbackRoom,
		Prefix: c.Commands.Prefix, SlashPrefix: n.SlashPrefix, Emergency: c.Commands.Emergency,
		DB: db, Incidents: inc, PublicURL: c.Web.PublicURL,
		Pace: slack.Pace{Burst: n.Burst, PerSecond: n.MessagesPerSecond}, Log: log,
	})
}

// ircDoor is a network that the bot is on.
func ircDoor(n ircConfig, log *slog.Logger) (*irc.Door, error) {
	config, err := ircConfigOf(n, log)
	if err != nil {
		return nil, err
	}
	return irc.New(config)
}

// ircEar is a network where the switchboard listens, and says nothing.
func ircEar(n ircConfig, log *slog.Logger) (*irc.Ear, error) {
	config, err := ircConfigOf(n, log)
	if err != nil {
		return nil, err
	}
	return irc.NewEar(config)
}

func ircConfigOf(n ircConfig, log *slog.Logger) (irc.Config, error) {
	config := irc.Config{
		Name: n.ID, Server: n.Server, TLS: n.TLS, ServerName: n.ServerName, RootCAs: poolOf(n.CAFile),
		Nick: n.Nick, User: n.User, RealName: n.RealName,
		Pace: irc.Pace{Burst: n.Burst, PerSecond: n.LinesPerSecond}, Log: log,
	}
	if n.SASL.Mechanism != "none" {
		config.Account, config.Password = n.SASL.Account, n.SASL.Password
	}
	if n.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(n.CertFile, n.KeyFile)
		if err != nil {
			return config, fault.Wrap(fault.Invalid, err, "irc %s: the certificate in cert_file and the key in key_file do not belong together, or cannot be read.", n.ID)
		}
		config.Certificate = &pair
	}
	for _, room := range append([]string{n.Home}, n.Rooms...) {
		if room != "" {
			config.Rooms = append(config.Rooms, strings.ToLower(room))
		}
	}
	return config, nil
}

// whoWords says for people whom a list of the configuration means.
func whoWords(list []string) string {
	words := make([]string, 0, len(list))
	for _, entry := range list {
		switch {
		case entry == "@roster":
			entry = "everybody on the roster"
		case entry == "@known":
			entry = "everybody I know"
		case strings.HasPrefix(entry, "role:"):
			entry = "whoever can be rung for " + strings.TrimPrefix(entry, "role:")
		}
		words = append(words, entry)
	}
	if len(words) == 0 {
		return "nobody, as configured"
	}
	return strings.Join(words, ", ")
}

func lower(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, strings.ToLower(s))
	}
	return out
}

// quiet is a log that lets only warnings pass: River tells of every start and stop
// of its own parts.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(atLeast{log.Handler(), slog.LevelWarn}) }

type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}

func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.level}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}
