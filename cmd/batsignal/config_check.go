package main

import (
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"batsignal/oncall/secret"
)

// check finds every value that cannot work.
func (l *loaded) check() problems {
	var found problems
	c := &l.Config
	if c.StateDir == "" {
		found.add("state_dir", "this machine does not say where your home directory is; set it, or give --state-dir")
	}
	c.Database.check(&found)
	c.Web.check(&found)
	oneOf(&found, "log.level", c.Log.Level, "debug", "info", "warn", "error")
	oneOf(&found, "log.format", c.Log.Format, "auto", "text", "json")
	c.Commands.check(&found)
	seen := map[string]bool{}
	checkIRC(&found, c.IRC, seen)
	checkSlack(&found, c.Slack, c.Web.PublicURL, seen)
	c.Mail.check(&found)
	c.Webhook.check(&found)
	c.checkPaging(&found)
	c.checkSwitchboard(&found)
	c.Alerts.check(&found)
	checkRoles(&found, c.Roles)
	c.Guard.check(&found, c.Roles)
	checkAdmins(&found, c.Admins, c)
	between(&found, "baton.absent_after", c.Baton.AbsentAfter, time.Second, 24*time.Hour)
	between(&found, "baton.patience", c.Baton.Patience, time.Second, 24*time.Hour)
	oneOf(&found, "roster.join", c.Roster.Join, "approved", "open")
	between(&found, "roster.remind_ahead", c.Roster.RemindAhead, 0, 14*24*time.Hour)
	c.Minutes.check(&found, c)
	c.Components.check(&found, c)
	c.Jobs.check(&found, c)
	return found
}

func (d databaseConfig) check(found *problems) {
	checkDatabaseURL(found, "database.url", d.URL)
	checkDatabaseURL(found, "database.owner_url", d.OwnerURL)
	if d.URL.Empty() && !d.OwnerURL.Empty() {
		found.add("database.owner_url", "is given without database.url; set that too, or neither for a private Postgres")
	}
	if d.PGBinDir == "" {
		return
	}
	if _, err := os.Stat(filepath.Join(d.PGBinDir, "postgres")); err != nil {
		found.add("database.pg_bindir", "there is no program postgres in %s; leave it empty to use the newest installed version", d.PGBinDir)
	}
}

// checkDatabaseURL never repeats the address: it may hold a password.
func checkDatabaseURL(found *problems, key string, address secret.Text) {
	if address.Empty() {
		return
	}
	if _, err := pgconn.ParseConfig(address.Reveal()); err != nil {
		found.add(key, "is not an address of a Postgres; write postgres://ROLE@HOST/DATABASE")
	}
}

// holdsPassword tells whether an address, as a URL or as key=value words, gives
// a password. It also says yes to what it cannot understand.
func holdsPassword(address secret.Text) bool {
	u, err := url.Parse(address.Reveal())
	if err != nil || u.Scheme == "" {
		return err != nil || strings.Contains(address.Reveal(), "password")
	}
	_, given := u.User.Password()
	return given || u.Query().Has("password")
}

func (w webConfig) check(found *problems) {
	if checkHostPort(found, "web.listen", w.Listen, "127.0.0.1:8373") {
		host, _, _ := net.SplitHostPort(w.Listen)
		if address, err := netip.ParseAddr(host); host == "" || err == nil && address.IsUnspecified() {
			if w.PublicURL == "http://"+w.Listen {
				found.add("web.public_url", "set it: nobody can open a link to %s", w.Listen)
			}
		}
	}
	checkWebAddress(found, "web.public_url", w.PublicURL, "https://batsignal.example.org")
	checkOIDC(found, w.OIDC)
}

var commandWord = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

func (c commandsConfig) check(found *problems) {
	if c.Prefix == "" || len(c.Prefix) > 8 || strings.ContainsAny(c.Prefix, " \t\r\n") || strings.HasPrefix(c.Prefix, "/") {
		found.add("commands.prefix", "must be one to eight characters without spaces that do not begin with a slash, such as !")
	}
	if !commandWord.MatchString(c.Emergency) {
		found.add("commands.emergency", "must be one word of small letters, digits and hyphens, such as batsignal")
	}
	seen := map[string]bool{c.Emergency: true}
	for i, alias := range c.Aliases {
		at := entry("commands.aliases", i)
		if !commandWord.MatchString(alias.Alias) {
			found.add(at+"alias", "must be one word of small letters, digits and hyphens, such as inc")
		} else if seen[alias.Alias] {
			found.add(at+"alias", "%s is taken; choose another word", alias.Alias)
		}
		seen[alias.Alias] = true
		if strings.TrimSpace(alias.Means) == "" {
			found.add(at+"means", "must be a command, such as incident list")
		}
	}
}

func (m mailConfig) check(found *problems) {
	if m.Host == "" {
		return
	}
	oneOf(found, "mail.tls", m.TLS, "starttls", "tls", "none")
	if m.TLS == "none" && !isLoopback(m.Host) {
		found.add("mail.tls", "none would send pages in the clear to %s; use starttls or tls", m.Host)
	}
	if m.Port < 1 || m.Port > 65535 {
		found.add("mail.port", "must be between 1 and 65535")
	}
	if _, err := mail.ParseAddress(m.From); err != nil {
		found.add("mail.from", "must be a mail address, such as Batsignal <batsignal@example.org>")
	}
	if m.Username != "" && m.Password.Empty() {
		found.add("mail.password_file", "must name a file with the password of %s", m.Username)
	}
	if m.Username == "" && !m.Password.Empty() {
		found.add("mail.username", "must say whose password mail.password_file holds")
	}
}

func (w webhookConfig) check(found *problems) {
	const least = 16 // bytes; fewer can be guessed from one signed request
	if !w.Secret.Empty() && len(w.Secret.Reveal()) < least {
		found.add("webhook.secret_file", "holds fewer than %d characters; write a new one: openssl rand -hex 32 > %s", least, w.SecretFile)
	}
}

// Small judgements that several sections share.

func entry(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]." }

func oneOf(found *problems, key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		found.add(key, "must be one of: %s", strings.Join(allowed, ", "))
	}
}

func between(found *problems, key string, value, low, high time.Duration) {
	if value < low || value > high {
		found.add(key, "must be between %s and %s", inWords(low), inWords(high))
	}
}

func checkHostPort(found *problems, key, value, example string) bool {
	_, port, err := net.SplitHostPort(value)
	n, numErr := strconv.Atoi(port)
	if err != nil || numErr != nil || n < 0 || n > 65535 {
		found.add(key, "must be a host and a port, such as %s", example)
		return false
	}
	return true
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
