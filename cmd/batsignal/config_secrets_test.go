package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const canary = "hunter2-canary-longer-than-16"

func TestSecretsAreReadFromFilesBesideTheConfiguration(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	writeFile(t, dir, "irc-password", canary+"\n", 0o600)
	writeFile(t, dir, "mail-password", canary+"\n", 0o640)
	file := writeFile(t, dir, "batsignal.yaml", `
irc: [{id: a, server: "h:1", home: "#a", sasl: {mechanism: plain, account: bat, password_file: irc-password}}]
mail: {host: h, from: a@example.org, username: bat, password_file: mail-password}
`, 0o644)
	l, err := loadConfig(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l.IRC[0].SASL.Password.Reveal() != canary || l.Mail.Password.Reveal() != canary {
		t.Error("a password was not read")
	}
	if want := filepath.Join(dir, "mail-password"); l.Mail.PasswordFile != want {
		t.Errorf("the file is %s, want %s", l.Mail.PasswordFile, want)
	}
}

func TestServiceCredentialsComeFirst(t *testing.T) {
	alone(t)
	credentials, dir := t.TempDir(), t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	writeFile(t, credentials, "database-url", "postgres://bot:"+canary+"@db/batsignal\n", 0o400)
	writeFile(t, dir, "database-url", "postgres://other@db/batsignal\n", 0o600)
	writeFile(t, dir, "webhook-secret", canary, 0o600)
	file := writeFile(t, dir, "batsignal.yaml", "database: {url_file: database-url}\nwebhook: {secret_file: webhook-secret}\n", 0o644)
	l, err := loadConfig(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(l.Database.URL.Reveal(), canary) {
		t.Error("the credential was not preferred")
	}
	if l.Webhook.Secret.Reveal() != canary {
		t.Error("the neighbouring file was not found")
	}
}

func TestSecretsThatAreNotSafeAreRefused(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	open := writeFile(t, dir, "open", canary, 0o644)
	short := writeFile(t, dir, "short", "abc", 0o600)
	empty := writeFile(t, dir, "empty", "\n", 0o600)
	for _, c := range []struct {
		name, text, want string
		mode             os.FileMode
	}{
		{"a file for everybody", "webhook: {secret_file: open}", "webhook.secret_file: everybody on this machine may read " + open + "; run: chmod 600 " + open, 0o600},
		{"an empty file", "webhook: {secret_file: empty}", "webhook.secret_file: " + empty + " is empty; write the secret into it", 0o600},
		{"a guessable secret", "webhook: {secret_file: short}", "webhook.secret_file: holds fewer than 16 characters; write a new one: openssl rand -hex 32 > " + short, 0o600},
		{"no certificate", "mail: {ca_file: open}", "mail.ca_file: " + open + " holds no certificate; it must begin with -----BEGIN CERTIFICATE-----", 0o600},
		{"a directory", "webhook: {secret_file: .}", "webhook.secret_file: " + dir + " is a directory; name a file", 0o600},
		{"a key for everybody", "irc: [{id: a, server: 'h:1', home: '#a', cert_file: open, key_file: open}]", "irc[0].key_file: everybody on this machine may read " + open + "; run: chmod 600 " + open, 0o600},
		{"twice", "database: {url: 'postgres://a@h/d', url_file: open}", "database.url: is given twice; keep either it or database.url_file", 0o600},
		{"inline for everybody", "database: {url: 'postgres://a:" + canary + "@h/d'}", "database.url: holds a password, and everybody on this machine may read the file; run: chmod 600 FILE", 0o644},
		{"inline in words", "database: {url: 'host=h password=" + canary + "'}", "database.url: holds a password, and everybody on this machine may read the file; run: chmod 600 FILE", 0o644},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := writeFile(t, dir, "batsignal.yaml", c.text, c.mode)
			_, err := loadConfig(file, nil)
			got := strings.ReplaceAll(fmt.Sprint(err), file, "FILE")
			if want := "Configuration: " + c.want + " (FILE:1)"; got != want {
				t.Errorf("got:  %s\nwant: %s", got, want)
			}
			if strings.Contains(got, canary) {
				t.Error("the error shows the secret")
			}
		})
	}
}

func TestAPasswordInlineIsFineWhereNobodyElseReadsIt(t *testing.T) {
	alone(t)
	l, err := loadText(t, "database: {url: 'postgres://a:"+canary+"@h/d'}")
	if err != nil || l.Database.URL.Empty() {
		t.Errorf("the private file: %v", err)
	}
	t.Setenv("BATSIGNAL_DATABASE_URL", "postgres://a:"+canary+"@h/d")
	if l, err = loadConfig("", nil); err != nil || l.Database.URL.Empty() {
		t.Errorf("the variable: %v", err)
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	writeFile(t, dir, "pw", canary, 0o600)
	l, err := loadConfig(writeFile(t, dir, "batsignal.yaml", `
database: {url: "postgres://a:`+canary+`@h/d", owner_url: "postgres://o:`+canary+`@h/d"}
mail: {host: h, from: a@example.org, username: bat, password_file: pw}
webhook: {secret_file: pw}
irc: [{id: a, server: "h:1", home: "#a", sasl: {mechanism: plain, account: bat, password_file: pw}}]
`, 0o600), nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&out, verb, l)
		fmt.Fprintf(&out, verb, &l.Config)
	}
	if err := json.NewEncoder(&out).Encode(l.Config); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("config", "config", l.Config)
	if err := writeConfig(&out, l); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), canary) {
		t.Errorf("a secret was printed:\n%s", out.String())
	}
	if !strings.Contains(out.String(), "\n  url: (secret)") {
		t.Error("config show does not tell that there is a database address")
	}
}
